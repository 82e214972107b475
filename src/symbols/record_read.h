/* SPDX-License-Identifier: MIT */
/* Record values: from an address to the block or PUBLIC that covers it. */
#ifndef SYMBOLS_RECORD_READ_H
#define SYMBOLS_RECORD_READ_H

#include "symbols/table_open.h"

/* What covers an address: a block of a function, or one PUBLIC of a run. */
struct entry {
	uint64_t start;          /* of the block */
	uint64_t function_start;
	uint32_t name;           /* ordinal */
	unsigned flags, count;
	struct slice body;       /* of a block, behind its head */
};

/* The value that ends at or after the address: 1, 0, -1.  *ret is good until the next call. */
int record_find(struct table *table, const struct table_source *source, uint64_t address,
		const struct record_view **ret, struct err *err);

void record_directory_release(struct record_directory *directory);

/* The last entry that starts at or before an address that is not below the first one. */
unsigned record_search(const struct record_view *view, uint64_t address);

/* The same, where an earlier, lower address was found in entry `from`: it is mostly near. */
unsigned record_search_from(const struct record_view *view, unsigned from, uint64_t address);

/* Takes the entry apart; of a PUBLIC run the one that serves `address`. */
int record_entry(const struct table *table, const struct record_view *view, unsigned index, uint64_t address,
		 struct entry *ret, struct err *err);

#endif
