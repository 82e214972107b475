/* SPDX-License-Identifier: MIT */
/* The sweep over one function: where a line or an inline range begins or ends, a segment does. */
#include "symbols/func_flatten.h"

#include "symbols/grow.h"

#include <stdlib.h>

/*
 * A text can ask for far more nodes than it has records: one outermost call
 * after another above a deep chain of long ranges.  Real ones make at most one
 * node of each range.
 */
enum { NODES_FREE = 1 << 20, NODES_PER_RANGE = 4 };

void func_flatten_init(struct func_flatten *f, struct dictionary *dictionary, func_block_fn *emit, void *ctx)
{
	memset(f, 0, sizeof(*f));
	f->dictionary = dictionary;
	func_blocks_init(&f->blocks, dictionary, &f->nodes, emit, ctx);
}

void func_flatten_release(struct func_flatten *f)
{
	arena_release(&f->spans);
	free(f->sorted_lines);
	f->sorted_lines = NULL;
	inline_nodes_release(&f->nodes);
	func_blocks_release(&f->blocks);
}

/* Lines */

static bool lines_ascend(const struct sym_function *function)
{
	for (size_t i = 1; i < function->line_count; i++)
		if (function->lines[i].address < function->lines[i - 1].address)
			return false;
	return true;
}

/* Spans sort equal starts by falling id, lines want the first one first: hence ids from the end. */
static void sort_lines(struct func_flatten *f)
{
	const struct sym_function *function = f->function;
	size_t count = function->line_count;
	struct span *order = arena_alloc(&f->spans, count * sizeof(*order));

	for (size_t i = 0; i < count; i++)
		order[i] = (struct span){.start = function->lines[i].address,
					 .id = (uint32_t)(count - 1 - i)};
	spans_sort(order, count);
	f->sorted_lines = grow_array(f->sorted_lines, &f->sorted_cap, count, sizeof(*f->sorted_lines));
	for (size_t i = 0; i < count; i++)
		f->sorted_lines[i] = function->lines[count - 1 - order[i].id];
	f->line = f->sorted_lines;
}

static void start_lines(struct func_flatten *f)
{
	f->line = f->function->lines;
	if (!lines_ascend(f->function))
		sort_lines(f);
	f->line_end = f->function->line_count ? f->line + f->function->line_count : f->line;
	f->any_kept = false;
}

/* A line that begins in one that was kept is not (rule R19: with their bounds as written). */
static bool is_kept(const struct func_flatten *f, const struct sym_line *line)
{
	return line->size != 0 && (!f->any_kept || line->address > f->kept_last);
}

/* Goes to the line that covers `at`, or to the gap there.  Lines passed by are those that end before. */
static void advance_line(struct func_flatten *f, uint64_t at)
{
	f->line_file = f->line_number = 0;
	for (f->line_last = f->function_last; f->line < f->line_end; f->line++) {
		const struct sym_line *line = f->line;
		uint64_t last = line->address + (line->size - 1);

		if (!is_kept(f, line) || last < at) {
			if (is_kept(f, line)) {
				f->any_kept = true;
				f->kept_last = last;
			}
			continue;
		}
		if (line->address > at) {
			if (line->address <= f->function_last)
				f->line_last = line->address - 1;
			return;
		}
		f->any_kept = true;
		f->kept_last = last;
		f->line++;
		if (last < f->line_last)
			f->line_last = last;
		f->line_file = dictionary_file(f->dictionary, line->file);
		if (f->line_file != FILE_NONE)
			f->line_number = line->line;
		return;
	}
}

/* Inline ranges */

struct level_spans {
	struct span *spans;
	size_t count;
};

static unsigned count_levels(const struct sym_function *function)
{
	unsigned count = 0;

	for (size_t i = 0; i < function->range_count; i++)
		if (function->ranges[i].level >= count)
			count = function->ranges[i].level + 1U;
	return count;
}

/* One list per level, in file order. */
static void split_levels(struct func_flatten *f, struct level_spans *lists, unsigned level_count)
{
	const struct sym_function *function = f->function;
	struct span *room = arena_alloc(&f->spans, function->range_count * sizeof(*room));

	for (size_t i = 0; i < function->range_count; i++)
		lists[function->ranges[i].level].count++;
	for (unsigned level = 0; level < level_count; level++) {
		lists[level].spans = room;
		room += lists[level].count;
		lists[level].count = 0;
	}
	for (size_t i = 0; i < function->range_count; i++) {
		const struct sym_range *range = &function->ranges[i];
		struct level_spans *list = &lists[range->level];

		list->spans[list->count++] = (struct span){
			range->address, range->address + (range->size - 1), range->inlined};
	}
}

/* Makes them disjoint, by their starts as written (rule R27). */
static void flatten_level(struct func_flatten *f, struct level_spans *list)
{
	if (spans_are_disjoint(list->spans, list->count))
		return;
	spans_sort(list->spans, list->count);
	if (!spans_are_disjoint(list->spans, list->count)) {
		struct span *pieces = arena_alloc(&f->spans, list->count * 2 * sizeof(*pieces));

		list->count = spans_flatten(list->spans, list->count, pieces);
		list->spans = pieces;
	}
}

/* Levels below one without any range are never reached (rule R27). */
static void start_levels(struct func_flatten *f)
{
	unsigned count = count_levels(f->function);
	struct level_spans *lists;

	f->level_count = f->depth = 0;
	inline_nodes_clear(&f->nodes);
	if (count == 0)
		return;
	lists = arena_calloc(&f->spans, count, sizeof(*lists));
	split_levels(f, lists, count);
	for (; f->level_count < count && lists[f->level_count].count; f->level_count++) {
		struct level_spans *list = &lists[f->level_count];

		flatten_level(f, list);
		f->levels[f->level_count].at = list->spans;
		f->levels[f->level_count].end = list->spans + list->count;
	}
}

/* Goes into the level's range that covers `at`; false if none does. */
static bool enter_level(struct func_flatten *f, struct flat_level *level, const struct flat_level *above,
			uint64_t at)
{
	while (level->at < level->end && level->at->last < at)
		level->at++;
	if (level->at == level->end || level->at->start > at)
		return false;
	level->node = inline_nodes_child(&f->nodes, above ? above->node : 0, f->function->inlines,
					 level->at->id, f->dictionary);
	level->last = level->at->last;
	if (above && above->last < level->last)
		level->last = above->last;
	return true;
}

/* Leaves the levels whose range ended before `at`, enters those that cover it. */
static void advance_levels(struct func_flatten *f, uint64_t at)
{
	const struct flat_level *above;

	while (f->depth > 0 && f->levels[f->depth - 1].last < at)
		f->depth--;
	above = f->depth ? &f->levels[f->depth - 1] : NULL;
	while (f->depth < f->level_count && enter_level(f, &f->levels[f->depth], above, at))
		above = &f->levels[f->depth++];
	f->levels_last = above && above->last < f->function_last ? above->last : f->function_last;
	if (f->depth < f->level_count) {
		const struct flat_level *next = &f->levels[f->depth];

		if (next->at < next->end && next->at->start <= f->levels_last)
			f->levels_last = next->at->start - 1;
	}
}

/* The sweep */

static bool differ(const struct flat_segment *a, const struct flat_segment *b)
{
	return a->node != b->node || a->line != b->line || a->file != b->file;
}

static struct flat_segment segment_at(const struct func_flatten *f, uint64_t at)
{
	return (struct flat_segment){
		.start = at,
		.node = f->depth ? f->levels[f->depth - 1].node : 0,
		.file = f->line_file,
		.line = f->line_number,
	};
}

static int put(struct func_flatten *f, const struct flat_segment *segment, uint64_t end, struct err *err)
{
	if (f->nodes.count > NODES_FREE + NODES_PER_RANGE * f->function->range_count)
		return err_set(err, ERR_LIMIT, "the inlined functions of one FUNC make too many chains");
	return func_blocks_put(&f->blocks, segment, end, err);
}

static int sweep(struct func_flatten *f, struct err *err)
{
	uint64_t at = f->function->address;
	struct flat_segment pending, next;

	advance_line(f, at);
	advance_levels(f, at);
	pending = segment_at(f, at);
	for (;;) {
		uint64_t last = f->line_last < f->levels_last ? f->line_last : f->levels_last;

		at = last + 1;
		if (last == f->function_last)
			break;
		if (f->line_last == last)
			advance_line(f, at);
		if (f->levels_last == last)
			advance_levels(f, at);
		next = segment_at(f, at);
		if (!differ(&pending, &next))
			continue;
		if (put(f, &pending, at, err) < 0)
			return -1;
		pending = next;
	}
	if (put(f, &pending, at, err) < 0)
		return -1;
	return func_blocks_end(&f->blocks, at, err);
}

int func_flatten(struct func_flatten *f, const struct sym_function *function, struct err *err)
{
	f->function = function;
	f->function_last = function->address + (function->size - 1);
	arena_clear(&f->spans);
	start_lines(f);
	start_levels(f);
	func_blocks_begin(&f->blocks, function->address);
	return sweep(f, err);
}
