/* SPDX-License-Identifier: MIT */
/* Inline nodes of one function. */
#include "symbols/inline_nodes.h"

#include "symbols/grow.h"

#include <stdlib.h>

enum { SIBLINGS_SEARCHED = 16 }; /* beyond, a call may become two nodes: larger, but as right */

void inline_nodes_release(struct inline_nodes *nodes)
{
	free(nodes->nodes);
	*nodes = (struct inline_nodes){.nodes = NULL};
}

static struct inline_node *add_node(struct inline_nodes *nodes)
{
	struct inline_node *node;

	if (nodes->count == nodes->cap)
		nodes->nodes = grow_array(nodes->nodes, &nodes->cap, nodes->count + 1, sizeof(*nodes->nodes));
	node = &nodes->nodes[nodes->count++];
	*node = (struct inline_node){.call = NODE_CALL_UNKNOWN};
	return node;
}

void inline_nodes_clear(struct inline_nodes *nodes)
{
	nodes->count = 0;
	add_node(nodes);
}

static bool same_call(const struct sym_inline *a, const struct sym_inline *b)
{
	return a->origin == b->origin && a->call_line == b->call_line && a->call_file == b->call_file;
}

/* Only here ids are looked up: most ranges find their node by what was written. */
static uint32_t add_child(struct inline_nodes *nodes, uint32_t parent, const struct sym_inline *call,
			  struct dictionary *dictionary)
{
	uint32_t number = (uint32_t)nodes->count;
	struct inline_node *node = add_node(nodes);

	node->parent = parent;
	node->origin = dictionary_origin(dictionary, call->origin);
	node->call_file = dictionary_file(dictionary, call->call_file);
	node->call_line = call->call_line;
	node->next_sibling = nodes->nodes[parent].first_child;
	node->block = UINT32_MAX;
	nodes->nodes[parent].first_child = number;
	return number;
}

uint32_t inline_nodes_child(struct inline_nodes *nodes, uint32_t parent, const struct sym_inline *records,
			    uint32_t record, struct dictionary *dictionary)
{
	uint32_t at = nodes->nodes[parent].first_child;

	for (unsigned i = 0; at && i < SIBLINGS_SEARCHED; i++) {
		const struct inline_node *node = &nodes->nodes[at];

		if (node->record == record || same_call(&records[node->record], &records[record]))
			return at;
		at = node->next_sibling;
	}
	at = add_child(nodes, parent, &records[record], dictionary);
	nodes->nodes[at].record = record;
	return at;
}
