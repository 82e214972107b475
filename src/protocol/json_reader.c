/* SPDX-License-Identifier: MIT */
/* A strict JSON reader in one pass. */
#include "protocol/json_reader.h"

#include "base/num.h"
#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

void reader_init(struct json_reader *reader, struct slice body, struct arena *arena)
{
	static const char bom[] = "\xef\xbb\xbf";

	*reader = (struct json_reader){.arena = arena};
	reader->start = body.len ? body.data : "";
	reader->at = reader->start;
	reader->end = reader->start + body.len;
	if (slice_starts_with(body, slice_of(bom)))
		reader->at += sizeof(bom) - 1;
}

void reader_fail(struct json_reader *reader, const char *problem)
{
	if (reader->problem == NULL) {
		reader->problem = problem;
		reader->problem_at = (size_t)(reader->at - reader->start);
	}
	reader->at = reader->end;
}

static void skip_space(struct json_reader *reader)
{
	const char *at = reader->at;

	while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	reader->at = at;
}

/* The byte at the reader's place, or NUL at the end, where no JSON text has one. */
static char here(const struct json_reader *reader)
{
	return reader->at < reader->end ? *reader->at : '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Strings */

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

#ifdef __SSE2__
static size_t plain_blocks(const char *at, const char *end)
{
	const char *start = at;

	for (; end - at >= 16; at += 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
		/* Signed: what is not ASCII counts as below the blank, too. */
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
					   _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
							_mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
		int mask = _mm_movemask_epi8(odd);

		if (mask)
			return (size_t)(at - start) + (size_t)__builtin_ctz((unsigned)mask);
	}
	return (size_t)(at - start);
}
#else
/* Nonzero if some byte of `word` is zero. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

static bool is_plain_word(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t below_blank = (word - ones * 0x20) & ~word;

	return (((below_blank | word) & ones * 0x80) | zero_bytes(word ^ ones * '"') |
		zero_bytes(word ^ ones * '\\')) == 0;
}

static size_t plain_blocks(const char *at, const char *end)
{
	const char *start = at;

	for (; end - at >= 8; at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		if (!is_plain_word(word))
			break;
	}
	return (size_t)(at - start);
}
#endif

size_t reader_plain_run(const char *at, const char *end)
{
	const char *start = at;

	at += plain_blocks(at, end);
	while (at < end && is_plain((unsigned char)*at))
		at++;
	return (size_t)(at - start);
}

/* The 16 bits of the four digits at `at`, or -1. */
static int32_t escape_unit(const char *at, const char *end)
{
	int32_t unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = num_hex_digit((unsigned char)at[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* At a backslash: steps behind the escape. */
static void check_escape(struct json_reader *reader)
{
	reader->at++;
	switch (here(reader)) {
	case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
		reader->at++;
		return;
	case 'u':
		if (escape_unit(reader->at + 1, reader->end) >= 0) {
			reader->at += 5;
			return;
		}
	}
	reader_fail(reader, "invalid escape in a string");
}

static void check_multibyte(struct json_reader *reader)
{
	uint32_t code;
	size_t len = utf8_decode(slice_make(reader->at, (size_t)(reader->end - reader->at)), &code);

	if (code == UINT32_MAX)
		reader_fail(reader, "invalid UTF-8");
	else
		reader->at += len;
}

/* Behind the opening quote: finds the closing one, steps behind it, and gives the source between them. */
static struct slice scan_string(struct json_reader *reader, bool *ret_escapes)
{
	const char *start = reader->at;

	*ret_escapes = false;
	for (;;) {
		reader->at += reader_plain_run(reader->at, reader->end);
		if (reader->at == reader->end) {
			reader_fail(reader, "the text ends within a string");
			return slice_make(NULL, 0);
		}
		if (*reader->at == '"')
			return slice_make(start, (size_t)(reader->at++ - start));
		if (*reader->at == '\\') {
			*ret_escapes = true;
			check_escape(reader);
		} else if ((unsigned char)*reader->at >= 0x80) {
			check_multibyte(reader);
		} else {
			reader_fail(reader, "control character in a string");
		}
	}
}

static char plain_escape(char letter)
{
	switch (letter) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return letter;
	}
}

/* At the digits of a \u escape that was checked before: its code point, a second escape included. */
static const char *read_code(const char *at, const char *end, uint32_t *ret_code)
{
	int32_t unit = escape_unit(at, end), low;

	at += 4;
	*ret_code = (uint32_t)unit;
	if (unit < 0xd800 || unit > 0xdfff)
		return at;
	*ret_code = 0xfffd;
	if (unit > 0xdbff || end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return at;
	low = escape_unit(at + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return at;
	*ret_code = 0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
	return at + 6;
}

/* No escape is shorter than what it stands for, so the source's length is enough. */
static struct slice unescape(struct arena *arena, struct slice source)
{
	char *text = arena_alloc(arena, source.len), *out = text;
	const char *at = source.data, *end = at + source.len;

	while (at < end) {
		uint32_t code;

		if (*at != '\\') {
			*out++ = *at++;
		} else if (at[1] != 'u') {
			*out++ = plain_escape(at[1]);
			at += 2;
		} else {
			at = read_code(at + 2, end, &code);
			out += utf8_encode(code, out);
		}
	}
	return slice_make(text, (size_t)(out - text));
}

static struct slice read_string(struct json_reader *reader)
{
	bool escapes;
	struct slice source;

	reader->at++;
	source = scan_string(reader, &escapes);
	return escapes && reader->problem == NULL ? unescape(reader->arena, source) : source;
}

/* Numbers and words */

static bool take_word(struct json_reader *reader, const char *word)
{
	struct slice rest = slice_make(reader->at, (size_t)(reader->end - reader->at));

	if (!slice_starts_with(rest, slice_of(word)))
		return false;
	reader->at += strlen(word);
	return true;
}

static void take_digits(struct json_reader *reader)
{
	if (!is_digit(here(reader)))
		reader_fail(reader, "malformed number");
	while (is_digit(here(reader)))
		reader->at++;
}

/* Whether there was a fraction or an exponent, which make a number no integer. */
static bool take_fraction(struct json_reader *reader)
{
	const char *before = reader->at;

	if (here(reader) == '.') {
		reader->at++;
		take_digits(reader);
	}
	if (here(reader) == 'e' || here(reader) == 'E') {
		reader->at++;
		if (here(reader) == '+' || here(reader) == '-')
			reader->at++;
		take_digits(reader);
	}
	return reader->at != before;
}

static void set_integer(struct json_reader *reader, struct value *value, struct slice digits)
{
	value->kind = VALUE_INTEGER;
	value->huge = !num_parse_dec(digits, UINT64_MAX, &value->magnitude);
	if (!value->huge && value->magnitude == 0)
		value->negative = false; /* as Python's integers have it */
	if (digits.len > READER_DIGITS_MAX)
		reader_fail(reader, "integer of too many digits");
}

static void read_number(struct json_reader *reader, struct value *value)
{
	const char *start = reader->at;
	struct slice digits;

	value->kind = VALUE_REAL;
	if (take_word(reader, "NaN") || take_word(reader, "Infinity") || take_word(reader, "-Infinity"))
		return;
	value->negative = *start == '-';
	reader->at += value->negative;
	digits.data = reader->at;
	take_digits(reader);
	if (reader->at - digits.data > 1 && *digits.data == '0')
		reader_fail(reader, "number with a leading zero");
	digits.len = (size_t)(reader->at - digits.data);
	if (!take_fraction(reader) && reader->problem == NULL)
		set_integer(reader, value, digits);
	value->text = slice_make(start, (size_t)(reader->at - start));
}

static enum value_kind read_word(struct json_reader *reader)
{
	if (take_word(reader, "true"))
		return VALUE_TRUE;
	if (take_word(reader, "false"))
		return VALUE_FALSE;
	if (take_word(reader, "null"))
		return VALUE_NULL;
	reader_fail(reader, reader->at == reader->end ? "the text ends early" : "no value where one must be");
	return VALUE_NONE;
}

void reader_value(struct json_reader *reader, struct value *ret_value)
{
	*ret_value = (struct value){.kind = VALUE_NONE};
	skip_space(reader);
	switch (here(reader)) {
	case '[':
		ret_value->kind = VALUE_ARRAY;
		return;
	case '{':
		ret_value->kind = VALUE_OBJECT;
		return;
	case '"':
		ret_value->kind = VALUE_STRING;
		ret_value->text = read_string(reader);
		break;
	case '-': case 'N': case 'I':
	case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		read_number(reader, ret_value);
		break;
	default:
		ret_value->kind = read_word(reader);
	}
	if (reader->problem)
		ret_value->kind = VALUE_NONE;
}

/* Containers */

bool reader_enter(struct json_reader *reader, char close)
{
	if (reader->problem)
		return false;
	reader->at++;
	skip_space(reader);
	if (here(reader) == close) {
		reader->at++;
		return false;
	}
	if (reader->depth == READER_DEPTH_MAX) {
		reader_fail(reader, "nested too deep");
		return false;
	}
	reader->depth++;
	return true;
}

bool reader_next(struct json_reader *reader, char close)
{
	char c;

	skip_space(reader);
	c = here(reader);
	if (c == ',') {
		reader->at++;
		return true;
	}
	if (c == close)
		reader->at++;
	else
		reader_fail(reader,
			    reader->at == reader->end ? "the text ends early" : "no comma between values");
	reader->depth--;
	return false;
}

/* Whether a member's name starts here, as it must. */
static bool stands_at_key(struct json_reader *reader)
{
	skip_space(reader);
	if (here(reader) == '"')
		return true;
	reader_fail(reader, "no member name where one must be");
	return false;
}

static void take_colon(struct json_reader *reader)
{
	skip_space(reader);
	if (here(reader) == ':')
		reader->at++;
	else
		reader_fail(reader, "no colon behind a member name");
}

struct slice reader_key(struct json_reader *reader)
{
	struct slice key = {NULL, 0};

	if (stands_at_key(reader))
		key = read_string(reader);
	take_colon(reader);
	return reader->problem ? slice_make(NULL, 0) : key;
}

bool reader_finish(struct json_reader *reader)
{
	skip_space(reader);
	if (reader->at != reader->end)
		reader_fail(reader, "text behind the value");
	return reader->problem == NULL;
}

/* Skipping */

/* Which of the containers being skipped are objects: a bit each, so that depth costs no stack. */
struct nesting {
	uint64_t objects[READER_DEPTH_MAX / 64];
	unsigned depth;
};

static char closing(const struct nesting *nesting)
{
	unsigned top = nesting->depth - 1;

	return nesting->objects[top / 64] >> top % 64 & 1 ? '}' : ']';
}

static void push(struct nesting *nesting, bool object)
{
	uint64_t bit = UINT64_C(1) << nesting->depth % 64;
	uint64_t *word = &nesting->objects[nesting->depth / 64];

	*word = object ? *word | bit : *word & ~bit;
	nesting->depth++;
}

static void skip_string(struct json_reader *reader)
{
	bool escapes;

	reader->at++;
	scan_string(reader, &escapes);
}

static void skip_key(struct json_reader *reader)
{
	if (stands_at_key(reader))
		skip_string(reader);
	take_colon(reader);
}

/* Skips a scalar, or goes into a container.  True if the next thing is a value again. */
static bool skip_into(struct json_reader *reader, struct nesting *nesting)
{
	struct value scalar;
	bool object;

	skip_space(reader);
	object = here(reader) == '{';
	if (object || here(reader) == '[') {
		if (!reader_enter(reader, object ? '}' : ']'))
			return false;
		push(nesting, object);
		if (object)
			skip_key(reader);
		return true;
	}
	if (here(reader) == '"')
		skip_string(reader);
	else
		reader_value(reader, &scalar);
	return false;
}

void reader_skip(struct json_reader *reader)
{
	struct nesting nesting = {.depth = 0};

	do {
		if (skip_into(reader, &nesting))
			continue;
		while (nesting.depth && !reader_next(reader, closing(&nesting)))
			nesting.depth--;
		if (nesting.depth && closing(&nesting) == '}')
			skip_key(reader);
	} while (nesting.depth && reader->problem == NULL);
}

void reader_skip_rest(struct json_reader *reader, const struct value *value)
{
	if (value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT)
		reader_skip(reader);
}
