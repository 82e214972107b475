/* SPDX-License-Identifier: MIT */
/* A strict JSON reader in one pass: the caller asks for what it wants, the rest is checked and skipped. */
#ifndef PROTOCOL_JSON_READER_H
#define PROTOCOL_JSON_READER_H

#include "base/arena.h"

#include <stdint.h>

/*
 * RFC 8259 over UTF-8, and what Python's json takes besides: a byte order mark
 * in front, NaN, Infinity and -Infinity as numbers, half surrogate pairs in
 * \u escapes (read as U+FFFD).  Refused as there: raw control characters in
 * strings, ill-formed UTF-8, leading zeros, trailing commas, comments, text
 * behind the value, integers of more than READER_DIGITS_MAX digits.  Containers
 * nest at most READER_DEPTH_MAX deep.  UTF-16 and UTF-32 are not JSON here.
 *
 * The first thing wrong is sticky: `problem` says what, `problem_at` where, and
 * every function then does nothing and says "no more".  So loops need no error
 * checks of their own, and one look at the end is enough.
 *
 * Nothing is recursive, and memory is taken from the arena only for strings
 * with escapes; other strings point into the body.
 */
enum { READER_DEPTH_MAX = 1024, READER_DIGITS_MAX = 4300 };

struct json_reader {
	const char *at, *end, *start;
	struct arena *arena;
	unsigned depth;      /* containers entered and not left */
	const char *problem; /* static text, or NULL */
	size_t problem_at;   /* in bytes from the start */
};

enum value_kind {
	VALUE_NONE, /* malformed: see `problem` */
	VALUE_NULL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_INTEGER,
	VALUE_REAL,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_OBJECT,
};

/*
 * A scalar is read whole; an array or object is only announced, and the caller
 * enters or skips it.  `text` is a string's content or a number's source.
 */
struct value {
	enum value_kind kind;
	bool negative;      /* of an integer; never with magnitude 0 */
	bool huge;          /* an integer beyond 64 bits: only `text` has it */
	uint64_t magnitude; /* of an integer that is not huge */
	struct slice text;
};

void reader_init(struct json_reader *reader, struct slice body, struct arena *arena);

/* Records the first problem and ends the reading.  Also for problems of the caller's own. */
void reader_fail(struct json_reader *reader, const char *problem);

/* Skips white space and reads or announces the value that starts there. */
void reader_value(struct json_reader *reader, struct value *ret_value);

/* Skips white space and then the value, whatever it is. */
void reader_skip(struct json_reader *reader);

/* Skips the rest of a value that reader_value() gave: the container, if it is one. */
void reader_skip_rest(struct json_reader *reader, const struct value *value);

/*
 * for (more = reader_enter(r, ']'); more; more = reader_next(r, ']'))
 *	... read or skip exactly one value ...
 *
 * With '}', read the member's name by reader_key() first.  reader_enter stands
 * at the bracket that reader_value() announced.
 */
bool reader_enter(struct json_reader *reader, char close);
bool reader_next(struct json_reader *reader, char close);

/* The name of the member and the colon behind it; an empty name if malformed. */
struct slice reader_key(struct json_reader *reader);

/* Whether the whole text was one well-formed value: checks that nothing is behind it. */
bool reader_finish(struct json_reader *reader);

/* The number of bytes before the first one that is a quote, a backslash, a control character or not ASCII. */
size_t reader_plain_run(const char *at, const char *end);

#endif
