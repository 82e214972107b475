/* SPDX-License-Identifier: MIT */
/* The values of one table in memory. */
#include "cli/memory_table.h"

#include "base/mem.h"

#include <stdlib.h>

struct value {
	uint64_t key;
	size_t offset; /* in `data` */
	uint32_t len;
	unsigned kind;
};

struct memory_table {
	struct value *values;
	size_t count, cap;
	struct buf data;
};

struct memory_table *memory_table_new(void)
{
	return mem_zalloc(sizeof(struct memory_table));
}

void memory_table_free(struct memory_table *table)
{
	if (!table)
		return;
	buf_release(&table->data);
	free(table->values);
	free(table);
}

int memory_table_add(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	struct memory_table *table = ctx;

	(void)err;
	if (table->count == table->cap) {
		table->cap = table->cap ? table->cap * 2 : 256;
		table->values = mem_realloc_array(table->values, table->cap, sizeof(*table->values));
	}
	table->values[table->count++] = (struct value){key, table->data.len, (uint32_t)value.len, kind};
	buf_add_slice(&table->data, value);
	/* as aligned as a page of the store is: readers may look at whole words */
	while (table->data.len % 8)
		buf_add_byte(&table->data, 0);
	return 0;
}

static bool is_before(const struct value *value, unsigned kind, uint64_t key)
{
	return value->kind != kind ? value->kind < kind : value->key < key;
}

static int get(void *ctx, unsigned kind, uint64_t key, uint64_t *ret_key, struct slice *ret_value,
	       struct err *err)
{
	const struct memory_table *table = ctx;
	size_t low = 0, high = table->count;

	(void)err;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&table->values[middle], kind, key))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table->count || table->values[low].kind != kind)
		return 0;
	*ret_key = table->values[low].key;
	*ret_value = slice_make(table->data.data + table->values[low].offset, table->values[low].len);
	return 1;
}

struct table_source memory_table_source(struct memory_table *table)
{
	return (struct table_source){.ctx = table, .epoch = 1, .get = get};
}
