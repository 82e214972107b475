/* SPDX-License-Identifier: MIT */
/* Requests to POST /: Snappy's order of validation, its versions, its services and its debug protocol. */
#include "protocol/decode.h"

#include "base/num.h"

/* What counts at the top besides stacks and memoryMap.  The kind VALUE_NONE is "not there". */
struct top_level {
	struct value version, debug, action, lib_name, breakpad_id, offset;
	bool has_enabled, enabled;
};

static const struct {
	const char *key;
	size_t place;
} top_members[] = {
	{"version", offsetof(struct top_level, version)},
	{"debug", offsetof(struct top_level, debug)},
	{"action", offsetof(struct top_level, action)},
	{"libName", offsetof(struct top_level, lib_name)},
	{"breakpadId", offsetof(struct top_level, breakpad_id)},
	{"offset", offsetof(struct top_level, offset)},
};

static struct value *find_member(struct top_level *top, struct slice key)
{
	for (size_t i = 0; i < sizeof(top_members) / sizeof(top_members[0]); i++)
		if (slice_is(key, top_members[i].key))
			return (struct value *)(void *)((char *)top + top_members[i].place);
	return NULL;
}

/* Whether a number's text is not that of a zero: NaN, whose text is not kept, is none either. */
static bool is_nonzero(struct slice text)
{
	size_t zeros = 0;

	while (zeros < text.len && strchr("-0.", text.data[zeros]))
		zeros++;
	return text.len == 0 || (zeros < text.len && (text.data[zeros] | 0x20) != 'e');
}

/* Of a container that starts at `open`, well-formed. */
static bool is_empty_container(const char *open)
{
	do
		open++;
	while (*open == ' ' || *open == '\n' || *open == '\r' || *open == '\t');
	return *open == ']' || *open == '}';
}

/* Reads a value for what Python's truth of it is. */
static bool read_truth(struct json_reader *reader)
{
	struct value value;
	const char *open;

	reader_value(reader, &value);
	open = reader->at;
	reader_skip_rest(reader, &value);
	switch (value.kind) {
	case VALUE_TRUE:
		return true;
	case VALUE_STRING:
		return value.text.len > 0;
	case VALUE_INTEGER:
	case VALUE_REAL:
		return is_nonzero(value.text);
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		return reader->problem == NULL && !is_empty_container(open);
	default:
		return false;
	}
}

static void read_top_member(struct draft *draft, struct top_level *top)
{
	struct slice key = reader_key(&draft->reader);
	struct value *member = find_member(top, key);

	if (member) {
		reader_value(&draft->reader, member);
		reader_skip_rest(&draft->reader, member);
	} else if (slice_is(key, "enabled")) {
		top->enabled = read_truth(&draft->reader);
		top->has_enabled = true;
	} else {
		draft_read_member(draft, key);
	}
}

static void read_body(struct draft *draft, struct top_level *top)
{
	struct value body;

	reader_value(&draft->reader, &body);
	draft_add_job(draft, body.kind == VALUE_OBJECT);
	if (body.kind != VALUE_OBJECT) {
		reader_skip_rest(&draft->reader, &body);
		return;
	}
	for (bool more = reader_enter(&draft->reader, '}'); more; more = reader_next(&draft->reader, '}'))
		read_top_member(draft, top);
}

static const struct {
	const char *name;
	enum debug_action action;
} actions[] = {
	{"outputCacheHits", DEBUG_OUTPUT_CACHE_HITS},
	{"cacheEvict", DEBUG_CACHE_EVICT},
	{"cacheAddRaw", DEBUG_CACHE_ADD_RAW},
	{"cacheGet", DEBUG_CACHE_GET},
	{"cacheExists", DEBUG_CACHE_EXISTS},
};

static enum debug_action find_action(struct slice name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (slice_is(name, actions[i].name))
			return actions[i].action;
	return DEBUG_UNKNOWN;
}

static enum protocol_verdict accept_debug(const struct top_level *top, struct debug_request *ret_debug)
{
	const struct value *offset = &top->offset;
	bool plain = offset->kind == VALUE_INTEGER && !offset->negative && !offset->huge;

	*ret_debug = (struct debug_request){
		.action = find_action(top->action.text),
		.has_enabled = top->has_enabled,
		.enabled = top->enabled,
		.has_module = top->lib_name.kind == VALUE_STRING && top->breakpad_id.kind == VALUE_STRING,
		.has_offset = offset->kind != VALUE_NONE,
		.offset_odd = !plain,
		.offset = plain ? offset->magnitude : 0,
	};
	if (ret_debug->has_module)
		ret_debug->module = (struct module_name){top->lib_name.text, top->breakpad_id.text};
	return PROTOCOL_DEBUG;
}

/* The exponent of a real number's text, if there is an `e` at `at`; false if it is beyond measure. */
static bool read_exponent(struct slice text, size_t at, int64_t *ret_exponent)
{
	uint64_t magnitude = 0;
	bool negative, good = true;

	if (at < text.len)
		at++;
	negative = at < text.len && text.data[at] == '-';
	if (at < text.len && (negative || text.data[at] == '+'))
		at++;
	if (at < text.len)
		good = num_parse_dec(slice_make(text.data + at, text.len - at), INT64_MAX / 2, &magnitude);
	*ret_exponent = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return good;
}

/*
 * The digit that a real number is equal to, as 4.0, 0.4e1 and 40e-1 are to 4,
 * or 0.  `power` is the digit's power of ten.
 */
static unsigned digit_value(struct slice text)
{
	unsigned digit = 0;
	int64_t power = 0, exponent;
	bool fraction = false;
	size_t at = 0;

	for (; at < text.len && (text.data[at] | 0x20) != 'e'; at++) {
		unsigned more = (unsigned)(text.data[at] - '0');

		if (text.data[at] == '.') {
			fraction = true;
			continue;
		}
		if (more > 9 || (more && digit))
			return 0;
		if (fraction && !digit)
			power--;
		else if (!fraction && digit)
			power++;
		digit += more;
	}
	return read_exponent(text, at, &exponent) && power + exponent == 0 ? digit : 0;
}

/* Versions are equal as numbers are in Python; "4" is none.  0 is no version. */
static uint64_t version_number(const struct value *version)
{
	if (version->kind == VALUE_INTEGER)
		return version->huge || version->negative ? 0 : version->magnitude;
	return version->kind == VALUE_REAL ? digit_value(version->text) : 0;
}

static enum protocol_verdict refuse_version(const struct value *version, struct err *err)
{
	if (version->kind == VALUE_NONE)
		err_set(err, ERR_INPUT, "version is missing");
	else
		err_set(err, ERR_INPUT, "version must be the number 3 or 4");
	return PROTOCOL_INVALID;
}

static bool is_absence(enum fault_kind kind)
{
	return kind == FAULT_NOT_OBJECT || kind == FAULT_NO_STACKS || kind == FAULT_NO_MODULES;
}

enum protocol_verdict snappy_decode(struct draft *draft, const struct protocol_options *options,
				    struct request *ret_request, struct debug_request *ret_debug,
				    struct err *err)
{
	struct top_level top = {.has_enabled = false};
	struct fault fault;
	uint64_t version;

	read_body(draft, &top);
	if (!reader_finish(&draft->reader)) {
		err_set(err, ERR_INPUT, "the body is not valid JSON: %s at byte %zu", draft->reader.problem,
			draft->reader.problem_at);
		return PROTOCOL_INVALID;
	}
	if (options->debug_allowed && top.debug.kind == VALUE_TRUE && top.action.kind == VALUE_STRING)
		return accept_debug(&top, ret_debug);
	fault = draft_fault(draft, 0);
	if (is_absence(fault.kind))
		return snappy_refuse(fault, err);
	version = version_number(&top.version);
	if (version != 3 && version != 4)
		return refuse_version(&top.version, err);
	if (fault.kind)
		return snappy_refuse(fault, err);
	/* the DiskCache wants a version, and minds none */
	if (options->api == API_DISK_CACHE)
		version = 4;
	draft_finish(draft, version == 3 ? DIALECT_SNAPPY_V3 : DIALECT_SNAPPY_V4, ret_request);
	ret_request->tables_only = options->api == API_DISK_CACHE;
	return PROTOCOL_REQUEST;
}
