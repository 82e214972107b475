/* SPDX-License-Identifier: MIT */
/* Inline nodes of one function. */
#include "symbols/inline_nodes.h"

#include "symbols/grow.h"

#include <stdlib.h>

enum { SIBLINGS_SEARCHED = 16 }; /* beyond, a call may become two nodes: larger, but as right */

void inline_nodes_release(struct inline_nodes *nodes)
{
	free(nodes->nodes);
}

static uint32_t add_node(struct inline_nodes *nodes, struct inline_node node)
{
	if (nodes->count == nodes->cap)
		nodes->nodes = grow_array(nodes->nodes, &nodes->cap, nodes->count + 1, sizeof(*nodes->nodes));
	nodes->nodes[nodes->count++] = node;
	return (uint32_t)nodes->count - 1;
}

void inline_nodes_clear(struct inline_nodes *nodes)
{
	nodes->count = 0;
	add_node(nodes, (struct inline_node){.parent = 0});
}

uint32_t inline_nodes_child(struct inline_nodes *nodes, uint32_t parent, uint32_t origin, uint32_t call_file,
			    uint32_t call_line)
{
	uint32_t at = nodes->nodes[parent].first_child;

	for (unsigned i = 0; at && i < SIBLINGS_SEARCHED; i++) {
		const struct inline_node *node = &nodes->nodes[at];

		if (node->origin == origin && node->call_file == call_file && node->call_line == call_line)
			return at;
		at = node->next_sibling;
	}
	at = add_node(nodes, (struct inline_node){
				     .parent = parent,
				     .origin = origin,
				     .call_file = call_file,
				     .call_line = call_line,
				     .call = NODE_CALL_UNKNOWN,
				     .next_sibling = nodes->nodes[parent].first_child,
				     .block = UINT32_MAX,
			     });
	nodes->nodes[parent].first_child = at;
	return at;
}
