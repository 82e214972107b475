/* SPDX-License-Identifier: MIT */
/* Reading packed blocks. */
#include "symbols/block.h"

#include "symbols/bits.h"

static const uint8_t *open_nodes(struct block_view *view, const uint8_t *at, const uint8_t *end)
{
	uint64_t count;

	at = varint_get(at, end, &count);
	if (at == NULL || end - at < 3 || count == 0 || count > BLOCK_NODES_MAX)
		return NULL;
	view->node_count = (unsigned)count;
	view->top_count = at[0];
	view->origin_bits = at[1];
	view->call_bits = at[2];
	if (view->top_count == 0 || view->top_count > view->node_count || view->origin_bits > 32 ||
	    view->call_bits > 32)
		return NULL;
	return at + 3;
}

static const uint8_t *open_places(struct block_view *view, const uint8_t *at, const uint8_t *end)
{
	if (end - at < 4)
		return NULL;
	view->place_count = at[0];
	view->file_count = at[1];
	view->line_bits = at[2];
	view->file_bits = at[3];
	if (view->place_count == 0 || view->file_count == 0 || view->line_bits > 32 || view->file_bits > 32)
		return NULL;
	return varint_get(at + 4, end, &view->least_line);
}

/* Where the columns lie; false if they do not fit. */
static bool place_columns(struct block_view *view, const uint8_t *at, size_t len)
{
	uint64_t bit;

	view->node_bits = bits_for(view->node_count);
	view->index_bits = view->file_count ? bits_for(view->file_count - 1) : 0;
	view->own_bits = view->place_count ? bits_for(view->place_count - 1) : 0;
	view->sizes = (size_t)(at - view->data);
	bit = (view->sizes + ((uint64_t)view->count << view->size_shift)) * 8;
	view->nodes = bit;
	bit += (uint64_t)view->count * view->node_bits;
	view->segment_places = bit;
	bit += (uint64_t)view->count * view->place_bits;
	view->files = bit;
	bit += (uint64_t)view->file_count * view->file_bits;
	view->places = bit;
	bit += (uint64_t)view->place_count * (view->line_bits + view->index_bits);
	view->tops = bit;
	bit += (uint64_t)view->top_count * (view->origin_bits + view->own_bits);
	view->rest = bit;
	bit += (uint64_t)(view->node_count - view->top_count) * (view->node_bits + view->call_bits);
	return bit <= (uint64_t)len * 8;
}

int block_open(struct block_view *view, unsigned flags, unsigned count, struct slice body)
{
	const uint8_t *at = (const uint8_t *)body.data, *end = at + body.len;

	*view = (struct block_view){.data = at, .count = count, .size_shift = flags >> BLOCK_SIZE_SHIFT & 3};
	if (count == 0 || count > BLOCK_SEGMENTS || body.len < 1)
		return -1;
	view->place_bits = *at++;
	if (view->place_bits > 32)
		return -1;
	if (flags & BLOCK_NODES && (at = open_nodes(view, at, end)) == NULL)
		return -1;
	if (flags & BLOCK_PLACES && (at = open_places(view, at, end)) == NULL)
		return -1;
	return place_columns(view, at, body.len) ? 0 : -1;
}

/* The sum of 8 bytes. */
static unsigned sum_bytes(uint64_t bytes)
{
	uint64_t pairs = (bytes & UINT64_C(0x00ff00ff00ff00ff)) + (bytes >> 8 & UINT64_C(0x00ff00ff00ff00ff));

	return (unsigned)(pairs * UINT64_C(0x0001000100010001) >> 48);
}

/* How many of 8 sizes end at or before `offset`, without a branch: which one it is cannot be foreseen. */
static unsigned count_passed(uint64_t sizes, uint64_t offset)
{
	unsigned passed = 0;
	uint64_t end = 0;

	for (unsigned i = 0; i < 8; i++) {
		end += sizes >> (8 * i) & 0xff;
		passed += end <= offset;
	}
	return passed;
}

static int find_among_bytes(const struct block_view *view, uint64_t offset)
{
	for (unsigned at = 0; at < view->count; at += 8) {
		unsigned left = view->count - at, sum;
		uint64_t sizes;

		memcpy(&sizes, view->data + view->sizes + at, sizeof(sizes));
		if (left < 8)
			sizes &= UINT64_MAX >> (64 - 8 * left);
		sum = sum_bytes(sizes);
		if (sum > offset)
			return (int)(at + count_passed(sizes, offset));
		offset -= sum;
	}
	return -1;
}

int block_find(const struct block_view *view, uint64_t offset)
{
	if (view->size_shift == 0)
		return find_among_bytes(view, offset);
	for (unsigned at = 0; at < view->count; at++) {
		uint64_t size = block_size_at(view, at);

		if (offset < size)
			return (int)at;
		offset -= size;
	}
	return -1;
}

int block_decode(const struct block_view *view, struct block_draft *draft)
{
	draft->segment_count = view->count;
	draft->node_count = view->node_count;
	draft->place_count = view->place_count;
	if (view->place_count > BLOCK_SEGMENTS)
		return -1;
	for (unsigned i = 0; i < view->count; i++) {
		draft->segments[i].size = block_size_at(view, i);
		draft->segments[i].node = block_node_at(view, i);
		draft->segments[i].place = block_place_at(view, i);
		if (draft->segments[i].node > view->node_count)
			return -1;
	}
	for (unsigned i = 0; i < view->node_count; i++)
		if (block_get_node(view, i + 1, &draft->nodes[i]) < 0)
			return -1;
	for (unsigned i = 0; i < view->place_count; i++)
		if (block_get_place(view, i, &draft->places[i]) < 0)
			return -1;
	return 0;
}
