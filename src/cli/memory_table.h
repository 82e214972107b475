/* SPDX-License-Identifier: MIT */
/* The values of one table in memory: a table_source without a store. */
#ifndef CLI_MEMORY_TABLE_H
#define CLI_MEMORY_TABLE_H

#include "base/buf.h"
#include "symbols/table.h"

struct memory_table;

struct memory_table *memory_table_new(void);
void memory_table_free(struct memory_table *table);

/* For table_build_io.emit, ctx being the table: values come in ascending (kind, key) order. */
int memory_table_add(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err);

/* Reads them; valid as long as the table, once all were added. */
struct table_source memory_table_source(struct memory_table *table);

#endif
