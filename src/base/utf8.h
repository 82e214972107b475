/* SPDX-License-Identifier: MIT */
/* UTF-8: checking what comes in, mending what goes out. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

#include <stdint.h>

/*
 * Decodes one character at s.data.  Returns the bytes it takes (1..4) and its
 * code point, or, with *ret_code = UINT32_MAX, the length of the maximal
 * ill-formed part there (Unicode 15, 3.9, "maximal subpart"; at least 1).
 * `s` is not empty.
 */
size_t utf8_decode(struct slice s, uint32_t *ret_code);

/* The number of bytes from the start of `s` that are well-formed. */
size_t utf8_valid_prefix(struct slice s);

/* Writes `code` (<= 0x10ffff) and returns the bytes taken, 1..4. */
size_t utf8_encode(uint32_t code, char out[static 4]);

#endif
