/* SPDX-License-Identifier: MIT */
/* Where the values of a JSON text stand. */
#ifndef CONFIG_POSITIONS_H
#define CONFIG_POSITIONS_H

#include "base/slice.h"

/*
 * json-c reads values but forgets their places.  The index is made by a second
 * pass over text that json-c took as strict JSON; on other text it ends early,
 * which costs line numbers and nothing else.  Keys are compared as they are
 * written: one spelt with escapes has no line.
 */
struct positions;

struct positions *positions_new(struct slice text);
void positions_free(struct positions *positions);

/* The line, from 1, of the value at "DiskCache.log.level" or "servers[0]"; 0 if it is not known. */
unsigned positions_line(const struct positions *positions, const char *path);

/* Calls `each` for every key that an earlier one of the same object has, too. */
void positions_each_repeated(const struct positions *positions,
			     void (*each)(void *ctx, const char *path, unsigned line), void *ctx);

/* The line, from 1, of a byte. */
unsigned positions_line_at(struct slice text, size_t offset);

#endif
