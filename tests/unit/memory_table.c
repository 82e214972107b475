/* SPDX-License-Identifier: MIT */
/* A symbol table held in memory. */
#include "memory_table.h"

#include "base/mem.h"

#include <stdlib.h>

enum { PAGE_BYTES = 4096, PAGE_HEADER_BYTES = 16 };

static bool goes_before(const struct memory_value *value, unsigned kind, uint64_t key)
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

		if (goes_before(&table->values[middle], kind, key))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table->count || table->values[low].kind != kind)
		return 0;
	*ret_key = table->values[low].key;
	*ret_value = slice_make(table->values[low].data, table->values[low].len);
	return 1;
}

void memory_table_init(struct memory_table *table)
{
	*table = (struct memory_table){.in_order = true, .source = {.ctx = table, .get = get}};
}

void memory_table_release(struct memory_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->values[i].data);
	free(table->values);
	buf_release(&table->spill);
}

static int spill_append(void *ctx, const void *data, size_t len, struct err *err)
{
	struct memory_table *table = ctx;

	(void)err;
	buf_add(&table->spill, data, len);
	return 0;
}

static int spill_read(void *ctx, uint64_t offset, void *data, size_t len, struct err *err)
{
	const struct memory_table *table = ctx;

	if (offset + len > table->spill.len)
		return err_set(err, ERR_SYSTEM, "read beyond the spill");
	memcpy(data, table->spill.data + offset, len);
	return 0;
}

static int emit(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	struct memory_table *table = ctx;

	if (value.len > TABLE_VALUE_MAX)
		return err_set(err, ERR_SYSTEM, "a value of %zu bytes", value.len);
	if (table->count && !goes_before(&table->values[table->count - 1], kind, key))
		table->in_order = false;
	if (table->count == table->cap) {
		table->cap = table->cap ? table->cap * 2 : 64;
		table->values = mem_realloc_array(table->values, table->cap, sizeof(*table->values));
	}
	table->values[table->count++] = (struct memory_value){kind, key, mem_alloc(value.len), value.len};
	memcpy(table->values[table->count - 1].data, value.data, value.len);
	return 0;
}

struct table_build_io memory_table_io(struct memory_table *table)
{
	return (struct table_build_io){
		.ctx = table, .spill_append = spill_append, .spill_read = spill_read, .emit = emit};
}

/* Each piece in a block of its very size, so that whatever reads beyond it is caught by a checker of memory. */
static int feed_piece(struct table_build *build, const char *data, size_t len, struct err *err)
{
	char *piece = mem_alloc(len);
	int result;

	memcpy(piece, data, len);
	result = table_build_feed(build, piece, len, err);
	free(piece);
	return result;
}

static int feed(struct table_build *build, struct slice text, size_t step, struct err *err)
{
	for (size_t at = 0; at < text.len; at += step) {
		size_t len = text.len - at < step ? text.len - at : step;

		if (feed_piece(build, text.data + at, len, err) < 0)
			return -1;
	}
	return 0;
}

int memory_table_build(struct memory_table *table, struct slice text, size_t step, struct err *err)
{
	struct table_build_options options = {.expected_id = table->expected_id};
	struct table_build_io io = memory_table_io(table);
	struct table_build *build = table_build_new(&options, &io);
	int result = feed(build, text, step ? step : text.len, err);

	if (result == 0)
		result = table_build_finish(build, &table->summary, err);
	table_build_free(build);
	return result;
}

uint64_t memory_table_page_bytes(const struct memory_table *table)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < table->count; i++)
		pages += (table->values[i].len + PAGE_HEADER_BYTES + PAGE_BYTES - 1) / PAGE_BYTES;
	return pages * PAGE_BYTES;
}
