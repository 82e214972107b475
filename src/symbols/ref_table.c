/* SPDX-License-Identifier: MIT */
/* A hash table with open addressing, asked for many keys at a time; whole keys are compared. */
#include "symbols/ref_table.h"

#include "base/mem.h"
#include "symbols/grow.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

void ref_table_init(struct ref_table *table, uint64_t seed)
{
	*table = (struct ref_table){.seed = seed, .slot_count = FIRST_SLOTS};
	table->slots = mem_calloc(FIRST_SLOTS, sizeof(*table->slots));
}

void ref_table_release_slots(struct ref_table *table)
{
	free(table->slots);
	table->slots = NULL;
}

void ref_table_release(struct ref_table *table)
{
	ref_table_release_slots(table);
	free(table->refs);
	free(table->counts);
	table->refs = NULL;
	table->counts = NULL;
}

/* A folded product: every bit of both words reaches the low bits. */
static uint32_t hash_ref(const struct ref_table *table, const struct ref *ref)
{
	uint64_t a = ((uint64_t)ref->origin << 32 | ref->line) ^ table->seed;
	uint64_t b = ((uint64_t)ref->callee << 32 | ref->file) ^ UINT64_C(0x9e3779b97f4a7c15);
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint32_t)((uint64_t)product ^ (uint64_t)(product >> 64));
}

static bool equal(const struct ref *a, const struct ref *b)
{
	return a->line == b->line && a->origin == b->origin && a->callee == b->callee && a->file == b->file;
}

static void grow_slots(struct ref_table *table)
{
	size_t mask = table->slot_count * 2 - 1;
	uint32_t *slots = mem_calloc(mask + 1, sizeof(*slots));

	for (size_t i = 0; i < table->count; i++) {
		size_t at = hash_ref(table, &table->refs[i]) & mask;

		while (slots[at])
			at = (at + 1) & mask;
		slots[at] = (uint32_t)i + 1;
	}
	free(table->slots);
	table->slots = slots;
	table->slot_count = mask + 1;
}

/* The place of an equal ref among the slots, or the free one where it belongs. */
static size_t find_slot(const struct ref_table *table, const struct ref *ref, uint32_t hash)
{
	size_t mask = table->slot_count - 1, at = hash & mask;

	while (table->slots[at] && !equal(&table->refs[table->slots[at] - 1], ref))
		at = (at + 1) & mask;
	return at;
}

static uint32_t next_number(struct ref_table *table, size_t origin)
{
	if (origin >= table->counted_origins) {
		size_t more = origin + 1 - table->counted_origins;

		table->counts =
			grow_array(table->counts, &table->counts_cap, origin + 1, sizeof(*table->counts));
		memset(table->counts + table->counted_origins, 0, more * sizeof(*table->counts));
		table->counted_origins = origin + 1;
	}
	return table->counts[origin]++;
}

static void add(struct ref_table *table, size_t slot, struct ref *ref)
{
	ref->number = next_number(table, ref->origin);
	if (table->count == table->cap)
		table->refs = grow_array(table->refs, &table->cap, table->count + 1, sizeof(*table->refs));
	table->refs[table->count++] = *ref;
	table->slots[slot] = (uint32_t)table->count;
	if (table->count > table->slot_count / 4 * 3)
		grow_slots(table);
}

static void prefetch_refs(const struct ref_table *table, const uint32_t *hashes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t index = table->slots[hashes[i] & (table->slot_count - 1)];

		if (index)
			__builtin_prefetch(&table->refs[index - 1]);
	}
}

void ref_table_find(struct ref_table *table, struct ref *refs, size_t count)
{
	uint32_t hashes[REF_BATCH_MAX];

	for (size_t i = 0; i < count; i++) {
		hashes[i] = hash_ref(table, &refs[i]);
		__builtin_prefetch(&table->slots[hashes[i] & (table->slot_count - 1)]);
	}
	prefetch_refs(table, hashes, count);
	for (size_t i = 0; i < count; i++) {
		size_t slot = find_slot(table, &refs[i], hashes[i]);

		if (table->slots[slot])
			refs[i].number = table->refs[table->slots[slot] - 1].number;
		else
			add(table, slot, &refs[i]);
	}
}
