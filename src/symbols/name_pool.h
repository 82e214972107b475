/* SPDX-License-Identifier: MIT */
/* The distinct names of a table while it is built. */
#ifndef SYMBOLS_NAME_POOL_H
#define SYMBOLS_NAME_POOL_H

#include "base/arena.h"

#include <stdint.h>

enum { NAME_UNUSED = 0, NAME_USED = 1 };

struct name {
	const char *data;
	uint32_t len;
	uint32_t ordinal; /* NAME_USED or not; after name_pool_sort() the rank among the used ones */
};

struct name_pool {
	struct arena text;
	struct name *names;
	size_t count, cap;
	uint64_t *slots; /* high half of the hash, number + 1 */
	size_t slot_count;
	uint64_t seed; /* keeps outsiders from choosing collisions */
};

void name_pool_init(struct name_pool *pool, uint64_t seed);
void name_pool_release(struct name_pool *pool);

/* The number of `name`: the same for equal names.  At most NAME_BYTES_MAX long. */
uint32_t name_pool_add(struct name_pool *pool, struct slice name);

static inline void name_pool_use(struct name_pool *pool, uint32_t number)
{
	pool->names[number].ordinal = NAME_USED;
}

/*
 * Gives the used names their ordinals, by bytes; *ret_sorted is a new array of
 * their numbers in that order, *ret_count long, which the caller frees.  Nothing
 * can be added afterwards.
 */
void name_pool_sort(struct name_pool *pool, uint32_t **ret_sorted, uint32_t *ret_count);

#endif
