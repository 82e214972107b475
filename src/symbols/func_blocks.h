/* SPDX-License-Identifier: MIT */
/* Segments of one function, gathered into blocks. */
#ifndef SYMBOLS_FUNC_BLOCKS_H
#define SYMBOLS_FUNC_BLOCKS_H

#include "symbols/dictionary.h"
#include "symbols/inline_nodes.h"

/* A finished block: `size` addresses from `offset` within the function on. */
typedef int func_block_fn(void *ctx, uint64_t offset, uint64_t size, struct slice block, struct err *err);

/* From `start` on one answer; node 0: the function itself. */
struct flat_segment {
	uint64_t start;
	uint32_t node, file, line;
};

struct func_blocks {
	struct dictionary *dictionary;
	struct inline_nodes *nodes;
	func_block_fn *emit;
	void *ctx;
	uint64_t function_start, block_start;
	struct block_draft draft;
	/* of the draft, what the dictionary is asked for when the block is full */
	struct ref places[BLOCK_SEGMENTS];
	uint8_t place_segments[BLOCK_SEGMENTS];
	unsigned place_count;
	uint32_t node_numbers[BLOCK_NODES_MAX]; /* of the draft's nodes */
	uint32_t block_number; /* tells blocks apart in inline_node.block */
	uint8_t place_slots[BLOCK_SEGMENTS * 2]; /* own places by hash: index + 1 */
	struct buf packed;
};

void func_blocks_init(struct func_blocks *blocks, struct dictionary *dictionary, struct inline_nodes *nodes,
		      func_block_fn *emit, void *ctx);
void func_blocks_release(struct func_blocks *blocks);

void func_blocks_begin(struct func_blocks *blocks, uint64_t function_start);

/*
 * Segments come in order, each one ending before `end`, where the next one
 * starts (modulo 2^64: the last one may end with the address space).  -1 if
 * `emit` fails.
 */
int func_blocks_put(struct func_blocks *blocks, const struct flat_segment *segment, uint64_t end,
		    struct err *err);

/* Hands out the last block. */
int func_blocks_end(struct func_blocks *blocks, uint64_t end, struct err *err);

#endif
