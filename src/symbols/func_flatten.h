/* SPDX-License-Identifier: MIT */
/* A FUNC's lines and inline ranges, made into disjoint segments and packed into blocks (rules R19-R31). */
#ifndef SYMBOLS_FUNC_FLATTEN_H
#define SYMBOLS_FUNC_FLATTEN_H

#include "symbols/dictionary.h"
#include "symbols/inline_nodes.h"
#include "symbols/spans.h"
#include "symbols/sym_scan.h"

/* A finished block: `size` addresses from `offset` within the function on. */
typedef int func_block_fn(void *ctx, uint64_t offset, uint64_t size, struct slice block, struct err *err);

/* Inline ranges of one level: disjoint, ascending. */
struct flat_level {
	const struct span *at, *end; /* not passed yet */
	uint64_t last;               /* least end of the ranges of this level and those above it */
	uint32_t node;
};

struct flat_segment {
	uint64_t start;
	uint32_t node, file, line;
};

/* A workspace, reused from function to function. */
struct func_flatten {
	struct dictionary *dictionary;
	func_block_fn *emit;
	void *ctx;
	/* the function at hand; offsets count from its start */
	const struct sym_function *function;
	struct arena spans;
	struct sym_line *sorted_lines;
	size_t sorted_cap;
	const struct sym_line *line, *line_end;
	uint64_t kept_last;              /* end of the last line kept (rule R19) */
	bool any_kept;
	struct span line_span;           /* of the line at or after the sweep */
	uint32_t line_file, line_number;
	bool has_line;
	struct flat_level levels[INLINE_DEPTH_MAX];
	unsigned level_count, depth;
	struct inline_nodes nodes;
	struct flat_segment pending;
	/* the block being filled */
	struct block_draft draft;
	uint32_t block_number; /* tells blocks apart in inline_node.block */
	uint64_t block_start;
	uint8_t place_slots[BLOCK_SEGMENTS * 2];
	struct buf packed;
};

void func_flatten_init(struct func_flatten *flatten, struct dictionary *dictionary, func_block_fn *emit,
		       void *ctx);
void func_flatten_release(struct func_flatten *flatten);

/* Hands the blocks of a function of size > 0 to `emit`, ascending and without gaps.  -1 if `emit` fails. */
int func_flatten(struct func_flatten *flatten, const struct sym_function *function, struct err *err);

#endif
