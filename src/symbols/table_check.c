/* SPDX-License-Identifier: MIT */
/* Looking a whole table over, and telling what answers for an address. */
#include "symbols/block.h"
#include "symbols/record_read.h"

static int check_record(struct table *table, const struct table_source *source, uint64_t last, struct slice value,
			struct arena *arena, struct err *err)
{
	struct symbol_answer answer;
	struct record_head head;

	if (value.len < sizeof(head) + TABLE_TAIL_BYTES)
		return table_corrupt(err, "a value is short");
	memcpy(&head, value.data, sizeof(head));
	if (head.first > last)
		return table_corrupt(err, "a record value begins behind its end");
	arena_clear(arena);
	if (table_lookup(table, source, head.first, arena, &answer, err) < 0 ||
	    table_lookup(table, source, last, arena, &answer, err) < 0)
		return -1;
	return 0;
}

static int check_kind(struct table *table, const struct table_source *source, unsigned kind, struct arena *arena,
		      struct err *err)
{
	uint64_t key, next = 0;
	struct slice value;
	int found;

	while ((found = source->get(source->ctx, kind, next, &key, &value, err)) > 0) {
		if (table_verify(kind, key, value, err) < 0 ||
		    (kind == TABLE_RECORDS && check_record(table, source, key, value, arena, err) < 0))
			return -1;
		if (key == UINT64_MAX)
			return 0;
		next = key + 1;
	}
	return found;
}

int table_check(struct table *table, const struct table_source *source, struct err *err)
{
	struct arena arena = ARENA_INIT;
	int result = 0;

	for (unsigned kind = TABLE_HEADER; kind <= TABLE_PATHS && result == 0; kind++)
		result = check_kind(table, source, kind, &arena, err);
	arena_release(&arena);
	return result;
}

int table_covering(struct table *table, const struct table_source *source, uint64_t address, bool *ret_is_public,
		   struct err *err)
{
	const struct record_view *view;
	struct symbol_answer answer;
	struct arena arena = ARENA_INIT;
	struct entry entry;
	int found = table_lookup(table, source, address, &arena, &answer, err);

	arena_release(&arena);
	if (found > 0)
		found = record_find(table, source, address, &view, err);
	if (found > 0 && record_entry(table, view, record_search(view, address), address, &entry, err) < 0)
		return -1;
	if (found > 0)
		*ret_is_public = entry.flags & BLOCK_PUBLICS;
	return found;
}
