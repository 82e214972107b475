/* SPDX-License-Identifier: MIT */
/* A symbol table held in memory: built from text, read through a table_source. */
#ifndef TESTS_UNIT_MEMORY_TABLE_H
#define TESTS_UNIT_MEMORY_TABLE_H

#include "base/buf.h"
#include "symbols/table.h"
#include "symbols/table_build.h"

struct memory_value {
	unsigned kind;
	uint64_t key;
	char *data;
	size_t len;
};

struct memory_table {
	struct memory_value *values; /* ascending by kind and key, as they were emitted */
	size_t count, cap;
	struct buf spill;
	struct table_summary summary;
	bool in_order; /* no value came before its turn */
	struct table_source source;
	struct slice expected_id; /* for the build */
};

void memory_table_init(struct memory_table *table);
void memory_table_release(struct memory_table *table);

/* Callbacks that collect what a build emits.  `table` stays where it is. */
struct table_build_io memory_table_io(struct memory_table *table);

/* Builds from `text`, fed in pieces of `step` bytes (0: at once). */
int memory_table_build(struct memory_table *table, struct slice text, size_t step, struct err *err);

/* Bytes in the store: each value takes whole pages of 4 KB. */
uint64_t memory_table_page_bytes(const struct memory_table *table);

#endif
