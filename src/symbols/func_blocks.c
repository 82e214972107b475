/* SPDX-License-Identifier: MIT */
/* A block takes the segments, and of nodes and places what they refer to. */
#include "symbols/func_blocks.h"

void func_blocks_init(struct func_blocks *b, struct dictionary *dictionary, struct inline_nodes *nodes,
		      func_block_fn *emit, void *ctx)
{
	memset(b, 0, sizeof(*b));
	b->dictionary = dictionary;
	b->nodes = nodes;
	b->emit = emit;
	b->ctx = ctx;
}

void func_blocks_release(struct func_blocks *b)
{
	buf_release(&b->packed);
}

static void start_block(struct func_blocks *b, uint64_t start)
{
	b->draft.segment_count = b->draft.node_count = 0;
	if (b->draft.place_count)
		memset(b->place_slots, 0, sizeof(b->place_slots));
	b->draft.place_count = b->place_count = 0;
	b->block_number++;
	b->block_start = start;
}

void func_blocks_begin(struct func_blocks *b, uint64_t function_start)
{
	b->function_start = function_start;
	start_block(b, function_start);
}

static uint32_t own_place(struct func_blocks *b, uint32_t file, uint32_t line)
{
	struct block_draft *draft = &b->draft;
	unsigned at = (line * 7 + file * 31) % sizeof(b->place_slots);

	for (; b->place_slots[at]; at = (at + 1) % sizeof(b->place_slots)) {
		const struct block_place *place = &draft->places[b->place_slots[at] - 1];

		if (place->file == file && place->line == line)
			return b->place_slots[at] - 1U;
	}
	draft->places[draft->place_count++] = (struct block_place){file, line};
	b->place_slots[at] = (uint8_t)draft->place_count;
	return draft->place_count - 1;
}

static bool is_in_block(const struct func_blocks *b, uint32_t node)
{
	return node == 0 || b->nodes->nodes[node].block == b->block_number;
}

static unsigned count_new_nodes(const struct func_blocks *b, uint32_t node)
{
	unsigned count = 0;

	for (; !is_in_block(b, node); node = b->nodes->nodes[node].parent)
		count++;
	return count;
}

static void add_node(struct func_blocks *b, uint32_t number)
{
	struct inline_node *node = &b->nodes->nodes[number];
	const struct inline_node *parent = &b->nodes->nodes[node->parent];
	struct block_node *added = &b->draft.nodes[b->draft.node_count++];

	added->parent = node->parent ? parent->in_block : 0;
	added->origin = node->origin;
	if (node->parent == 0)
		added->call = own_place(b, node->call_file, node->call_line);
	node->block = b->block_number;
	node->in_block = (uint16_t)b->draft.node_count;
	b->node_numbers[node->in_block - 1] = number;
}

/* The node and its ancestors, outermost first. */
static void add_chain(struct func_blocks *b, uint32_t node)
{
	uint32_t path[INLINE_DEPTH_MAX];
	unsigned count = 0;

	for (; !is_in_block(b, node); node = b->nodes->nodes[node].parent)
		path[count++] = node;
	while (count)
		add_node(b, path[--count]);
}

/* What the dictionary numbers */

static void number_places(struct func_blocks *b)
{
	ref_table_find(&b->dictionary->places, b->places, b->place_count);
	for (unsigned i = 0; i < b->place_count; i++)
		b->draft.segments[b->place_segments[i]].place = 1 + b->places[i].number;
}

static struct ref call_to(const struct inline_nodes *nodes, uint32_t number)
{
	const struct inline_node *node = &nodes->nodes[number];

	return (struct ref){.origin = nodes->nodes[node->parent].origin,
			    .callee = node->origin,
			    .file = node->call_file,
			    .line = node->call_line};
}

/* Calls from inlined code that no block before had, as many of them as are asked for at once. */
static void number_calls_from(struct func_blocks *b, unsigned *from)
{
	struct ref calls[REF_BATCH_MAX];
	uint32_t numbers[REF_BATCH_MAX];
	unsigned count = 0;

	for (; *from < b->draft.node_count && count < REF_BATCH_MAX; (*from)++) {
		const struct inline_node *node = &b->nodes->nodes[b->node_numbers[*from]];

		if (node->parent == 0 || node->call != NODE_CALL_UNKNOWN)
			continue;
		numbers[count] = b->node_numbers[*from];
		calls[count++] = call_to(b->nodes, b->node_numbers[*from]);
	}
	ref_table_find(&b->dictionary->calls, calls, count);
	for (unsigned i = 0; i < count; i++)
		b->nodes->nodes[numbers[i]].call = calls[i].number;
}

static void number_calls(struct func_blocks *b)
{
	for (unsigned i = 0; i < b->draft.node_count;)
		number_calls_from(b, &i);
	for (unsigned i = 0; i < b->draft.node_count; i++)
		if (b->draft.nodes[i].parent)
			b->draft.nodes[i].call = b->nodes->nodes[b->node_numbers[i]].call;
}

int func_blocks_end(struct func_blocks *b, uint64_t end, struct err *err)
{
	uint64_t start = b->block_start;

	number_places(b);
	number_calls(b);
	buf_clear(&b->packed);
	block_encode(&b->draft, &b->packed);
	start_block(b, end);
	return b->emit(b->ctx, start - b->function_start, end - start, buf_slice(&b->packed), err);
}

/* Segments */

/* The own place, which is known at once, or 0; a place of inlined code is noted for number_places(). */
static uint32_t place_of(struct func_blocks *b, const struct flat_segment *s)
{
	if (s->file == FILE_NONE)
		return 0;
	if (s->node == 0)
		return 1 + own_place(b, s->file, s->line);
	b->place_segments[b->place_count] = (uint8_t)b->draft.segment_count;
	b->places[b->place_count++] = (struct ref){
		.origin = b->nodes->nodes[s->node].origin, .file = s->file, .line = s->line};
	return 0;
}

int func_blocks_put(struct func_blocks *b, const struct flat_segment *s, uint64_t end, struct err *err)
{
	struct block_draft *draft = &b->draft;
	struct block_segment segment = {.size = end - s->start};

	if (draft->segment_count == BLOCK_SEGMENTS ||
	    (!is_in_block(b, s->node) && draft->node_count + count_new_nodes(b, s->node) > BLOCK_NODES_MAX))
		if (func_blocks_end(b, s->start, err) < 0)
			return -1;
	if (!is_in_block(b, s->node))
		add_chain(b, s->node);
	segment.node = s->node ? b->nodes->nodes[s->node].in_block : 0;
	segment.place = place_of(b, s);
	draft->segments[draft->segment_count++] = segment;
	return 0;
}
