/* SPDX-License-Identifier: MIT */
/* A borrowed run of bytes: text from outside, not NUL-terminated, never owned. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Valid as long as what it points into; {NULL, 0} is the absent slice. */
struct slice {
	const char *data;
	size_t len;
};

#define SLICE_LITERAL(text) ((struct slice){(text), sizeof(text) - 1})

/* For printf: ("%.*s", SLICE_PRINT(s)). */
#define SLICE_PRINT(s) (int)(s).len, (s).data

static inline struct slice slice_of(const char *text)
{
	return (struct slice){text, text ? strlen(text) : 0};
}

static inline struct slice slice_make(const void *data, size_t len)
{
	return (struct slice){data, len};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool slice_is(struct slice s, const char *text)
{
	return slice_equal(s, slice_of(text));
}

static inline bool slice_starts_with(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

static inline bool slice_ends_with(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len &&
	       memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0;
}

/* Equal when ASCII letters are compared without case. */
bool slice_equal_nocase(struct slice a, struct slice b);

#endif
