/* SPDX-License-Identifier: MIT */
/* Places and calls in inlined code: each distinct one once, numbered within its origin. */
#ifndef SYMBOLS_REF_TABLE_H
#define SYMBOLS_REF_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A line of the code of an origin, or a call made there to another one that was inlined. */
struct ref {
	uint32_t origin; /* its number among the used ones */
	uint32_t callee; /* of a call; 0 for a place */
	uint32_t file;   /* FILE_... or path number + FILE_FIRST */
	uint32_t line;
	uint32_t number; /* in order of first use within the origin */
};

struct ref_table {
	struct ref *refs; /* in order of first use */
	size_t count, cap;
	uint32_t *slots; /* by hash of the whole key: index + 1 */
	size_t slot_count;
	uint32_t *counts; /* refs by origin; of those below counted_origins, the others have none */
	size_t counted_origins, counts_cap;
	uint64_t seed; /* keeps outsiders from choosing collisions */
};

void ref_table_init(struct ref_table *table, uint64_t seed);
void ref_table_release(struct ref_table *table);
void ref_table_release_slots(struct ref_table *table); /* nothing is looked up any more */

enum { REF_BATCH_MAX = 64 };

/*
 * Fills in the numbers of `count` <= REF_BATCH_MAX refs, in their order; new ones
 * are added.  Together, because the table is larger than the nearest caches: the
 * misses overlap.
 */
void ref_table_find(struct ref_table *table, struct ref *refs, size_t count);

/* How many refs the origin has. */
static inline uint32_t ref_table_count_of(const struct ref_table *table, size_t origin)
{
	return origin < table->counted_origins ? table->counts[origin] : 0;
}

#endif
