/* SPDX-License-Identifier: MIT */
/* From an entry to its segment, inline chain and places. */
#include "symbols/frames.h"

#include "symbols/block.h"

static void set_place(struct table *table, struct symbol_frame *frame, uint32_t file, uint32_t line)
{
	uint32_t number = file - FILE_FIRST;
	struct slice path;

	if (file < FILE_FIRST || number >= table->header.files)
		return; /* neither file nor line (rule R24) */
	path = paths_get(&table->paths, number);
	if (path.data == NULL)
		return;
	frame->file = path;
	frame->line = line;
}

struct origin_view {
	uint32_t name, first_place, place_count, first_call, call_count;
};

static int get_origin(struct table *table, const struct table_source *source, uint32_t number,
		      struct origin_view *ret, struct err *err)
{
	const struct table_header *h = &table->header;
	const uint8_t *data;
	uint64_t bit, next;

	if (table_array_get(table, &table->origins, source, number, &data, &bit, err) < 0)
		return -1;
	next = bit + table->origins.width_bits;
	ret->name = bits_get(data, bit, h->name_bits);
	ret->first_place = bits_get(data, bit + h->name_bits, h->place_bits);
	ret->first_call = bits_get(data, bit + h->name_bits + h->place_bits, h->call_bits);
	ret->place_count = bits_get(data, next + h->name_bits, h->place_bits) - ret->first_place;
	ret->call_count = bits_get(data, next + h->name_bits + h->place_bits, h->call_bits) - ret->first_call;
	return ret->name < h->names ? 0 : table_corrupt(err, "an origin is damaged");
}

/* The place of an inlined line. */
static int get_place(struct table *table, const struct table_source *source, const struct origin_view *origin,
		     uint32_t number, struct block_place *ret, struct err *err)
{
	const struct table_header *h = &table->header;
	const uint8_t *data;
	uint64_t bit;

	if (number >= origin->place_count)
		return table_corrupt(err, "a place is out of range");
	number += origin->first_place;
	if (table_array_get(table, &table->places, source, number, &data, &bit, err) < 0)
		return -1;
	ret->file = bits_get(data, bit, h->file_bits);
	ret->line = bits_get(data, bit + h->file_bits, h->line_bits);
	return 0;
}

/* A call from an inlined function: whom, and where. */
static int get_call(struct table *table, const struct table_source *source, const struct origin_view *origin,
		    uint32_t number, uint32_t *ret_callee, struct block_place *ret, struct err *err)
{
	const struct table_header *h = &table->header;
	const uint8_t *data;
	uint64_t bit;

	if (number >= origin->call_count)
		return table_corrupt(err, "a call is out of range");
	if (table_array_get(table, &table->calls, source, origin->first_call + number, &data, &bit, err) < 0)
		return -1;
	*ret_callee = bits_get(data, bit, h->origin_bits);
	ret->file = bits_get(data, bit + h->origin_bits, h->file_bits);
	ret->line = bits_get(data, bit + h->origin_bits + h->file_bits, h->call_line_bits);
	return 0;
}

/* The chain of inlined functions at a segment, as numbers. */
struct chain {
	uint32_t calls[INLINE_DEPTH_MAX]; /* innermost first; the last one is the block's own place */
	unsigned depth;
	uint32_t origin; /* the outermost's */
};

static int walk_chain(const struct block_view *view, uint32_t node, struct chain *ret)
{
	struct block_node at = {.parent = node};

	ret->depth = 0;
	while (at.parent) {
		if (ret->depth == INLINE_DEPTH_MAX || block_get_node(view, at.parent, &at) < 0)
			return -1;
		ret->calls[ret->depth++] = at.call;
	}
	ret->origin = at.origin;
	return 0;
}

/*
 * Call sites go to the caller, the line record's place to the innermost frame
 * (rule R29): sites[0] is that, sites[n + 1] where inlines[n] was called.
 */
static int resolve_chain(struct table *table, const struct table_source *source, const struct chain *chain,
			 struct block_place call_site, uint32_t place, struct block_place *sites,
			 struct symbol_frame *inlines, struct err *err)
{
	uint32_t number = chain->origin;
	struct origin_view origin = {.place_count = 0};

	for (unsigned level = chain->depth; level-- > 0;) {
		sites[level + 1] = call_site; /* of the caller: one further out */
		if (get_origin(table, source, number, &origin, err) < 0)
			return -1;
		inlines[level] = frame_named(origin.name);
		if (level > 0 &&
		    get_call(table, source, &origin, chain->calls[level - 1], &number, &call_site, err) < 0)
			return -1;
	}
	sites[0] = (struct block_place){FILE_NONE, 0};
	return place ? get_place(table, source, &origin, place - 1, &sites[0], err) : 0;
}

static void place_frames(struct table *table, const struct block_place *sites, unsigned depth,
			 struct symbol_frame *inlines, struct symbol_frame *outer)
{
	for (unsigned i = 0; i <= depth; i++)
		set_place(table, i < depth ? &inlines[i] : outer,
			  sites[i].file == FILE_AS_PLACE ? sites[0].file : sites[i].file, sites[i].line);
}

static int resolve_inlined(struct table *table, const struct table_source *source,
			   const struct block_view *view, uint32_t node, uint32_t place, struct arena *arena,
			   struct symbol_answer *ret, struct err *err)
{
	struct block_place sites[INLINE_DEPTH_MAX + 1], call_site;
	struct symbol_frame *inlines;
	struct chain chain;

	if (walk_chain(view, node, &chain) < 0 ||
	    block_get_place(view, chain.calls[chain.depth - 1], &call_site) < 0)
		return table_corrupt(err, "a chain of inlines is damaged");
	inlines = arena_alloc(arena, chain.depth * sizeof(*inlines));
	if (resolve_chain(table, source, &chain, call_site, place, sites, inlines, err) < 0)
		return -1;
	place_frames(table, sites, chain.depth, inlines, &ret->outer);
	ret->inlines = inlines;
	ret->inline_count = chain.depth;
	return 0;
}

/* 1, 0 where the function does not reach, -1. */
static int resolve_block(struct table *table, const struct table_source *source, const struct entry *entry,
			 uint64_t address, struct arena *arena, struct symbol_answer *ret, struct err *err)
{
	struct block_view view;
	struct block_place own;
	uint32_t node, place;
	int segment;

	if (block_open(&view, entry->flags, entry->count, entry->body) < 0)
		return table_corrupt(err, "a block is damaged");
	segment = block_find(&view, address - entry->start);
	if (segment < 0)
		return 0;
	node = block_node_at(&view, (unsigned)segment);
	place = block_place_at(&view, (unsigned)segment);
	if (node)
		return resolve_inlined(table, source, &view, node, place, arena, ret, err) < 0 ? -1 : 1;
	if (place && block_get_place(&view, place - 1, &own) < 0)
		return table_corrupt(err, "a place is out of range");
	if (place)
		set_place(table, &ret->outer, own.file, own.line);
	return 1;
}

int frames_resolve(struct table *table, const struct table_source *source, const struct record_view *view,
		   unsigned index, uint64_t address, struct arena *arena, struct symbol_answer *ret,
		   struct err *err)
{
	struct entry entry;

	if (address < view->head.first)
		return 0;
	if (record_entry(table, view, index, address, &entry, err) < 0)
		return -1;
	*ret = (struct symbol_answer){.function_start = entry.function_start};
	ret->outer = frame_named(entry.name);
	if (entry.flags & BLOCK_PUBLICS)
		return 1;
	return resolve_block(table, source, &entry, address, arena, ret, err);
}

struct symbol_frame *frames_inlines(struct symbol_answer *answer)
{
	union {
		const struct symbol_frame *out;
		struct symbol_frame *mine;
	} frames = {.out = answer->inlines}; /* allocated by resolve_inlined() */

	return frames.mine;
}
