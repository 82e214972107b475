/* SPDX-License-Identifier: MIT */
/* From an address to its entry, segment, inline chain, places and names. */
#include "base/mem.h"
#include "symbols/block.h"
#include "symbols/grow.h"
#include "symbols/table_open.h"

#include <stdlib.h>

/* A record value, its parts seen to lie within it. */
struct record_view {
	struct record_head head;
	uint64_t last; /* its key */
	const uint8_t *starts, *ends, *entries;
	size_t entries_len;
};

/* What covers an address: a block of a function, or one PUBLIC of a run. */
struct entry {
	uint64_t start;          /* of the block */
	uint64_t function_start;
	uint32_t name;           /* ordinal */
	unsigned flags, count;
	struct slice body;       /* of a block, behind its head */
};

/* Values of records */

static int open_record(struct record_view *view, uint64_t key, struct slice value, struct err *err)
{
	size_t tables, start_bytes;

	if (value.len < sizeof(view->head) + TABLE_TAIL_BYTES)
		return table_corrupt(err, "a record value is short");
	memcpy(&view->head, value.data, sizeof(view->head));
	start_bytes = view->head.wide ? 4 : 2;
	tables = view->head.count * (start_bytes + 2);
	if (view->head.count == 0 || value.len < sizeof(view->head) + tables + TABLE_TAIL_BYTES)
		return table_corrupt(err, "a record value is damaged");
	view->last = key;
	view->starts = (const uint8_t *)value.data + sizeof(view->head);
	view->ends = view->starts + view->head.count * start_bytes;
	view->entries = view->starts + tables;
	view->entries_len = value.len - sizeof(view->head) - tables - TABLE_TAIL_BYTES;
	return 0;
}

/* The value that ends at or after the address: 1, 0, -1. */
static int find_record(struct table *table, const struct table_source *source, uint64_t address,
		       struct record_view *ret, struct err *err)
{
	struct slice value;
	uint64_t key;
	int found = source->get(source->ctx, TABLE_RECORDS, address, &key, &value, err);

	if (found <= 0)
		return found;
	if (!key_set_has(&table->verified_records, key)) {
		if (table_verify(TABLE_RECORDS, key, value, err) < 0)
			return -1;
		key_set_add(&table->verified_records, key);
	}
	return open_record(ret, key, value, err) < 0 ? -1 : 1;
}

static uint32_t start_at(const struct record_view *view, unsigned index)
{
	uint32_t start = 0;

	memcpy(&start, view->starts + (size_t)index * (view->head.wide ? 4 : 2), view->head.wide ? 4 : 2);
	return start;
}

static unsigned end_at(const struct record_view *view, unsigned index)
{
	uint16_t end;

	memcpy(&end, view->ends + (size_t)index * sizeof(end), sizeof(end));
	return end;
}

/* The last entry that starts at or before `offset`; the first one starts at 0. */
static unsigned search_narrow(const struct record_view *view, uint32_t offset)
{
	const uint8_t *base = view->starts;
	unsigned count = view->head.count;

	while (count > 1) {
		unsigned half = count / 2;
		uint16_t start;

		memcpy(&start, base + half * sizeof(start), sizeof(start));
		base = start <= offset ? base + half * sizeof(start) : base;
		count -= half;
	}
	return (unsigned)(base - view->starts) / 2;
}

static unsigned search_wide(const struct record_view *view, uint32_t offset)
{
	const uint8_t *base = view->starts;
	unsigned count = view->head.count;

	while (count > 1) {
		unsigned half = count / 2;
		uint32_t start;

		memcpy(&start, base + half * sizeof(start), sizeof(start));
		base = start <= offset ? base + half * sizeof(start) : base;
		count -= half;
	}
	return (unsigned)(base - view->starts) / 4;
}

static unsigned search_starts(const struct record_view *view, uint64_t address)
{
	uint64_t offset = address - view->head.first;
	uint32_t clamped = offset > UINT32_MAX ? UINT32_MAX : (uint32_t)offset;

	return view->head.wide ? search_wide(view, clamped) : search_narrow(view, clamped);
}

/* Entries */

/* Reads the head of a block's entry; -1: damaged. */
static int open_block_entry(const struct table *table, struct entry *entry, const uint8_t *at, const uint8_t *end)
{
	uint64_t continued = 0;

	if ((size_t)(end - at) < table->header.name_bytes)
		return -1;
	entry->name = 0;
	memcpy(&entry->name, at, table->header.name_bytes);
	at += table->header.name_bytes;
	if (entry->flags & BLOCK_CONTINUED && (at = varint_get(at, end, &continued)) == NULL)
		return -1;
	entry->function_start = entry->start - continued;
	entry->body = slice_make(at, (size_t)(end - at));
	return continued <= entry->start ? 0 : -1;
}

/* The last of `count` PUBLICs that begins to serve at or before `offset`. */
static unsigned search_run(const uint8_t *data, uint64_t columns, unsigned count, unsigned width, uint64_t offset)
{
	unsigned low = 0, high = count;

	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (bits_get(data, columns + (uint64_t)(middle - 1) * width, width) <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int open_run_entry(const struct table *table, struct entry *entry, const uint8_t *at, const uint8_t *end,
			  uint64_t address)
{
	const uint8_t *data = at;
	unsigned width, name_bits = table->header.name_bits, index;
	uint64_t back, columns, names;

	at = varint_get(at, end, &back);
	if (at == NULL || at == end || (width = *at++) > 32 || back > entry->start)
		return -1;
	columns = (uint64_t)(at - data) * 8;
	names = columns + (uint64_t)(entry->count - 1) * width;
	if (names + (uint64_t)entry->count * name_bits > (uint64_t)(end - data) * 8)
		return -1;
	index = search_run(data, columns, entry->count, width, address - entry->start);
	entry->function_start = index ? entry->start + bits_get(data, columns + (uint64_t)(index - 1) * width, width)
				      : entry->start - back;
	entry->name = bits_get(data, names + (uint64_t)index * name_bits, name_bits);
	return 0;
}

static int open_entry(const struct table *table, const struct record_view *view, unsigned index, uint64_t address,
		      struct entry *ret, struct err *err)
{
	unsigned from = index ? end_at(view, index - 1) : 0, end = end_at(view, index);
	const uint8_t *at = view->entries + from;
	int result;

	if (end > view->entries_len || from > end || end - from < BLOCK_HEAD_BYTES)
		return table_corrupt(err, "an entry lies outside of its value");
	ret->start = view->head.first + start_at(view, index);
	ret->flags = at[0];
	ret->count = at[1] + 1U;
	at += BLOCK_HEAD_BYTES;
	result = ret->flags & BLOCK_PUBLICS ? open_run_entry(table, ret, at, view->entries + end, address)
					    : open_block_entry(table, ret, at, view->entries + end);
	if (result < 0 || ret->name >= table->header.names)
		return table_corrupt(err, "an entry is damaged");
	return 0;
}

/* Frames.  Until names are filled in, `function` holds {NULL, ordinal}. */

static void set_place(const struct table *table, struct symbol_frame *frame, uint32_t file, uint32_t line)
{
	uint32_t path = file - FILE_FIRST;

	if (file < FILE_FIRST || path >= table->header.files || table->paths[path].data == NULL)
		return; /* neither file nor line (rule R24) */
	frame->file = table->paths[path];
	frame->line = line;
}

static struct symbol_frame frame_of(uint32_t name)
{
	return (struct symbol_frame){.function = {NULL, name}};
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
	if (table_array_get(table, &table->places, source, origin->first_place + number, &data, &bit, err) < 0)
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
	uint32_t calls[INLINE_DEPTH_MAX]; /* innermost first; the last is the own place of the outermost call */
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
		inlines[level] = frame_of(origin.name);
		if (level > 0 &&
		    get_call(table, source, &origin, chain->calls[level - 1], &number, &call_site, err) < 0)
			return -1;
	}
	sites[0] = (struct block_place){FILE_NONE, 0};
	return place ? get_place(table, source, &origin, place - 1, &sites[0], err) : 0;
}

static void place_frames(const struct table *table, const struct block_place *sites, unsigned depth,
			 struct symbol_frame *inlines, struct symbol_frame *outer)
{
	for (unsigned i = 0; i <= depth; i++)
		set_place(table, i < depth ? &inlines[i] : outer,
			  sites[i].file == FILE_AS_PLACE ? sites[0].file : sites[i].file, sites[i].line);
}

static int resolve_inlined(struct table *table, const struct table_source *source, const struct block_view *view,
			   uint32_t node, uint32_t place, struct arena *arena, struct symbol_answer *ret,
			   struct err *err)
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

/* Everything but the names, for an address that lies within the value's range. */
static int resolve(struct table *table, const struct table_source *source, const struct record_view *view,
		   uint64_t address, struct arena *arena, struct symbol_answer *ret, struct err *err)
{
	struct entry entry;

	if (address < view->head.first)
		return 0;
	if (open_entry(table, view, search_starts(view, address), address, &entry, err) < 0)
		return -1;
	*ret = (struct symbol_answer){.function_start = entry.function_start, .outer = frame_of(entry.name)};
	if (entry.flags & BLOCK_PUBLICS)
		return 1;
	return resolve_block(table, source, &entry, address, arena, ret, err);
}

/* Names of one answer */

static int name_frame(struct table *table, const struct table_source *source, struct arena *arena,
		      struct symbol_frame *frame, struct err *err)
{
	uint32_t ordinal = (uint32_t)frame->function.len;
	struct slice name;

	if (!names_recall(&table->names, ordinal, &name) &&
	    names_decode(&table->names, source, ordinal, &name, err) < 0)
		return -1;
	frame->function = arena_copy(arena, name);
	return 0;
}

static struct symbol_frame *inlines_of(struct symbol_answer *answer)
{
	union {
		const struct symbol_frame *out;
		struct symbol_frame *mine;
	} frames = {.out = answer->inlines}; /* allocated by resolve_inlined() */

	return frames.mine;
}

static int name_answer(struct table *table, const struct table_source *source, struct arena *arena,
		       struct symbol_answer *answer, struct err *err)
{
	struct symbol_frame *inlines = inlines_of(answer);

	for (uint32_t i = 0; i < answer->inline_count; i++)
		if (name_frame(table, source, arena, &inlines[i], err) < 0)
			return -1;
	return name_frame(table, source, arena, &answer->outer, err);
}

/* Lookups */

static int lookup(struct table *table, const struct table_source *source, uint64_t address, struct arena *arena,
		  struct symbol_answer *ret, struct err *err)
{
	struct record_view view;
	int found = find_record(table, source, address, &view, err);

	if (found > 0)
		found = resolve(table, source, &view, address, arena, ret, err);
	if (found > 0 && name_answer(table, source, arena, ret, err) < 0)
		return -1;
	return found;
}

int table_lookup(struct table *table, const struct table_source *source, uint64_t address, struct arena *arena,
		 struct symbol_answer *ret_answer, struct err *err)
{
	table_begin(table, source);
	return lookup(table, source, address, arena, ret_answer, err);
}

/* Snappy's rule */

struct nearest {
	uint64_t start;
	uint32_t name; /* ordinal + 1, 0: none */
};

/*
 * The symbol that starts last before an address in a gap.  A PUBLIC would cover
 * the address, so it is a function; the one that starts last has its first
 * entry last, and behind that come only parts of functions around it.
 */
static int nearest_in(const struct table *table, const struct record_view *view, uint64_t address,
		      struct nearest *ret, struct err *err)
{
	*ret = (struct nearest){view->head.before_start, view->head.before_name};
	if (address < view->head.first)
		return 0;
	for (unsigned index = search_starts(view, address) + 1; index-- > 0;) {
		struct entry entry;

		if (open_entry(table, view, index, address, &entry, err) < 0)
			return -1;
		if (entry.flags & BLOCK_CONTINUED)
			continue;
		*ret = (struct nearest){entry.function_start, entry.name + 1};
		return 0;
	}
	return 0;
}

int table_lookup_nearest(struct table *table, const struct table_source *source, uint64_t address,
			 struct arena *arena, struct symbol_answer *ret_answer, struct err *err)
{
	struct nearest nearest = {table->header.last_start, table->header.last_name};
	struct record_view view;
	int found;

	table_begin(table, source);
	found = lookup(table, source, address, arena, ret_answer, err);
	if (found != 0)
		return found;
	found = find_record(table, source, address, &view, err);
	if (found < 0 || (found > 0 && nearest_in(table, &view, address, &nearest, err) < 0))
		return -1;
	if (nearest.name == 0)
		return 0;
	if (nearest.name > table->header.names)
		return table_corrupt(err, "a name is out of range");
	*ret_answer = (struct symbol_answer){.function_start = nearest.start, .outer = frame_of(nearest.name - 1)};
	return name_answer(table, source, arena, ret_answer, err) < 0 ? -1 : 1;
}

/* Many addresses: the distinct names of all answers are collected first */

struct wanted_name {
	uint32_t ordinal;
	uint32_t index; /* in names */
};

struct name_batch {
	struct arena *arena;
	uint32_t *slots; /* index + 1 */
	size_t slot_count;
	uint32_t *ordinals; /* distinct ones, in order of first use */
	struct slice *names;
	size_t count, cap;
};

static size_t find_name_slot(const struct name_batch *batch, uint32_t ordinal)
{
	size_t at = (ordinal * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (batch->slot_count - 1);

	while (batch->slots[at] && batch->ordinals[batch->slots[at] - 1] != ordinal)
		at = (at + 1) & (batch->slot_count - 1);
	return at;
}

static void grow_name_slots(struct name_batch *batch)
{
	free(batch->slots);
	batch->slot_count = batch->slot_count ? batch->slot_count * 2 : 64;
	batch->slots = mem_calloc(batch->slot_count, sizeof(*batch->slots));
	for (size_t i = 0; i < batch->count; i++)
		batch->slots[find_name_slot(batch, batch->ordinals[i])] = (uint32_t)i + 1;
}

/* Turns a frame's ordinal into the number of a distinct name. */
static void collect_name(struct name_batch *batch, struct symbol_frame *frame)
{
	uint32_t ordinal = (uint32_t)frame->function.len;
	size_t at;

	if (batch->count * 2 >= batch->slot_count)
		grow_name_slots(batch);
	at = find_name_slot(batch, ordinal);
	if (batch->slots[at] == 0) {
		batch->ordinals = grow_array(batch->ordinals, &batch->cap, batch->count + 1, sizeof(*batch->ordinals));
		batch->ordinals[batch->count++] = ordinal;
		batch->slots[at] = (uint32_t)batch->count;
	}
	frame->function.len = batch->slots[at] - 1;
}

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted_name *x = a, *y = b;

	return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* Those the ring has are copied at once; the others are decoded in ascending order, each group once. */
static int fetch_names(struct table *table, const struct table_source *source, struct name_batch *batch,
		       struct err *err)
{
	struct wanted_name *wanted = mem_alloc(batch->count * sizeof(*wanted) + 1);
	size_t count = 0;
	int result = 0;

	batch->names = mem_alloc(batch->count * sizeof(*batch->names) + 1);
	for (size_t i = 0; i < batch->count; i++) {
		struct slice name;

		if (names_recall(&table->names, batch->ordinals[i], &name))
			batch->names[i] = arena_copy(batch->arena, name);
		else
			wanted[count++] = (struct wanted_name){batch->ordinals[i], (uint32_t)i};
	}
	qsort(wanted, count, sizeof(*wanted), compare_wanted);
	for (size_t i = 0; i < count && result == 0; i++) {
		struct slice name;

		result = names_decode(&table->names, source, wanted[i].ordinal, &name, err);
		if (result == 0)
			batch->names[wanted[i].index] = arena_copy(batch->arena, name);
	}
	free(wanted);
	return result;
}

static void fill_in_names(const struct name_batch *batch, struct table_query *queries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct symbol_answer *answer = &queries[i].answer;
		struct symbol_frame *inlines = inlines_of(answer);

		if (!queries[i].found)
			continue;
		for (uint32_t j = 0; j < answer->inline_count; j++)
			inlines[j].function = batch->names[inlines[j].function.len];
		answer->outer.function = batch->names[answer->outer.function.len];
	}
}

static int resolve_query(struct table *table, const struct table_source *source, const struct record_view *view,
			 struct table_query *query, struct name_batch *batch, struct err *err)
{
	int found = resolve(table, source, view, query->address, batch->arena, &query->answer, err);
	struct symbol_frame *inlines = inlines_of(&query->answer);

	query->found = found > 0;
	if (found <= 0)
		return found;
	for (uint32_t i = 0; i < query->answer.inline_count; i++)
		collect_name(batch, &inlines[i]);
	collect_name(batch, &query->answer.outer);
	return 0;
}

static int resolve_queries(struct table *table, const struct table_source *source, struct table_query *queries,
			   size_t count, struct name_batch *batch, struct err *err)
{
	struct record_view view;
	int found = 1;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		queries[i].found = false;
		queries[i].answer = (struct symbol_answer){.function_start = 0};
		if (found > 0 && (!any || queries[i].address > view.last)) {
			found = find_record(table, source, queries[i].address, &view, err);
			any = true;
		}
		if (found < 0)
			return -1;
		if (found > 0 && resolve_query(table, source, &view, &queries[i], batch, err) < 0)
			return -1;
	}
	return 0;
}

int table_lookup_sorted(struct table *table, const struct table_source *source, struct table_query *queries,
			size_t count, struct arena *arena, struct err *err)
{
	struct name_batch batch = {.arena = arena};
	int result;

	table_begin(table, source);
	result = resolve_queries(table, source, queries, count, &batch, err);
	if (result == 0)
		result = fetch_names(table, source, &batch, err);
	if (result == 0)
		fill_in_names(&batch, queries, count);
	free(batch.slots);
	free(batch.ordinals);
	free(batch.names);
	return result;
}
