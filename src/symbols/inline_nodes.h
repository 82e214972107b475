/* SPDX-License-Identifier: MIT */
/* The tree of functions inlined into one function, and the block under construction that refers to it. */
#ifndef SYMBOLS_INLINE_NODES_H
#define SYMBOLS_INLINE_NODES_H

#include "symbols/block.h"
#include "symbols/dictionary.h"
#include "symbols/sym_scan.h"

/* One inlined instance.  Equal records that dumpers repeat for one instance become one node. */
struct inline_node {
	uint32_t parent; /* 0: the function */
	uint32_t origin; /* number in the dictionary */
	uint32_t call_file, call_line;
	uint32_t call; /* number among the calls of the parent's origin; NODE_CALL_UNKNOWN before first use */
	uint32_t first_child, next_sibling;
	uint32_t record; /* the INLINE record it was made of */
	uint32_t block;  /* the block in which `in_block` holds */
	uint16_t in_block;
};

#define NODE_CALL_UNKNOWN UINT32_MAX

/* Nodes count from 1; nodes[0] stands for the function. */
struct inline_nodes {
	struct inline_node *nodes;
	size_t count, cap;
};

void inline_nodes_release(struct inline_nodes *nodes);
void inline_nodes_clear(struct inline_nodes *nodes); /* to the function alone */

/* The child of `parent` that is a call as in records[record]; a new one if there is none. */
uint32_t inline_nodes_child(struct inline_nodes *nodes, uint32_t parent, const struct sym_inline *records,
			    uint32_t record, struct dictionary *dictionary);

#endif
