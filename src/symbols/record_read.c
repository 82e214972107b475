/* SPDX-License-Identifier: MIT */
/* Searching record values. */
#include "symbols/record_read.h"

#include "base/mem.h"
#include "symbols/block.h"
#include "symbols/grow.h"

#include <stdlib.h>

static int open_record(struct record_view *view, uint64_t key, struct slice value, struct err *err)
{
	size_t tables, start_bytes;

	if (value.len < sizeof(view->head) + TABLE_TAIL_BYTES)
		return table_corrupt(err, "a record value is short");
	memcpy(&view->head, value.data, sizeof(view->head));
	start_bytes = view->head.wide ? 4 : 2;
	tables = view->head.count * (start_bytes + 2);
	if (view->head.count == 0 || value.len < sizeof(view->head) + tables + TABLE_TAIL_BYTES)
		return table_corrupt(err, "a record value is damaged");
	view->last = key;
	view->starts = (const uint8_t *)value.data + sizeof(view->head);
	view->ends = view->starts + view->head.count * start_bytes;
	view->entries = view->starts + tables;
	view->entries_len = value.len - sizeof(view->head) - tables - TABLE_TAIL_BYTES;
	return 0;
}

static int load_record(struct table *table, const struct table_source *source, uint64_t address,
		       struct record_view *ret, size_t *ret_len, struct err *err)
{
	struct slice value;
	uint64_t key;
	int found = source->get(source->ctx, TABLE_RECORDS, address, &key, &value, err);

	if (found <= 0)
		return found;
	if (!key_set_has(&table->verified_records, key)) {
		if (table_verify(TABLE_RECORDS, key, value, err) < 0)
			return -1;
		key_set_add(&table->verified_records, key);
	}
	*ret_len = value.len;
	return open_record(ret, key, value, err) < 0 ? -1 : 1;
}

/* The directory */

void record_directory_release(struct record_directory *directory)
{
	free(directory->lasts);
	free(directory->slots);
}

static int learn_directory(struct record_directory *directory, const struct table_source *source,
			   struct err *err)
{
	size_t cap = 0;
	uint64_t from = 0;
	int found;

	directory->lasts = mem_calloc(1, sizeof(*directory->lasts));
	for (;;) {
		struct slice value;
		uint64_t key;

		found = source->get(source->ctx, TABLE_RECORDS, from, &key, &value, err);
		if (found <= 0)
			break;
		directory->lasts = grow_array(directory->lasts, &cap, directory->count + 1, sizeof(key));
		directory->lasts[directory->count++] = key;
		if (key == UINT64_MAX)
			break;
		from = key + 1;
	}
	if (found < 0) {
		free(directory->lasts);
		directory->lasts = NULL;
		directory->count = 0;
		return -1;
	}
	directory->slots = mem_calloc(directory->count + 1, sizeof(*directory->slots));
	return 0;
}

/* The first value that ends at or after the address; `count` if there is none. */
static size_t search_directory(const struct record_directory *directory, uint64_t address)
{
	const uint64_t *base = directory->lasts;
	size_t count = directory->count;

	while (count > 1) {
		size_t half = count / 2;

		base = base[half - 1] < address ? base + half : base;
		count -= half;
	}
	return (size_t)(base - directory->lasts) + (count && *base < address);
}

int record_find(struct table *table, const struct table_source *source, uint64_t address,
		const struct record_view **ret, struct err *err)
{
	enum { LEARN_AFTER = 64 }; /* a process that asks little has no use for a directory */
	struct record_directory *directory = &table->records;
	struct record_slot *slot;
	size_t index, len;
	int found;

	*ret = &table->found;
	if (directory->lasts == NULL && directory->asked++ < LEARN_AFTER)
		return load_record(table, source, address, &table->found, &len, err);
	if (directory->lasts == NULL && learn_directory(directory, source, err) < 0)
		return -1;
	index = search_directory(directory, address);
	if (index == directory->count)
		return 0;
	slot = &directory->slots[index];
	*ret = &slot->view;
	if (slot->stamp == table->stamp)
		return 1;
	found = load_record(table, source, directory->lasts[index], &slot->view, &len, err);
	if (found < 0)
		return -1;
	if (found == 0 || slot->view.last != directory->lasts[index])
		return table_corrupt(err, "a value is missing");
	table_hold_view(table, source, &slot->stamp, len);
	return 1;
}

static uint32_t start_at(const struct record_view *view, unsigned index)
{
	uint32_t start;
	uint16_t narrow;

	if (view->head.wide) {
		memcpy(&start, view->starts + (size_t)index * sizeof(start), sizeof(start));
		return start;
	}
	memcpy(&narrow, view->starts + (size_t)index * sizeof(narrow), sizeof(narrow));
	return narrow;
}

static unsigned end_at(const struct record_view *view, unsigned index)
{
	uint16_t end;

	memcpy(&end, view->ends + (size_t)index * sizeof(end), sizeof(end));
	return end;
}

/* The last entry that starts at or before `offset`; the first one starts at 0. */
static unsigned search_narrow(const struct record_view *view, uint32_t offset)
{
	const uint8_t *base = view->starts;
	unsigned count = view->head.count;

	while (count > 1) {
		unsigned half = count / 2;
		uint16_t start;

		memcpy(&start, base + half * sizeof(start), sizeof(start));
		base = start <= offset ? base + half * sizeof(start) : base;
		count -= half;
	}
	return (unsigned)(base - view->starts) / 2;
}

static unsigned search_wide(const struct record_view *view, uint32_t offset)
{
	const uint8_t *base = view->starts;
	unsigned count = view->head.count;

	while (count > 1) {
		unsigned half = count / 2;
		uint32_t start;

		memcpy(&start, base + half * sizeof(start), sizeof(start));
		base = start <= offset ? base + half * sizeof(start) : base;
		count -= half;
	}
	return (unsigned)(base - view->starts) / 4;
}

unsigned record_search(const struct record_view *view, uint64_t address)
{
	uint64_t offset = address - view->head.first;
	uint32_t clamped = offset > UINT32_MAX ? UINT32_MAX : (uint32_t)offset;

	return view->head.wide ? search_wide(view, clamped) : search_narrow(view, clamped);
}

unsigned record_search_from(const struct record_view *view, unsigned from, uint64_t address)
{
	enum { NEAR = 4 };
	uint64_t offset = address - view->head.first;

	for (unsigned i = from; i < from + NEAR; i++)
		if (i + 1 >= view->head.count || start_at(view, i + 1) > offset)
			return i;
	return record_search(view, address);
}

/* Entries */

/* Reads the head of a block's entry; -1: damaged. */
static int open_block_entry(const struct table *table, struct entry *entry, const uint8_t *at,
			    const uint8_t *end)
{
	uint64_t continued = 0;

	if ((size_t)(end - at) < table->header.name_bytes)
		return -1;
	memcpy(&entry->name, at, sizeof(entry->name)); /* what is read beyond it is there: slack */
	entry->name &= (uint32_t)(UINT64_C(0xffffffff) >> (32 - 8 * table->header.name_bytes));
	at += table->header.name_bytes;
	if (entry->flags & BLOCK_CONTINUED && (at = varint_get(at, end, &continued)) == NULL)
		return -1;
	entry->function_start = entry->start - continued;
	entry->body = slice_make(at, (size_t)(end - at));
	return continued <= entry->start ? 0 : -1;
}

/* The last of `count` PUBLICs that begins to serve at or before `offset`. */
static unsigned search_run(const uint8_t *data, uint64_t columns, unsigned count, unsigned width,
			   uint64_t offset)
{
	unsigned low = 0, high = count;

	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (bits_get(data, columns + (uint64_t)(middle - 1) * width, width) <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int open_run_entry(const struct table *table, struct entry *entry, const uint8_t *at,
			  const uint8_t *end, uint64_t address)
{
	const uint8_t *data = at;
	unsigned width, name_bits = table->header.name_bits, index;
	uint64_t back, columns, names;

	at = varint_get(at, end, &back);
	if (at == NULL || at == end || (width = *at++) > 32 || back > entry->start)
		return -1;
	columns = (uint64_t)(at - data) * 8;
	names = columns + (uint64_t)(entry->count - 1) * width;
	if (names + (uint64_t)entry->count * name_bits > (uint64_t)(end - data) * 8)
		return -1;
	index = search_run(data, columns, entry->count, width, address - entry->start);
	entry->function_start = entry->start - back;
	if (index)
		entry->function_start = entry->start +
					bits_get(data, columns + (index - 1) * (uint64_t)width, width);
	entry->name = bits_get(data, names + (uint64_t)index * name_bits, name_bits);
	return 0;
}

int record_entry(const struct table *table, const struct record_view *view, unsigned index, uint64_t address,
		 struct entry *ret, struct err *err)
{
	unsigned from = index ? end_at(view, index - 1) : 0, end = end_at(view, index);
	const uint8_t *at = view->entries + from;
	int result;

	if (end > view->entries_len || from > end || end - from < BLOCK_HEAD_BYTES)
		return table_corrupt(err, "an entry lies outside of its value");
	ret->start = view->head.first + start_at(view, index);
	ret->flags = at[0];
	ret->count = at[1] + 1U;
	at += BLOCK_HEAD_BYTES;
	result = ret->flags & BLOCK_PUBLICS ? open_run_entry(table, ret, at, view->entries + end, address)
					    : open_block_entry(table, ret, at, view->entries + end);
	if (result < 0 || ret->name >= table->header.names)
		return table_corrupt(err, "an entry is damaged");
	return 0;
}
