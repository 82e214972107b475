/* SPDX-License-Identifier: MIT */
/* An arena: many small allocations that live exactly as long as one request. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
	char *next, *end;
};

#define ARENA_INIT { .chunks = NULL }

void arena_init(struct arena *arena);
void arena_release(struct arena *arena); /* frees everything */
void arena_clear(struct arena *arena);   /* forgets everything, keeps one chunk of ordinary size */

/* Memory for `bytes`, aligned for any type; not zeroed.  Never NULL. */
void *arena_alloc(struct arena *arena, size_t bytes) __attribute__((returns_nonnull));
void *arena_calloc(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of `s` without alignment and without NUL. */
struct slice arena_copy(struct arena *arena, struct slice s);

#endif
