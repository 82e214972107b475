/* SPDX-License-Identifier: MIT */
/* Packing blocks. */
#include "symbols/block.h"

#include "symbols/bits.h"

/* What the packed form needs beyond the draft. */
struct layout {
	uint16_t numbers[BLOCK_NODES_MAX + 1]; /* of nodes, those with parent 0 first */
	uint32_t files[BLOCK_SEGMENTS];        /* distinct ones of the places */
	uint8_t file_index[BLOCK_SEGMENTS];    /* by place */
	unsigned top_count, file_count, size_shift;
	uint32_t least_line;
	unsigned place_bits, node_bits, origin_bits, call_bits, line_bits, file_bits, own_bits, index_bits;
};

static void number_nodes(const struct block_draft *draft, struct layout *layout)
{
	unsigned top = 0, rest;

	for (unsigned i = 0; i < draft->node_count; i++)
		layout->top_count += draft->nodes[i].parent == 0;
	rest = layout->top_count;
	layout->numbers[0] = 0;
	for (unsigned i = 0; i < draft->node_count; i++)
		layout->numbers[i + 1] = (uint16_t)(draft->nodes[i].parent ? ++rest : ++top);
}

static void collect_files(const struct block_draft *draft, struct layout *layout)
{
	for (unsigned i = 0; i < draft->place_count; i++) {
		unsigned at = 0;

		while (at < layout->file_count && layout->files[at] != draft->places[i].file)
			at++;
		if (at == layout->file_count)
			layout->files[layout->file_count++] = draft->places[i].file;
		layout->file_index[i] = (uint8_t)at;
	}
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void measure_segments(const struct block_draft *draft, struct layout *layout)
{
	uint64_t size = 0, place = 0;

	for (unsigned i = 0; i < draft->segment_count; i++) {
		size = max_of(size, draft->segments[i].size);
		place = max_of(place, draft->segments[i].place);
	}
	layout->size_shift = size <= UINT8_MAX ? 0 : size <= UINT16_MAX ? 1 : size <= UINT32_MAX ? 2 : 3;
	layout->place_bits = bits_for(place);
	layout->node_bits = bits_for(draft->node_count);
}

static void measure_nodes(const struct block_draft *draft, struct layout *layout)
{
	uint64_t origin = 0, call = 0;

	for (unsigned i = 0; i < draft->node_count; i++) {
		if (draft->nodes[i].parent)
			call = max_of(call, draft->nodes[i].call);
		else
			origin = max_of(origin, draft->nodes[i].origin);
	}
	layout->origin_bits = bits_for(origin);
	layout->call_bits = bits_for(call);
}

static void measure_places(const struct block_draft *draft, struct layout *layout)
{
	uint32_t least = UINT32_MAX, most = 0;
	uint64_t file = 0;

	for (unsigned i = 0; i < draft->place_count; i++) {
		if (draft->places[i].line < least)
			least = draft->places[i].line;
		most = (uint32_t)max_of(most, draft->places[i].line);
	}
	for (unsigned i = 0; i < layout->file_count; i++)
		file = max_of(file, layout->files[i]);
	layout->least_line = least;
	layout->line_bits = draft->place_count ? bits_for(most - least) : 0;
	layout->file_bits = bits_for(file);
	layout->index_bits = layout->file_count ? bits_for(layout->file_count - 1) : 0;
	layout->own_bits = draft->place_count ? bits_for(draft->place_count - 1) : 0;
}

static void put_head(const struct block_draft *draft, const struct layout *layout, struct buf *buf)
{
	unsigned flags = layout->size_shift << BLOCK_SIZE_SHIFT;

	if (draft->node_count)
		flags |= BLOCK_NODES;
	if (draft->place_count)
		flags |= BLOCK_PLACES;
	buf_add_byte(buf, (char)flags);
	buf_add_byte(buf, (char)(draft->segment_count - 1));
	buf_add_byte(buf, (char)layout->place_bits);
	if (draft->node_count) {
		varint_put(buf, draft->node_count);
		buf_add_byte(buf, (char)layout->top_count);
		buf_add_byte(buf, (char)layout->origin_bits);
		buf_add_byte(buf, (char)layout->call_bits);
	}
	if (draft->place_count) {
		buf_add_byte(buf, (char)draft->place_count);
		buf_add_byte(buf, (char)layout->file_count);
		buf_add_byte(buf, (char)layout->line_bits);
		buf_add_byte(buf, (char)layout->file_bits);
		varint_put(buf, layout->least_line);
	}
}

static void put_sizes(const struct block_draft *draft, const struct layout *layout, struct buf *buf)
{
	size_t width = (size_t)1 << layout->size_shift;
	char *at = buf_reserve(buf, draft->segment_count * width + sizeof(uint64_t));

	/* little endian: the low bytes; the high ones are written over by the next size */
	for (unsigned i = 0; i < draft->segment_count; i++)
		memcpy(at + i * width, &draft->segments[i].size, sizeof(uint64_t));
	buf->len += draft->segment_count * width;
}

static void put_columns(const struct block_draft *draft, const struct layout *layout, struct buf *buf)
{
	struct bit_writer writer = {.buf = buf};

	for (unsigned i = 0; i < draft->segment_count; i++)
		bits_put(&writer, layout->numbers[draft->segments[i].node], layout->node_bits);
	for (unsigned i = 0; i < draft->segment_count; i++)
		bits_put(&writer, draft->segments[i].place, layout->place_bits);
	for (unsigned i = 0; i < layout->file_count; i++)
		bits_put(&writer, layout->files[i], layout->file_bits);
	for (unsigned i = 0; i < draft->place_count; i++) {
		bits_put(&writer, draft->places[i].line - layout->least_line, layout->line_bits);
		bits_put(&writer, layout->file_index[i], layout->index_bits);
	}
	for (unsigned i = 0; i < draft->node_count; i++) {
		if (draft->nodes[i].parent)
			continue;
		bits_put(&writer, draft->nodes[i].origin, layout->origin_bits);
		bits_put(&writer, draft->nodes[i].call, layout->own_bits);
	}
	for (unsigned i = 0; i < draft->node_count; i++) {
		if (draft->nodes[i].parent == 0)
			continue;
		bits_put(&writer, layout->numbers[draft->nodes[i].parent], layout->node_bits);
		bits_put(&writer, draft->nodes[i].call, layout->call_bits);
	}
	bits_finish(&writer);
}

void block_encode(const struct block_draft *draft, struct buf *buf)
{
	struct layout layout;

	layout.top_count = layout.file_count = 0;
	number_nodes(draft, &layout);
	collect_files(draft, &layout);
	measure_segments(draft, &layout);
	measure_nodes(draft, &layout);
	measure_places(draft, &layout);
	put_head(draft, &layout, buf);
	put_sizes(draft, &layout, buf);
	put_columns(draft, &layout, buf);
}

/* Cutting */

static void keep_nodes(struct block_draft *draft)
{
	uint16_t numbers[BLOCK_NODES_MAX + 1] = {0};
	unsigned kept = 0;

	for (unsigned i = 0; i < draft->segment_count; i++)
		numbers[draft->segments[i].node] = 1;
	for (unsigned n = draft->node_count; n > 0; n--) /* parents have lower numbers */
		if (numbers[n])
			numbers[draft->nodes[n - 1].parent] = 1;
	numbers[0] = 0;
	for (unsigned n = 1; n <= draft->node_count; n++) {
		struct block_node node = draft->nodes[n - 1];

		if (numbers[n] == 0)
			continue;
		node.parent = numbers[node.parent];
		draft->nodes[kept++] = node;
		numbers[n] = (uint16_t)kept;
	}
	draft->node_count = kept;
	for (unsigned i = 0; i < draft->segment_count; i++)
		draft->segments[i].node = numbers[draft->segments[i].node];
}

void block_cut(struct block_draft *draft, uint64_t offset, uint64_t size)
{
	unsigned from = 0, kept = 0;

	while (draft->segments[from].size <= offset)
		offset -= draft->segments[from++].size;
	draft->segments[from].size -= offset;
	for (; size > 0; from++) {
		struct block_segment segment = draft->segments[from];

		if (segment.size > size)
			segment.size = size;
		size -= segment.size;
		draft->segments[kept++] = segment;
	}
	draft->segment_count = kept;
	keep_nodes(draft); /* places that nothing refers to stay: cuts are rare */
}
