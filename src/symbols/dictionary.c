/* SPDX-License-Identifier: MIT */
/* Hash tables of places and calls; whole keys are compared. */
#include "symbols/dictionary.h"

#include "base/mem.h"
#include "symbols/grow.h"
#include "symbols/sym_scan.h"
#include "symbols/table_format.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024 };

void dictionary_init(struct dictionary *d, uint64_t seed)
{
	*d = (struct dictionary){.seed = seed | 1};
	d->place_slot_count = d->call_slot_count = FIRST_SLOTS;
	d->place_slots = mem_calloc(FIRST_SLOTS, sizeof(*d->place_slots));
	d->call_slots = mem_calloc(FIRST_SLOTS, sizeof(*d->call_slots));
}

void dictionary_release_slots(struct dictionary *d)
{
	free(d->place_slots);
	free(d->call_slots);
	d->place_slots = d->call_slots = NULL;
}

void dictionary_release_origins(struct dictionary *d)
{
	dictionary_release_slots(d);
	id_map_release(&d->origin_ids);
	free(d->origins);
	free(d->used_origins);
	free(d->places);
	free(d->calls);
	d->origins = NULL;
	d->used_origins = NULL;
	d->places = NULL;
	d->calls = NULL;
}

void dictionary_release(struct dictionary *d)
{
	dictionary_release_origins(d);
	id_map_release(&d->file_ids);
	arena_release(&d->path_text);
	free(d->paths);
}

static uint32_t path_number(struct dictionary *d, uint32_t id)
{
	uint32_t before = d->file_ids.count;
	uint32_t number = id_map_number(&d->file_ids, id);

	if (number == before) {
		d->paths = grow_array(d->paths, &d->path_cap, number + (size_t)1, sizeof(*d->paths));
		d->paths[number] = (struct slice){NULL, 0};
	}
	return number;
}

static uint32_t origin_index(struct dictionary *d, uint32_t id)
{
	uint32_t before = d->origin_ids.count;
	uint32_t index = id_map_number(&d->origin_ids, id);

	if (index == before) {
		d->origins = grow_array(d->origins, &d->origin_cap, index + (size_t)1, sizeof(*d->origins));
		d->origins[index] = (struct origin){.name = 0};
	}
	return index;
}

void dictionary_define_path(struct dictionary *d, uint32_t id, struct slice path)
{
	uint32_t number = path_number(d, id);

	if (d->paths[number].data == NULL)
		d->paths[number] = arena_copy(&d->path_text, path);
}

void dictionary_define_origin(struct dictionary *d, uint32_t id, uint32_t name)
{
	uint32_t index = origin_index(d, id);

	if (d->origins[index].name == 0)
		d->origins[index].name = name + 1;
}

uint32_t dictionary_file(struct dictionary *d, uint64_t file_id)
{
	if (file_id == SYM_NO_FILE)
		return FILE_NONE;
	if (file_id == SYM_FILE_AS_PLACE)
		return FILE_AS_PLACE;
	return path_number(d, (uint32_t)file_id) + FILE_FIRST;
}

uint32_t dictionary_origin(struct dictionary *d, uint32_t id)
{
	uint32_t index = origin_index(d, id);
	struct origin *origin = &d->origins[index];

	if (origin->number == 0) {
		d->used_origins = grow_array(d->used_origins, &d->used_cap, d->used_count + 1,
					     sizeof(*d->used_origins));
		d->used_origins[d->used_count++] = index;
		origin->number = (uint32_t)d->used_count;
	}
	return origin->number - 1;
}

/* A folded product: every bit of both words reaches the low bits. */
static uint64_t mix(const struct dictionary *d, uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)(a ^ d->seed) * (b ^ UINT64_C(0x9e3779b97f4a7c15));

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static size_t place_hash(const struct dictionary *d, const struct place *p)
{
	return mix(d, (uint64_t)p->origin << 32 | p->line, mix(d, p->file, p->origin));
}

static size_t call_hash(const struct dictionary *d, const struct call *c)
{
	return mix(d, (uint64_t)c->origin << 32 | c->callee, mix(d, c->file, c->line));
}

static bool place_equal(const struct place *a, const struct place *b)
{
	return a->origin == b->origin && a->file == b->file && a->line == b->line;
}

static bool call_equal(const struct call *a, const struct call *b)
{
	return a->origin == b->origin && a->callee == b->callee && a->file == b->file && a->line == b->line;
}

static void grow_place_slots(struct dictionary *d)
{
	size_t mask = d->place_slot_count * 2 - 1;
	uint32_t *slots = mem_calloc(mask + 1, sizeof(*slots));

	for (size_t i = 0; i < d->place_count; i++) {
		size_t at = place_hash(d, &d->places[i]) & mask;

		while (slots[at])
			at = (at + 1) & mask;
		slots[at] = (uint32_t)i + 1;
	}
	free(d->place_slots);
	d->place_slots = slots;
	d->place_slot_count = mask + 1;
}

static void grow_call_slots(struct dictionary *d)
{
	size_t mask = d->call_slot_count * 2 - 1;
	uint32_t *slots = mem_calloc(mask + 1, sizeof(*slots));

	for (size_t i = 0; i < d->call_count; i++) {
		size_t at = call_hash(d, &d->calls[i]) & mask;

		while (slots[at])
			at = (at + 1) & mask;
		slots[at] = (uint32_t)i + 1;
	}
	free(d->call_slots);
	d->call_slots = slots;
	d->call_slot_count = mask + 1;
}

uint32_t dictionary_place(struct dictionary *d, uint32_t origin, uint32_t file, uint32_t line)
{
	struct place key = {.origin = origin, .file = file, .line = line};
	size_t mask = d->place_slot_count - 1, at = place_hash(d, &key) & mask;

	for (; d->place_slots[at]; at = (at + 1) & mask)
		if (place_equal(&d->places[d->place_slots[at] - 1], &key))
			return d->places[d->place_slots[at] - 1].number;
	key.number = dictionary_used_origin(d, origin)->place_count++;
	d->places = grow_array(d->places, &d->place_cap, d->place_count + 1, sizeof(*d->places));
	d->places[d->place_count++] = key;
	d->place_slots[at] = (uint32_t)d->place_count;
	if (d->place_count * 2 > d->place_slot_count)
		grow_place_slots(d);
	return key.number;
}

uint32_t dictionary_call(struct dictionary *d, uint32_t origin, uint32_t callee, uint32_t file, uint32_t line)
{
	struct call key = {.origin = origin, .callee = callee, .file = file, .line = line};
	size_t mask = d->call_slot_count - 1, at = call_hash(d, &key) & mask;

	for (; d->call_slots[at]; at = (at + 1) & mask)
		if (call_equal(&d->calls[d->call_slots[at] - 1], &key))
			return d->calls[d->call_slots[at] - 1].number;
	key.number = dictionary_used_origin(d, origin)->call_count++;
	d->calls = grow_array(d->calls, &d->call_cap, d->call_count + 1, sizeof(*d->calls));
	d->calls[d->call_count++] = key;
	d->call_slots[at] = (uint32_t)d->call_count;
	if (d->call_count * 2 > d->call_slot_count)
		grow_call_slots(d);
	return key.number;
}
