/* SPDX-License-Identifier: MIT */
/* One address. */
#include "symbols/block.h"
#include "symbols/frames.h"

static int name_frame(struct table *table, const struct table_source *source, struct arena *arena,
		      struct symbol_frame *frame, struct err *err)
{
	uint32_t ordinal = frame_ordinal(frame);
	struct slice name;

	if (!names_recall(&table->names, ordinal, &name) &&
	    names_decode(&table->names, source, ordinal, &name, err) < 0)
		return -1;
	frame->function = arena_copy(arena, name);
	return 0;
}

static int name_answer(struct table *table, const struct table_source *source, struct arena *arena,
		       struct symbol_answer *answer, struct err *err)
{
	struct symbol_frame *inlines = frames_inlines(answer);

	for (uint32_t i = 0; i < answer->inline_count; i++)
		if (name_frame(table, source, arena, &inlines[i], err) < 0)
			return -1;
	return name_frame(table, source, arena, &answer->outer, err);
}

static int lookup(struct table *table, const struct table_source *source, uint64_t address,
		  struct arena *arena, struct symbol_answer *ret, struct err *err)
{
	const struct record_view *view;
	int found = record_find(table, source, address, &view, err);

	if (found > 0)
		found = frames_resolve(table, source, view, record_search(view, address), address, arena, ret,
				       err);
	if (found > 0 && name_answer(table, source, arena, ret, err) < 0)
		return -1;
	return found;
}

int table_lookup(struct table *table, const struct table_source *source, uint64_t address,
		 struct arena *arena, struct symbol_answer *ret_answer, struct err *err)
{
	table_begin(table, source);
	return lookup(table, source, address, arena, ret_answer, err);
}

/* Snappy's rule */

struct nearest {
	uint64_t start;
	uint32_t name; /* ordinal + 1, 0: none */
};

/*
 * The symbol that starts last before an address in a gap.  A PUBLIC would cover
 * the address, so it is a function; the one that starts last has its first
 * entry last, and behind that come only parts of functions around it.
 */
static int nearest_in(const struct table *table, const struct record_view *view, uint64_t address,
		      struct nearest *ret, struct err *err)
{
	*ret = (struct nearest){view->head.before_start, view->head.before_name};
	if (address < view->head.first)
		return 0;
	for (unsigned index = record_search(view, address) + 1; index-- > 0;) {
		struct entry entry;

		if (record_entry(table, view, index, address, &entry, err) < 0)
			return -1;
		if (entry.flags & BLOCK_CONTINUED)
			continue;
		*ret = (struct nearest){entry.function_start, entry.name + 1};
		return 0;
	}
	return 0;
}

int table_lookup_nearest(struct table *table, const struct table_source *source, uint64_t address,
			 struct arena *arena, struct symbol_answer *ret_answer, struct err *err)
{
	struct nearest nearest = {table->header.last_start, table->header.last_name};
	const struct record_view *view;
	int found;

	table_begin(table, source);
	found = lookup(table, source, address, arena, ret_answer, err);
	if (found != 0)
		return found;
	found = record_find(table, source, address, &view, err);
	if (found < 0 || (found > 0 && nearest_in(table, view, address, &nearest, err) < 0))
		return -1;
	if (nearest.name == 0)
		return 0;
	if (nearest.name > table->header.names)
		return table_corrupt(err, "a name is out of range");
	*ret_answer = (struct symbol_answer){.function_start = nearest.start};
	ret_answer->outer = frame_named(nearest.name - 1);
	return name_answer(table, source, arena, ret_answer, err) < 0 ? -1 : 1;
}
