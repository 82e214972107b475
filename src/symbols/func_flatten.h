/* SPDX-License-Identifier: MIT */
/* A FUNC's lines and inline ranges, made into disjoint segments and packed into blocks (rules R19-R31). */
#ifndef SYMBOLS_FUNC_FLATTEN_H
#define SYMBOLS_FUNC_FLATTEN_H

#include "symbols/func_blocks.h"
#include "symbols/spans.h"
#include "symbols/sym_scan.h"

/* Inline ranges of one level: disjoint, ascending. */
struct flat_level {
	const struct span *at, *end; /* not passed yet */
	uint64_t last;               /* least end of the ranges of this level and those above it */
	uint32_t node;
};

/* A workspace, reused from function to function. */
struct func_flatten {
	struct dictionary *dictionary;
	const struct sym_function *function;
	uint64_t function_last;
	struct arena spans;
	/* lines, and what the sweep is in: a line, or (FILE_NONE) a gap between lines, up to line_last */
	struct sym_line *sorted_lines;
	size_t sorted_cap;
	const struct sym_line *line, *line_end;
	uint64_t kept_last; /* end of the last line kept (rule R19) */
	bool any_kept;
	uint64_t line_last;
	uint32_t line_file, line_number;
	/* levels, and up to where the ranges around the sweep stay the same */
	struct flat_level levels[INLINE_DEPTH_MAX];
	unsigned level_count, depth;
	uint64_t levels_last;
	struct inline_nodes nodes;
	struct func_blocks blocks;
};

void func_flatten_init(struct func_flatten *flatten, struct dictionary *dictionary, func_block_fn *emit,
		       void *ctx);
void func_flatten_release(struct func_flatten *flatten);

/* Hands the blocks of a function of size > 0 to `emit`, ascending and without gaps.  -1 if `emit` fails. */
int func_flatten(struct func_flatten *flatten, const struct sym_function *function, struct err *err);

#endif
