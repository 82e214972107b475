/* SPDX-License-Identifier: MIT */
/* The symbol tables that a process holds open, least recently used first out. */
#ifndef ENGINE_OPEN_TABLES_H
#define ENGINE_OPEN_TABLES_H

#include "store/store.h"
#include "symbols/table.h"

/*
 * A table that was got stays open until open_tables_trim(), whatever becomes of
 * it, so that file names in answers live as long as their request.
 */
struct open_tables;

struct open_tables *open_tables_new(size_t names_ring_bytes, unsigned keep);
void open_tables_free(struct open_tables *tables);

/* The open table of that id, opened from the store if need be (inside a read).  NULL with err. */
struct table *open_tables_get(struct open_tables *tables, struct store *store, uint64_t table_id, struct err *err);

/* Not got again: one that proved damaged, or all, as the database was replaced. */
void open_tables_drop(struct open_tables *tables, uint64_t table_id);
void open_tables_drop_all(struct open_tables *tables);

/* Closes those that were dropped, and the least recently used ones over the limit.  Between requests only. */
void open_tables_trim(struct open_tables *tables);

/* How the table reader reaches the store's values: `ctx` is the table_view. */
struct table_view {
	struct store *store;
	uint64_t table_id;
	uint64_t epoch; /* as table_source's: store_read_number(), or 0 where a source outlives its read */
};
struct table_source table_view_source(struct table_view *view);

#endif
