/* SPDX-License-Identifier: MIT */
/* What is remembered of what sources said. */
#include "engine/sources.h"

bool sources_may_ask(const struct sources *sources, unsigned index, struct slice debug_file)
{
	const struct source_rules *rules = &sources->rules[index];

	return !filter_matches(sources->blacklist, debug_file) &&
	       !filter_matches(rules->blacklist, debug_file) &&
	       (rules->whitelist == NULL || filter_matches(rules->whitelist, debug_file));
}

unsigned sources_memory_s(const struct upstream_source *source, const struct upstream_result *result)
{
	enum { CONTENT_S = 3600, DENIED_S = 60, FAILURE_S = 30 };

	switch (result->cause) {
	case UPSTREAM_CAUSE_ABSENT:
		return source->absent_s;
	case UPSTREAM_CAUSE_CONTENT:
		return CONTENT_S;
	case UPSTREAM_CAUSE_DENIED:
		return DENIED_S;
	case UPSTREAM_CAUSE_TRANSPORT:
	case UPSTREAM_CAUSE_SERVER:
		return FAILURE_S;
	case UPSTREAM_CAUSE_BUSY:
		return (unsigned)result->retry_after_s;
	default:
		/* what is wrong here says nothing of the source; who is left alone is known by the breaker */
		return 0;
	}
}

static bool says_absent(const struct store_absent *entry)
{
	return entry->cause == UPSTREAM_CAUSE_ABSENT || entry->cause == UPSTREAM_CAUSE_CONTENT;
}

enum sources_word sources_said(const struct upstream_source *source, const struct store_absent *entries,
			       int count)
{
	for (int i = 0; i < count; i++)
		if (entries[i].source == source->identity)
			return says_absent(&entries[i]) ? SOURCES_ABSENT : SOURCES_UNKNOWN;
	return SOURCES_SILENT;
}

enum sources_word sources_remembered(const struct sources *sources, const struct state *state,
				     struct slice debug_file, const struct store_absent *entries, int count)
{
	enum sources_word all = SOURCES_ABSENT;

	for (unsigned i = 0; i < sources->count; i++) {
		enum sources_word word;

		if (!sources_may_ask(sources, i, debug_file))
			continue;
		word = sources_said(&sources->items[i], entries, count);
		if (word == SOURCES_SILENT && upstream_is_left_alone(state, &sources->items[i]))
			word = SOURCES_UNKNOWN;
		if (word == SOURCES_SILENT)
			return word;
		if (word == SOURCES_UNKNOWN)
			all = word;
	}
	return all;
}
