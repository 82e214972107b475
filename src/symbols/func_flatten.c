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
	f->emit = emit;
	f->ctx = ctx;
}

void func_flatten_release(struct func_flatten *f)
{
	arena_release(&f->spans);
	free(f->sorted_lines);
	inline_nodes_release(&f->nodes);
	buf_release(&f->packed);
	f->sorted_lines = NULL;
	f->nodes = (struct inline_nodes){NULL, 0, 0};
}

/* From addresses to offsets in the function, without what lies outside; false if nothing is left. */
static bool clip(const struct sym_function *function, struct span *span)
{
	uint64_t function_last = function->address + (function->size - 1);

	if (span->last < function->address || span->start > function_last)
		return false;
	span->start = span->start > function->address ? span->start - function->address : 0;
	span->last = (span->last < function_last ? span->last : function_last) - function->address;
	return true;
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

/* Goes to the next line that is kept (rule R19: before clipping) and has a part in the function (R21). */
static void next_line(struct func_flatten *f)
{
	for (f->has_line = false; f->line < f->line_end && !f->has_line; f->line++) {
		const struct sym_line *line = f->line;

		if (line->size == 0 || (f->any_kept && line->address <= f->kept_last))
			continue;
		f->any_kept = true;
		f->kept_last = line->address + (line->size - 1);
		f->line_span = (struct span){.start = line->address, .last = f->kept_last};
		f->has_line = clip(f->function, &f->line_span);
		f->line_file = dictionary_file(f->dictionary, line->file);
		f->line_number = f->line_file == FILE_NONE ? 0 : line->line;
	}
}

static void start_lines(struct func_flatten *f)
{
	f->line = f->function->lines;
	if (!lines_ascend(f->function))
		sort_lines(f);
	f->line_end = f->function->line_count ? f->line + f->function->line_count : f->line;
	f->any_kept = false;
	next_line(f);
}

/* Inline ranges */

struct level_spans {
	struct span *spans;
	size_t count;
};

static unsigned count_levels(const struct sym_function *function)
{
	unsigned count = 0;

	for (size_t i = 0; i < function->inline_count; i++)
		if (function->inlines[i].level >= count)
			count = function->inlines[i].level + 1U;
	return count;
}

/* One list per level, in file order. */
static void split_levels(struct func_flatten *f, struct level_spans *lists, unsigned level_count)
{
	const struct sym_function *function = f->function;
	struct span *room = arena_alloc(&f->spans, function->range_count * sizeof(*room));

	for (size_t i = 0; i < function->range_count; i++)
		lists[function->inlines[function->ranges[i].inlined].level].count++;
	for (unsigned level = 0; level < level_count; level++) {
		lists[level].spans = room;
		room += lists[level].count;
		lists[level].count = 0;
	}
	for (size_t i = 0; i < function->range_count; i++) {
		const struct sym_range *range = &function->ranges[i];
		struct level_spans *list = &lists[function->inlines[range->inlined].level];

		if (range->size)
			list->spans[list->count++] = (struct span){
				range->address, range->address + (range->size - 1), range->inlined};
	}
}

/* Makes them disjoint, by their starts as written (rule R27), and only then offsets in the function. */
static void flatten_level(struct func_flatten *f, struct level_spans *list)
{
	size_t kept = 0;

	if (!spans_are_disjoint(list->spans, list->count))
		spans_sort(list->spans, list->count);
	if (!spans_are_disjoint(list->spans, list->count)) {
		struct span *pieces = arena_alloc(&f->spans, list->count * 2 * sizeof(*pieces));

		list->count = spans_flatten(list->spans, list->count, pieces);
		list->spans = pieces;
	}
	for (size_t i = 0; i < list->count; i++)
		if (clip(f->function, &list->spans[i]))
			list->spans[kept++] = list->spans[i];
	list->count = kept;
}

/* Levels below one without any range are never reached (rule R27). */
static void start_levels(struct func_flatten *f)
{
	unsigned count = count_levels(f->function);
	struct level_spans *lists = arena_calloc(&f->spans, count, sizeof(*lists));

	f->level_count = f->depth = 0;
	inline_nodes_clear(&f->nodes);
	split_levels(f, lists, count);
	for (; f->level_count < count; f->level_count++) {
		struct level_spans *list = &lists[f->level_count];

		flatten_level(f, list);
		if (list->count == 0)
			return;
		f->levels[f->level_count].at = list->spans;
		f->levels[f->level_count].end = list->spans + list->count;
	}
}

static uint32_t node_of(struct func_flatten *f, uint32_t parent, uint32_t inlined)
{
	const struct sym_inline *record = &f->function->inlines[inlined];
	uint32_t file = dictionary_file(f->dictionary, record->call_file);

	return inline_nodes_child(&f->nodes, parent, dictionary_origin(f->dictionary, record->origin), file,
				  file == FILE_NONE ? 0 : record->call_line);
}

/* Leaves the levels whose range ended before `at`, enters those that cover it. */
static void update_levels(struct func_flatten *f, uint64_t at)
{
	if (f->depth > 0 && f->levels[f->depth - 1].last < at) {
		unsigned keep = 0;

		while (f->levels[keep].last >= at)
			keep++;
		f->depth = keep;
	}
	for (; f->depth < f->level_count; f->depth++) {
		struct flat_level *level = &f->levels[f->depth];
		const struct flat_level *above = f->depth ? level - 1 : NULL;

		while (level->at < level->end && level->at->last < at)
			level->at++;
		if (level->at == level->end || level->at->start > at)
			return;
		level->node = node_of(f, above ? above->node : 0, level->at->id);
		level->last = level->at->last;
		if (above && above->last < level->last)
			level->last = above->last;
	}
}

/* Blocks */

static int close_block(struct func_flatten *f, uint64_t end, struct err *err)
{
	uint64_t start = f->block_start;

	if (f->draft.segment_count == 0)
		return 0;
	buf_clear(&f->packed);
	block_encode(&f->draft, &f->packed);
	f->draft.segment_count = f->draft.node_count = f->draft.place_count = 0;
	memset(f->place_slots, 0, sizeof(f->place_slots));
	f->block_number++;
	f->block_start = end;
	return f->emit(f->ctx, start, end - start, buf_slice(&f->packed), err);
}

static uint32_t own_place(struct func_flatten *f, uint32_t file, uint32_t line)
{
	struct block_draft *draft = &f->draft;
	unsigned at = (line * 7 + file * 31) % sizeof(f->place_slots);

	for (; f->place_slots[at]; at = (at + 1) % sizeof(f->place_slots)) {
		const struct block_place *place = &draft->places[f->place_slots[at] - 1];

		if (place->file == file && place->line == line)
			return f->place_slots[at] - 1U;
	}
	draft->places[draft->place_count++] = (struct block_place){file, line};
	f->place_slots[at] = (uint8_t)draft->place_count;
	return draft->place_count - 1;
}

static bool is_in_block(const struct func_flatten *f, uint32_t node)
{
	return node == 0 || f->nodes.nodes[node].block == f->block_number;
}

static unsigned count_new_nodes(const struct func_flatten *f, uint32_t node)
{
	unsigned count = 0;

	for (; !is_in_block(f, node); node = f->nodes.nodes[node].parent)
		count++;
	return count;
}

static void add_node(struct func_flatten *f, uint32_t number)
{
	struct inline_node *node = &f->nodes.nodes[number];
	const struct inline_node *parent = &f->nodes.nodes[node->parent];
	struct block_node *added = &f->draft.nodes[f->draft.node_count++];

	added->parent = node->parent ? parent->in_block : 0;
	added->origin = node->origin;
	if (node->parent && node->call == NODE_CALL_UNKNOWN)
		node->call = dictionary_call(f->dictionary, parent->origin, node->origin, node->call_file,
					     node->call_line);
	added->call = node->parent ? node->call : own_place(f, node->call_file, node->call_line);
	node->block = f->block_number;
	node->in_block = (uint16_t)f->draft.node_count;
}

/* The node's number in the block; it and its ancestors are added, outermost first. */
static uint32_t block_node(struct func_flatten *f, uint32_t node)
{
	uint32_t path[INLINE_DEPTH_MAX];
	unsigned count = 0;

	for (uint32_t at = node; !is_in_block(f, at); at = f->nodes.nodes[at].parent)
		path[count++] = at;
	while (count)
		add_node(f, path[--count]);
	return node ? f->nodes.nodes[node].in_block : 0;
}

static int put_segment(struct func_flatten *f, uint64_t end, struct err *err)
{
	struct flat_segment s = f->pending;
	struct block_segment segment = {.size = end - s.start};

	if (f->draft.segment_count == BLOCK_SEGMENTS ||
	    f->draft.node_count + count_new_nodes(f, s.node) > BLOCK_NODES_MAX)
		if (close_block(f, s.start, err) < 0)
			return -1;
	segment.node = block_node(f, s.node);
	if (s.file != FILE_NONE)
		segment.place = 1 + (s.node ? dictionary_place(f->dictionary, f->nodes.nodes[s.node].origin,
							       s.file, s.line)
					    : own_place(f, s.file, s.line));
	f->draft.segments[f->draft.segment_count++] = segment;
	return 0;
}

/* The sweep */

static bool pending_differs(const struct func_flatten *f, const struct flat_segment *next)
{
	return f->pending.node != next->node || f->pending.file != next->file ||
	       f->pending.line != next->line;
}

/* From `at` on: what covers it, and up to where that stays so. */
static struct flat_segment look(struct func_flatten *f, uint64_t at, uint64_t *ret_last)
{
	struct flat_segment segment = {.start = at};
	uint64_t last = f->function->size - 1;

	while (f->has_line && f->line_span.last < at)
		next_line(f);
	if (f->has_line && f->line_span.start <= at) {
		segment.file = f->line_file;
		segment.line = f->line_number;
		last = f->line_span.last;
	} else if (f->has_line) {
		last = f->line_span.start - 1;
	}
	update_levels(f, at);
	if (f->depth > 0) {
		segment.node = f->levels[f->depth - 1].node;
		if (f->levels[f->depth - 1].last < last)
			last = f->levels[f->depth - 1].last;
	}
	if (f->depth < f->level_count) {
		const struct flat_level *next = &f->levels[f->depth];

		if (next->at < next->end && next->at->start <= last)
			last = next->at->start - 1;
	}
	*ret_last = last;
	return segment;
}

static int sweep(struct func_flatten *f, struct err *err)
{
	uint64_t at = 0, last;

	f->pending = look(f, 0, &last);
	for (at = last + 1; at < f->function->size; at = last + 1) {
		struct flat_segment next = look(f, at, &last);

		if (!pending_differs(f, &next))
			continue;
		if (f->nodes.count > NODES_FREE + NODES_PER_RANGE * f->function->range_count)
			return err_set(err, ERR_LIMIT,
				       "the inlined functions of one FUNC make too many chains");
		if (put_segment(f, at, err) < 0)
			return -1;
		f->pending = next;
	}
	if (put_segment(f, f->function->size, err) < 0)
		return -1;
	return close_block(f, f->function->size, err);
}

int func_flatten(struct func_flatten *f, const struct sym_function *function, struct err *err)
{
	f->function = function;
	arena_clear(&f->spans);
	start_lines(f);
	start_levels(f);
	f->draft.segment_count = f->draft.node_count = f->draft.place_count = 0;
	memset(f->place_slots, 0, sizeof(f->place_slots));
	f->block_number++;
	f->block_start = 0;
	return sweep(f, err);
}
