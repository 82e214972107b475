/* SPDX-License-Identifier: MIT */
/* Open addressing. */
#include "symbols/key_set.h"

#include "base/mem.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

void key_set_release(struct key_set *set)
{
	free(set->slots);
}

static uint64_t *find(uint64_t *slots, size_t cap, uint64_t key)
{
	size_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (cap - 1);

	while (slots[at] && slots[at] != key)
		at = (at + 1) & (cap - 1);
	return &slots[at];
}

bool key_set_has(const struct key_set *set, uint64_t key)
{
	if (key == 0)
		return set->has_zero;
	return set->cap && *find(set->slots, set->cap, key) == key;
}

static void grow(struct key_set *set)
{
	size_t cap = set->cap ? set->cap * 2 : FIRST_SLOTS;
	uint64_t *slots = mem_calloc(cap, sizeof(*slots));

	for (size_t i = 0; i < set->cap; i++)
		if (set->slots[i])
			*find(slots, cap, set->slots[i]) = set->slots[i];
	free(set->slots);
	set->slots = slots;
	set->cap = cap;
}

void key_set_add(struct key_set *set, uint64_t key)
{
	if (key == 0) {
		set->has_zero = true;
		return;
	}
	if (key_set_has(set, key))
		return;
	if (set->count * 2 >= set->cap)
		grow(set);
	*find(set->slots, set->cap, key) = key;
	set->count++;
}
