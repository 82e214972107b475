/* SPDX-License-Identifier: MIT */
/* The JSON reader against json-c: random texts and their mutations, accepted by both or by neither. */
#include "tap.h"

#include "protocol/json_reader.h"

#include "base/buf.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * json-c in strict mode with UTF-8 validation is right but for these, which
 * the texts here do not come to hold or which excused() knows:
 * - it takes raw control characters in strings, NUL as the end of the text,
 *   and NaN and Infinity in any case (Python's, too, are ours to take);
 * - it reads numbers leniently: "-", "1.", "1.e5", "1e", "-01", "00";
 * - it cannot say what an integer beyond 64 bits is.
 */
enum { ROUNDS = 60000, DEPTH = 64 };

static uint64_t state = 88172645463325252u;

/* xorshift: the same texts in every run. */
static unsigned random_below(unsigned limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % limit;
}

static void add_one_of(struct buf *buf, const char *const *texts, size_t count)
{
	buf_add_text(buf, texts[random_below((unsigned)count)]);
}

static void add_space(struct buf *buf)
{
	static const char *const spaces[] = {"", "", "", "", " ", "\n", "\t", "\r", "  "};

	add_one_of(buf, spaces, TAP_COUNT(spaces));
}

static void add_random_string(struct buf *buf)
{
	static const char *const parts[] = {
		"a", "stacks", "0123456789abcdef", "\\n", "\\\"", "\\\\", "\\/", "\\u00e4", "\\u0041",
		"\\ud83d\\ude00", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", " ", "\x7f", "[", "}",
		",", ":", "\\b\\f\\r\\t",
	};

	buf_add_byte(buf, '"');
	for (unsigned i = random_below(6); i > 0; i--)
		add_one_of(buf, parts, TAP_COUNT(parts));
	buf_add_byte(buf, '"');
}

static void add_random_scalar(struct buf *buf)
{
	static const char *const scalars[] = {
		"0", "-0", "1", "-1", "10", "123456789", "1234567890123456789", "9223372036854775807",
		"-9223372036854775808", "0.5", "-1.25", "1e5", "1E-7", "1.5e+3", "true", "false", "null",
	};

	if (random_below(3) == 0)
		add_random_string(buf);
	else
		add_one_of(buf, scalars, TAP_COUNT(scalars));
}

/* Different for each `number`, so that no name comes twice in an object. */
static void add_random_name(struct buf *buf, unsigned number)
{
	add_random_string(buf);
	buf->len--;
	buf_addf(buf, "%u\"", number);
	add_space(buf);
	buf_add_byte(buf, ':');
}

static void add_random_value(struct buf *buf, unsigned depth)
{
	unsigned kind = depth ? random_below(4) : 0;

	add_space(buf);
	if (kind < 2) {
		add_random_scalar(buf);
	} else {
		buf_add_byte(buf, kind == 2 ? '[' : '{');
		for (unsigned i = random_below(4); i > 0; i--) {
			add_space(buf);
			if (kind == 3)
				add_random_name(buf, i);
			add_random_value(buf, depth - 1);
			if (i > 1)
				buf_add_byte(buf, ',');
		}
		add_space(buf);
		buf_add_byte(buf, kind == 2 ? ']' : '}');
	}
	add_space(buf);
}

static void mutate(struct buf *buf)
{
	static const char bytes[] = "[]{}\",:0123456789.-+eEtrufalsn\\ /\xc3\xa4\xff\xed\xa0";
	size_t at = random_below((unsigned)buf->len);

	switch (random_below(4)) {
	case 0:
		buf->data[at] = bytes[random_below(sizeof(bytes) - 1)];
		break;
	case 1:
		memmove(buf->data + at, buf->data + at + 1, buf->len - at - 1);
		buf->len--;
		break;
	case 2:
		buf_add_byte(buf, bytes[random_below(sizeof(bytes) - 1)]);
		break;
	default:
		buf->len = at;
	}
}

static json_object *parse_by_json_c(struct slice text, bool *ret_good)
{
	json_tokener *tokener = json_tokener_new_ex(DEPTH);
	json_object *object;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* The NUL ends a number at the top. */
	object = json_tokener_parse_ex(tokener, text.data, (int)text.len + 1);
	*ret_good = json_tokener_get_error(tokener) == json_tokener_success &&
		    json_tokener_get_parse_end(tokener) >= text.len;
	json_tokener_free(tokener);
	return object;
}

static bool same_value(struct json_reader *reader, json_object *want);

/* Names are never repeated here: of those json-c would have the last value only. */
static bool same_members(struct json_reader *reader, json_object *want)
{
	struct buf key = BUF_INIT;
	bool same = json_object_is_type(want, json_type_object);
	int count = 0;

	for (bool more = reader_enter(reader, '}'); more; more = reader_next(reader, '}')) {
		json_object *member = NULL;

		buf_clear(&key);
		buf_add_slice(&key, reader_key(reader));
		same = same && json_object_object_get_ex(want, buf_text(&key), &member);
		same = same_value(reader, member) && same;
		count++;
	}
	buf_release(&key);
	return same && count == json_object_object_length(want);
}

static bool same_items(struct json_reader *reader, json_object *want)
{
	size_t count = 0;
	bool same = json_object_is_type(want, json_type_array);

	if (!same)
		return false;
	for (bool more = reader_enter(reader, ']'); more; more = reader_next(reader, ']'))
		same = same_value(reader, json_object_array_get_idx(want, count++)) && same;
	return same && count == json_object_array_length(want);
}

static bool same_integer(const struct value *got, json_object *want)
{
	uint64_t value = got->negative ? 0 - got->magnitude : got->magnitude;

	if (!json_object_is_type(want, json_type_int))
		return false;
	return got->huge || (uint64_t)json_object_get_int64(want) == value ||
	       json_object_get_uint64(want) == value;
}

static bool same_string(const struct value *got, json_object *want)
{
	return json_object_is_type(want, json_type_string) &&
	       slice_equal(got->text, slice_make(json_object_get_string(want),
						 (size_t)json_object_get_string_len(want)));
}

static bool same_value(struct json_reader *reader, json_object *want)
{
	struct value got;

	reader_value(reader, &got);
	switch (got.kind) {
	case VALUE_NULL:
		return want == NULL;
	case VALUE_TRUE:
	case VALUE_FALSE:
		return json_object_is_type(want, json_type_boolean) &&
		       json_object_get_boolean(want) == (got.kind == VALUE_TRUE);
	case VALUE_INTEGER:
		return same_integer(&got, want);
	case VALUE_REAL:
		return json_object_is_type(want, json_type_double);
	case VALUE_STRING:
		return same_string(&got, want);
	case VALUE_ARRAY:
		return same_items(reader, want);
	case VALUE_OBJECT:
		return same_members(reader, want);
	default:
		return false;
	}
}

static bool is_json(struct slice text, struct arena *arena, const char **ret_problem)
{
	struct json_reader reader;

	reader_init(&reader, text, arena);
	reader_skip(&reader);
	reader_finish(&reader);
	*ret_problem = reader.problem;
	return reader.problem == NULL;
}

/* Ours refuses for a reason that json-c is known to let pass. */
static bool excused(const char *problem)
{
	static const char *const reasons[] = {
		"malformed number", "number with a leading zero", "control character in a string",
	};

	for (size_t i = 0; problem && i < TAP_COUNT(reasons); i++)
		if (strcmp(problem, reasons[i]) == 0)
			return true;
	return false;
}

static void compare(struct buf *text, bool values)
{
	struct arena arena = ARENA_INIT;
	struct json_reader reader;
	const char *problem;
	bool theirs, ours = is_json(buf_slice(text), &arena, &problem);
	json_object *object = parse_by_json_c(slice_make(buf_text(text), text->len), &theirs);

	if (!CHECK(ours == theirs || excused(problem)))
		tap_note("ours %d (%s), json-c %d: %s", ours, problem ? problem : "good", theirs,
			 buf_text(text));
	if (ours && theirs && values) {
		reader_init(&reader, buf_slice(text), &arena);
		if (!CHECK(same_value(&reader, object)))
			tap_note("read differently: %s", buf_text(text));
		CHECK(reader_finish(&reader));
	}
	json_object_put(object);
	arena_release(&arena);
}

static void valid_texts_agree(void)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < ROUNDS; i++) {
		buf_clear(&text);
		add_random_value(&text, 5);
		compare(&text, true);
	}
	buf_release(&text);
}

static void mutations_agree(void)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < ROUNDS; i++) {
		buf_clear(&text);
		add_random_value(&text, 4);
		mutate(&text);
		if (text.len)
			compare(&text, false);
	}
	buf_release(&text);
}

int main(void)
{
	static const struct tap_case cases[] = {
		{"valid texts", valid_texts_agree},
		{"mutations", mutations_agree},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
