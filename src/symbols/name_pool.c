/* SPDX-License-Identifier: MIT */
/* Interning of names. */
#include "symbols/name_pool.h"

#include "base/hash.h"
#include "base/mem.h"
#include "symbols/grow.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024 };

void name_pool_init(struct name_pool *pool, uint64_t seed)
{
	*pool = (struct name_pool){.seed = seed, .slot_count = FIRST_SLOTS};
	pool->slots = mem_calloc(pool->slot_count, sizeof(*pool->slots));
}

void name_pool_release(struct name_pool *pool)
{
	arena_release(&pool->text);
	free(pool->names);
	free(pool->slots);
}

static void grow_slots(struct name_pool *pool)
{
	size_t count = pool->slot_count * 2;
	uint64_t *slots = mem_calloc(count, sizeof(*slots));

	for (size_t i = 0; i < pool->slot_count; i++) {
		size_t at = pool->slots[i] >> 32 & (count - 1);

		if (pool->slots[i] == 0)
			continue;
		while (slots[at])
			at = (at + 1) & (count - 1);
		slots[at] = pool->slots[i];
	}
	free(pool->slots);
	pool->slots = slots;
	pool->slot_count = count;
}

uint32_t name_pool_add(struct name_pool *pool, struct slice name)
{
	uint64_t tag = hash_seeded(pool->seed, name.data, name.len) & UINT64_C(0xffffffff00000000);
	size_t at = tag >> 32 & (pool->slot_count - 1);

	for (; pool->slots[at]; at = (at + 1) & (pool->slot_count - 1)) {
		uint32_t number = (uint32_t)pool->slots[at] - 1;
		const struct name *known = &pool->names[number];

		if ((pool->slots[at] & UINT64_C(0xffffffff00000000)) == tag &&
		    slice_equal(slice_make(known->data, known->len), name))
			return number;
	}
	if (pool->count == pool->cap)
		pool->names = grow_array(pool->names, &pool->cap, pool->count + 1, sizeof(*pool->names));
	pool->names[pool->count++] = (struct name){.data = arena_copy(&pool->text, name).data,
						   .len = (uint32_t)name.len,
						   .ordinal = NAME_UNUSED};
	pool->slots[at] = tag | pool->count;
	if (pool->count > pool->slot_count / 4 * 3)
		grow_slots(pool);
	return (uint32_t)pool->count - 1;
}
