/* SPDX-License-Identifier: MIT */
/* Many addresses: their frames, and each distinct name once. */
#include "base/mem.h"
#include "symbols/frames.h"
#include "symbols/grow.h"

#include <stdlib.h>

struct batch_name {
	uint32_t ordinal;
	struct slice text; /* in the arena; {NULL, 0}: still to be decoded */
};

struct name_batch {
	struct table *table;
	struct arena *arena;
	uint32_t *numbers; /* by ordinal: index into names + 1; 0: not met yet */
	struct batch_name *names; /* distinct ones, in order of first use */
	size_t count, cap, missing;
};

/* The numbers are the table's, which is asked again and again; between batches they are all 0. */
static void begin_batch(struct name_batch *batch, struct table *table, struct arena *arena)
{
	if (table->name_numbers == NULL)
		table->name_numbers =
			mem_calloc((size_t)table->header.names + 1, sizeof(*table->name_numbers));
	*batch = (struct name_batch){.table = table, .arena = arena, .numbers = table->name_numbers};
}

static void end_batch(struct name_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->numbers[batch->names[i].ordinal] = 0;
	free(batch->names);
}

static void add_name(struct name_batch *batch, uint32_t ordinal)
{
	struct batch_name *name;
	struct slice text;

	batch->names = grow_array(batch->names, &batch->cap, batch->count + 1, sizeof(*batch->names));
	name = &batch->names[batch->count++];
	*name = (struct batch_name){.ordinal = ordinal};
	if (names_recall(&batch->table->names, ordinal, &text))
		name->text = arena_copy(batch->arena, text);
	else
		batch->missing++;
	batch->numbers[ordinal] = (uint32_t)batch->count;
}

/* The frame's name, or, if it has to be decoded, {NULL, its index in the batch}. */
static void collect_name(struct name_batch *batch, struct symbol_frame *frame)
{
	uint32_t ordinal = frame_ordinal(frame), index;

	if (batch->numbers[ordinal] == 0)
		add_name(batch, ordinal);
	index = batch->numbers[ordinal] - 1;
	frame->function = batch->names[index].text;
	if (frame->function.data == NULL)
		frame->function.len = index;
}

/* ---- names that the ring has not ---- */

static int compare_ordinals(const void *a, const void *b)
{
	const struct batch_name *const *x = a, *const *y = b;

	return ((*x)->ordinal > (*y)->ordinal) - ((*x)->ordinal < (*y)->ordinal);
}

/* In ascending order: each group is decoded once. */
static int decode_missing(struct name_batch *batch, const struct table_source *source, struct err *err)
{
	struct batch_name **missing = mem_calloc(batch->missing, sizeof(struct batch_name *));
	size_t count = 0;
	int result = 0;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->names[i].text.data == NULL)
			missing[count++] = &batch->names[i];
	qsort(missing, count, sizeof(*missing), compare_ordinals);
	for (size_t i = 0; i < count && result == 0; i++) {
		struct slice text;

		result = names_decode(&batch->table->names, source, missing[i]->ordinal, &text, err);
		if (result == 0)
			missing[i]->text = arena_copy(batch->arena, text);
	}
	free(missing);
	return result;
}

static void fill_in_name(const struct name_batch *batch, struct symbol_frame *frame)
{
	if (frame->function.data == NULL)
		frame->function = batch->names[frame->function.len].text;
}

static void fill_in_names(const struct name_batch *batch, struct table_query *queries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct symbol_answer *answer = &queries[i].answer;
		struct symbol_frame *inlines = frames_inlines(answer);

		if (!queries[i].found)
			continue;
		for (uint32_t j = 0; j < answer->inline_count; j++)
			fill_in_name(batch, &inlines[j]);
		fill_in_name(batch, &answer->outer);
	}
}

/* ---- frames ---- */

/* The value and entry of the address before, from which the search goes on. */
struct batch_place {
	const struct record_view *view; /* NULL: none yet */
	unsigned index;
	bool beyond; /* behind all values */
};

/* 1, 0 where nothing covers the address, -1. */
static int resolve_address(struct name_batch *batch, const struct table_source *source,
			   struct batch_place *place, uint64_t address, struct symbol_answer *ret,
			   struct err *err)
{
	if (place->beyond)
		return 0;
	if (place->view == NULL || address > place->view->last) {
		int found = record_find(batch->table, source, address, &place->view, err);

		if (found <= 0) {
			place->beyond = true;
			return found;
		}
		place->index = 0;
	}
	if (address < place->view->head.first)
		return 0;
	place->index = record_search_from(place->view, place->index, address);
	return frames_resolve(batch->table, source, place->view, place->index, address, batch->arena, ret,
			      err);
}

static void collect_names(struct name_batch *batch, struct symbol_answer *answer)
{
	struct symbol_frame *inlines = frames_inlines(answer);

	for (uint32_t i = 0; i < answer->inline_count; i++)
		collect_name(batch, &inlines[i]);
	collect_name(batch, &answer->outer);
}

static int resolve_queries(struct name_batch *batch, const struct table_source *source,
			   struct table_query *queries, size_t count, struct err *err)
{
	struct batch_place place = {.view = NULL};

	for (size_t i = 0; i < count; i++) {
		struct symbol_answer *answer = &queries[i].answer;
		int found;

		*answer = (struct symbol_answer){.function_start = 0};
		found = resolve_address(batch, source, &place, queries[i].address, answer, err);
		if (found < 0)
			return -1;
		queries[i].found = found;
		if (found)
			collect_names(batch, answer);
	}
	return 0;
}

int table_lookup_sorted(struct table *table, const struct table_source *source, struct table_query *queries,
			size_t count, struct arena *arena, struct err *err)
{
	struct name_batch batch;
	int result;

	table_begin(table, source);
	begin_batch(&batch, table, arena);
	result = resolve_queries(&batch, source, queries, count, err);
	if (result == 0 && batch.missing) {
		result = decode_missing(&batch, source, err);
		if (result == 0)
			fill_in_names(&batch, queries, count);
	}
	end_batch(&batch);
	return result;
}
