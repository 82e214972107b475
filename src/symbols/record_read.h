/* SPDX-License-Identifier: MIT */
/* Record values: from an address to the block or PUBLIC that covers it. */
#ifndef SYMBOLS_RECORD_READ_H
#define SYMBOLS_RECORD_READ_H

#include "symbols/table_open.h"

/* A record value, its parts seen to lie within it. */
struct record_view {
	struct record_head head;
	uint64_t last; /* its key */
	const uint8_t *starts, *ends, *entries;
	size_t entries_len;
};

/* What covers an address: a block of a function, or one PUBLIC of a run. */
struct entry {
	uint64_t start;          /* of the block */
	uint64_t function_start;
	uint32_t name;           /* ordinal */
	unsigned flags, count;
	struct slice body;       /* of a block, behind its head */
};

/* The value that ends at or after the address: 1, 0, -1. */
int record_find(struct table *table, const struct table_source *source, uint64_t address,
		struct record_view *ret, struct err *err);

/* The last entry that starts at or before an address that is not below the first one. */
unsigned record_search(const struct record_view *view, uint64_t address);

/* Takes the entry apart; of a PUBLIC run the one that serves `address`. */
int record_entry(const struct table *table, const struct record_view *view, unsigned index, uint64_t address,
		 struct entry *ret, struct err *err);

#endif
