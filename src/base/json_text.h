/* SPDX-License-Identifier: MIT */
/* JSON text written directly into a buffer. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/buf.h"

/*
 * Any bytes become a valid JSON string, quotes included: NUL is written as '_',
 * each maximal ill-formed UTF-8 part as U+FFFD (symbols rule R36), control
 * bytes as escapes.  JSON_ASCII writes everything above 0x7e as \uXXXX, as
 * Python's json.dumps does by default; JSON_UTF8 leaves it as it is.
 */
enum json_charset { JSON_UTF8, JSON_ASCII };

void json_add_string(struct buf *buf, struct slice text, enum json_charset charset);

/* The same without the quotes, for a string that is put together from parts. */
void json_add_escaped(struct buf *buf, struct slice text, enum json_charset charset);

#endif
