/* SPDX-License-Identifier: MIT */
/* Blocks: up to 64 segments of one function, or PUBLICs, packed so that any one can be read on its own. */
#ifndef SYMBOLS_BLOCK_H
#define SYMBOLS_BLOCK_H

#include "base/buf.h"
#include "base/err.h"
#include "symbols/bits.h"
#include "symbols/table_format.h"

/* A stretch of addresses with one answer. */
struct block_segment {
	uint64_t size;
	uint32_t node;  /* the innermost inlined function: 1.., 0: the function itself */
	uint32_t place; /* 1..: the block's own place (node 0) or the origin's (else); 0: no line record */
};

/* A function inlined into the function (parent 0) or into another node.  Nodes with parent 0 come first. */
struct block_node {
	uint32_t parent;
	uint32_t origin; /* parent 0 only: the others' follows from the call */
	uint32_t call;   /* parent 0: own place of the call; else number among the parent's origin's calls */
};

struct block_place {
	uint32_t file; /* FILE_... */
	uint32_t line;
};

/* A block taken apart: as it is built, and for cutting one. */
struct block_draft {
	struct block_segment segments[BLOCK_SEGMENTS];
	struct block_node nodes[BLOCK_NODES_MAX]; /* node n is nodes[n - 1] */
	struct block_place places[BLOCK_SEGMENTS];
	unsigned segment_count, node_count, place_count;
};

/*
 * Appends the packed form.  It starts with the flags and the count less one; in
 * a table, where the function's name and where it starts go behind these two
 * bytes (BLOCK_HEAD_BYTES).  Nodes with parent 0 need not come first here.
 */
enum { BLOCK_HEAD_BYTES = 2 };
void block_encode(const struct block_draft *draft, struct buf *buf);

/* A packed block, its columns found and seen to lie within it.  8 bytes can be read where `data` ends. */
struct block_view {
	const uint8_t *data;
	unsigned count, size_shift;
	unsigned node_count, top_count; /* top: those with parent 0 */
	unsigned place_count, file_count;
	uint64_t least_line;
	unsigned place_bits, node_bits, origin_bits, call_bits, line_bits, file_bits, own_bits, index_bits;
	size_t sizes;                                              /* byte offset */
	uint64_t nodes, segment_places, files, places, tops, rest; /* bit offsets */
};

/* `flags` and `count` as in its head, `body` what follows.  -1: damaged. */
int block_open(struct block_view *view, unsigned flags, unsigned count, struct slice body);

/* The segment that covers `offset` from the block's start, and where it begins; -1: the block ends before. */
int block_find(const struct block_view *view, uint64_t offset);

static inline uint64_t block_size_at(const struct block_view *view, unsigned segment)
{
	uint64_t size;

	/* 8 bytes can be read where any byte can */
	memcpy(&size, view->data + view->sizes + ((size_t)segment << view->size_shift), sizeof(size));
	return size & UINT64_MAX >> (64 - (8U << view->size_shift));
}

static inline uint32_t block_node_at(const struct block_view *view, unsigned segment)
{
	return bits_get(view->data, view->nodes + (uint64_t)segment * view->node_bits, view->node_bits);
}

static inline uint32_t block_place_at(const struct block_view *view, unsigned segment)
{
	return bits_get(view->data, view->segment_places + (uint64_t)segment * view->place_bits,
			view->place_bits);
}

/* 0, or -1 where an index in the block is beyond what it indexes. */
static inline int block_get_node(const struct block_view *view, uint32_t node, struct block_node *ret)
{
	uint64_t bit;

	if (node == 0 || node > view->node_count)
		return -1;
	if (node <= view->top_count) {
		bit = view->tops + (uint64_t)(node - 1) * (view->origin_bits + view->own_bits);
		ret->parent = 0;
		ret->origin = bits_get(view->data, bit, view->origin_bits);
		ret->call = bits_get(view->data, bit + view->origin_bits, view->own_bits);
		return 0;
	}
	bit = view->rest + (uint64_t)(node - view->top_count - 1) * (view->node_bits + view->call_bits);
	ret->parent = bits_get(view->data, bit, view->node_bits);
	ret->origin = 0;
	ret->call = bits_get(view->data, bit + view->node_bits, view->call_bits);
	return ret->parent > 0 && ret->parent < node ? 0 : -1; /* so every walk ends */
}

static inline int block_get_place(const struct block_view *view, uint32_t place, struct block_place *ret)
{
	uint64_t bit = view->places + (uint64_t)place * (view->line_bits + view->index_bits);
	uint32_t index;

	if (place >= view->place_count)
		return -1;
	ret->line = (uint32_t)(view->least_line + bits_get(view->data, bit, view->line_bits));
	index = bits_get(view->data, bit + view->line_bits, view->index_bits);
	if (index >= view->file_count)
		return -1;
	ret->file = bits_get(view->data, view->files + (uint64_t)index * view->file_bits, view->file_bits);
	return 0;
}

/* The inverse of block_encode().  -1: damaged. */
int block_decode(const struct block_view *view, struct block_draft *ret_draft);

/* Leaves the `size` bytes from `offset` on; both within the block. */
void block_cut(struct block_draft *draft, uint64_t offset, uint64_t size);

#endif
