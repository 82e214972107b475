/* SPDX-License-Identifier: MIT */
/* The symbol tables that a process holds open. */
#include "engine/open_tables.h"

#include "base/mem.h"

#include <stdlib.h>

/* Ids of tables begin with 1. */
enum { DROPPED = 0 };

struct open_table {
	uint64_t id, used;
	struct table *table;
};

struct open_tables {
	struct names_ring *ring;
	struct open_table *items;
	unsigned count, cap, keep;
	uint64_t clock;
};

struct open_tables *open_tables_new(size_t names_ring_bytes, unsigned keep)
{
	struct open_tables *tables = mem_zalloc(sizeof(*tables));

	tables->ring = names_ring_new(names_ring_bytes);
	tables->keep = keep;
	return tables;
}

void open_tables_free(struct open_tables *tables)
{
	if (tables == NULL)
		return;
	open_tables_drop_all(tables);
	open_tables_trim(tables);
	names_ring_free(tables->ring);
	free(tables->items);
	free(tables);
}

static int get_value(void *ctx, unsigned kind, uint64_t key, uint64_t *ret_key, struct slice *ret_value,
		     struct err *err)
{
	struct table_view *view = ctx;

	return store_value(view->store, view->table_id, kind, key, ret_key, ret_value, err);
}

struct table_source table_view_source(struct table_view *view)
{
	return (struct table_source){
		.ctx = view,
		.epoch = view->epoch,
		.lasting = view->epoch ? store_map_number(view->store) : 0,
		.lasting_bytes = store_lasting_bytes(view->store),
		.get = get_value,
	};
}

static struct open_table *find(struct open_tables *tables, uint64_t id)
{
	for (unsigned i = 0; i < tables->count; i++)
		if (tables->items[i].id == id)
			return &tables->items[i];
	return NULL;
}

static struct open_table *add(struct open_tables *tables, uint64_t id, struct table *table)
{
	struct open_table *item;

	if (tables->count == tables->cap) {
		tables->cap = tables->cap ? tables->cap * 2 : 16;
		tables->items = mem_realloc_array(tables->items, tables->cap, sizeof(*tables->items));
	}
	item = &tables->items[tables->count++];
	*item = (struct open_table){.id = id, .table = table};
	return item;
}

struct table *open_tables_get(struct open_tables *tables, struct store *store, uint64_t table_id, struct err *err)
{
	struct open_table *item = find(tables, table_id);

	if (item == NULL) {
		struct table_view view = {store, table_id, store_read_number(store)};
		struct table_source source = table_view_source(&view);
		struct table *table;

		if (table_open(&table, &source, tables->ring, err) < 0)
			return NULL;
		item = add(tables, table_id, table);
	}
	item->used = ++tables->clock;
	return item->table;
}

static void close_item(struct open_tables *tables, struct open_table *item)
{
	table_close(item->table);
	*item = tables->items[--tables->count];
}

void open_tables_drop(struct open_tables *tables, uint64_t table_id)
{
	struct open_table *item = find(tables, table_id);

	if (item)
		item->id = DROPPED;
}

void open_tables_drop_all(struct open_tables *tables)
{
	for (unsigned i = 0; i < tables->count; i++)
		tables->items[i].id = DROPPED;
}

void open_tables_trim(struct open_tables *tables)
{
	for (unsigned i = tables->count; i-- > 0;)
		if (tables->items[i].id == DROPPED)
			close_item(tables, &tables->items[i]);
	while (tables->count > tables->keep) {
		struct open_table *oldest = &tables->items[0];

		for (unsigned i = 1; i < tables->count; i++)
			if (tables->items[i].used < oldest->used)
				oldest = &tables->items[i];
		close_item(tables, oldest);
	}
}
