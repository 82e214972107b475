/* SPDX-License-Identifier: MIT */
/* Many addresses: frames first, then the distinct names of all of them. */
#include "base/mem.h"
#include "symbols/frames.h"
#include "symbols/grow.h"

#include <stdlib.h>

struct wanted_name {
	uint32_t ordinal;
	uint32_t index; /* in names */
};

struct name_batch {
	struct arena *arena;
	uint32_t *slots; /* index + 1 */
	size_t slot_count;
	uint32_t *ordinals; /* distinct ones, in order of first use */
	struct slice *names;
	size_t count, cap;
};

static size_t find_name_slot(const struct name_batch *batch, uint32_t ordinal)
{
	size_t at = (ordinal * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (batch->slot_count - 1);

	while (batch->slots[at] && batch->ordinals[batch->slots[at] - 1] != ordinal)
		at = (at + 1) & (batch->slot_count - 1);
	return at;
}

static void grow_name_slots(struct name_batch *batch)
{
	free(batch->slots);
	batch->slot_count = batch->slot_count ? batch->slot_count * 2 : 64;
	batch->slots = mem_calloc(batch->slot_count, sizeof(*batch->slots));
	for (size_t i = 0; i < batch->count; i++)
		batch->slots[find_name_slot(batch, batch->ordinals[i])] = (uint32_t)i + 1;
}

/* Turns a frame's ordinal into the number of a distinct name. */
static void collect_name(struct name_batch *batch, struct symbol_frame *frame)
{
	uint32_t ordinal = frame_ordinal(frame);
	size_t at;

	if (batch->count * 2 >= batch->slot_count)
		grow_name_slots(batch);
	at = find_name_slot(batch, ordinal);
	if (batch->slots[at] == 0) {
		batch->ordinals = grow_array(batch->ordinals, &batch->cap, batch->count + 1,
					     sizeof(*batch->ordinals));
		batch->ordinals[batch->count++] = ordinal;
		batch->slots[at] = (uint32_t)batch->count;
	}
	frame->function.len = batch->slots[at] - 1;
}

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted_name *x = a, *y = b;

	return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* Those the ring has are copied at once; the others are decoded in ascending order, each group once. */
static int fetch_names(struct table *table, const struct table_source *source, struct name_batch *batch,
		       struct err *err)
{
	struct wanted_name *wanted = mem_alloc(batch->count * sizeof(*wanted) + 1);
	size_t count = 0;
	int result = 0;

	batch->names = mem_alloc(batch->count * sizeof(*batch->names) + 1);
	for (size_t i = 0; i < batch->count; i++) {
		struct slice name;

		if (names_recall(&table->names, batch->ordinals[i], &name))
			batch->names[i] = arena_copy(batch->arena, name);
		else
			wanted[count++] = (struct wanted_name){batch->ordinals[i], (uint32_t)i};
	}
	qsort(wanted, count, sizeof(*wanted), compare_wanted);
	for (size_t i = 0; i < count && result == 0; i++) {
		struct slice name;

		result = names_decode(&table->names, source, wanted[i].ordinal, &name, err);
		if (result == 0)
			batch->names[wanted[i].index] = arena_copy(batch->arena, name);
	}
	free(wanted);
	return result;
}

static void fill_in_names(const struct name_batch *batch, struct table_query *queries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct symbol_answer *answer = &queries[i].answer;
		struct symbol_frame *inlines = frames_inlines(answer);

		if (!queries[i].found)
			continue;
		for (uint32_t j = 0; j < answer->inline_count; j++)
			inlines[j].function = batch->names[inlines[j].function.len];
		answer->outer.function = batch->names[answer->outer.function.len];
	}
}

static int resolve_query(struct table *table, const struct table_source *source,
			 const struct record_view *view, struct table_query *query, struct name_batch *batch,
			 struct err *err)
{
	int found = frames_resolve(table, source, view, query->address, batch->arena, &query->answer, err);
	struct symbol_frame *inlines = frames_inlines(&query->answer);

	query->found = found > 0;
	if (found <= 0)
		return found;
	for (uint32_t i = 0; i < query->answer.inline_count; i++)
		collect_name(batch, &inlines[i]);
	collect_name(batch, &query->answer.outer);
	return 0;
}

static int resolve_queries(struct table *table, const struct table_source *source,
			   struct table_query *queries, size_t count, struct name_batch *batch,
			   struct err *err)
{
	struct record_view view;
	int found = 1;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		queries[i].found = false;
		queries[i].answer = (struct symbol_answer){.function_start = 0};
		if (found > 0 && (!any || queries[i].address > view.last)) {
			found = record_find(table, source, queries[i].address, &view, err);
			any = true;
		}
		if (found < 0)
			return -1;
		if (found > 0 && resolve_query(table, source, &view, &queries[i], batch, err) < 0)
			return -1;
	}
	return 0;
}

int table_lookup_sorted(struct table *table, const struct table_source *source, struct table_query *queries,
			size_t count, struct arena *arena, struct err *err)
{
	struct name_batch batch = {.arena = arena};
	int result;

	table_begin(table, source);
	result = resolve_queries(table, source, queries, count, &batch, err);
	if (result == 0)
		result = fetch_names(table, source, &batch, err);
	if (result == 0)
		fill_in_names(&batch, queries, count);
	free(batch.slots);
	free(batch.ordinals);
	free(batch.names);
	return result;
}
