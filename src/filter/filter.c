/* SPDX-License-Identifier: MIT */
/* Blacklists and whitelists by PCRE2. */
#include "filter/filter.h"

#include "base/mem.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps and nesting of one match: patterns are the operator's, names anybody's. */
enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000 };

struct filter {
	pcre2_code **codes;
	unsigned count;
	pcre2_match_context *limits;
	pcre2_match_data *match;
};

static pcre2_code *compile(const char *pattern, struct err *err)
{
	unsigned char reason[160];
	PCRE2_SIZE place;
	int number;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_ANCHORED | PCRE2_CASELESS,
					 &number, &place, NULL);

	if (code)
		return code;
	pcre2_get_error_message(number, reason, sizeof(reason));
	err_set(err, ERR_INPUT, "pattern \"%.200s\": %s at character %zu", pattern, (const char *)reason, place + 1);
	return NULL;
}

int filter_new(struct filter **ret, const char *const *patterns, unsigned count, struct err *err)
{
	struct filter *filter = mem_zalloc(sizeof(*filter));

	filter->codes = mem_calloc(count, sizeof(pcre2_code *));
	filter->limits = pcre2_match_context_create(NULL);
	filter->match = pcre2_match_data_create(1, NULL);
	if (filter->limits == NULL || filter->match == NULL) {
		filter_free(filter);
		return err_set(err, ERR_SYSTEM, "out of memory");
	}
	pcre2_set_match_limit(filter->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(filter->limits, DEPTH_LIMIT);
	for (; filter->count < count; filter->count++) {
		filter->codes[filter->count] = compile(patterns[filter->count], err);
		if (filter->codes[filter->count] == NULL) {
			filter_free(filter);
			return -1;
		}
	}
	*ret = filter;
	return 0;
}

void filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	for (unsigned i = 0; i < filter->count; i++)
		pcre2_code_free(filter->codes[i]);
	pcre2_match_data_free(filter->match);
	pcre2_match_context_free(filter->limits);
	free(filter->codes);
	free(filter);
}

bool filter_matches(const struct filter *filter, struct slice name)
{
	for (unsigned i = 0; filter && i < filter->count; i++)
		if (pcre2_match(filter->codes[i], (PCRE2_SPTR)name.data, name.len, 0, 0, filter->match,
				filter->limits) >= 0)
			return true;
	return false;
}
