/* SPDX-License-Identifier: MIT */
/* Ids of the text to numbers of the table. */
#include "symbols/dictionary.h"

#include "base/mem.h"
#include "symbols/grow.h"
#include "symbols/sym_scan.h"
#include "symbols/table_format.h"

#include <stdlib.h>

void dictionary_init(struct dictionary *d, uint64_t seed)
{
	*d = (struct dictionary){.path_cap = 0};
	ref_table_init(&d->places, seed);
	ref_table_init(&d->calls, seed);
}

void dictionary_release_slots(struct dictionary *d)
{
	ref_table_release_slots(&d->places);
	ref_table_release_slots(&d->calls);
}

void dictionary_release_origins(struct dictionary *d)
{
	id_map_release(&d->defined_ids);
	id_map_release(&d->used_ids);
	free(d->origin_names);
	free(d->origins);
	d->origin_names = NULL;
	d->origins = NULL;
	ref_table_release(&d->places);
	ref_table_release(&d->calls);
}

void dictionary_release(struct dictionary *d)
{
	dictionary_release_origins(d);
	id_map_release(&d->file_ids);
	arena_release(&d->path_text);
	free(d->paths);
}

/* Paths */

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

void dictionary_define_path(struct dictionary *d, uint32_t id, struct slice path)
{
	uint32_t number = path_number(d, id);

	if (d->paths[number].data == NULL)
		d->paths[number] = arena_copy(&d->path_text, path);
}

uint32_t dictionary_file(struct dictionary *d, uint64_t file_id)
{
	if (file_id == SYM_NO_FILE)
		return FILE_NONE;
	if (file_id == SYM_FILE_AS_PLACE)
		return FILE_AS_PLACE;
	return path_number(d, (uint32_t)file_id) + FILE_FIRST;
}

/* Origins */

void dictionary_define_origin(struct dictionary *d, uint32_t id, uint32_t name)
{
	uint32_t before = d->defined_ids.count;
	uint32_t index = id_map_number(&d->defined_ids, id);

	if (index != before)
		return;
	d->origin_names = grow_array(d->origin_names, &d->origin_name_cap, index + (size_t)1,
				     sizeof(*d->origin_names));
	d->origin_names[index] = name;
}

uint32_t dictionary_origin(struct dictionary *d, uint32_t id)
{
	uint32_t before = d->used_ids.count;
	uint32_t number = id_map_number(&d->used_ids, id);

	if (number == before) {
		d->origins =
			grow_array(d->origins, &d->origin_cap, number + (size_t)1, sizeof(*d->origins));
		d->origins[number] = (struct origin){.id = id};
	}
	return number;
}

void dictionary_name_origins(struct dictionary *d, uint32_t omitted)
{
	for (size_t i = 0; i < dictionary_origin_count(d); i++) {
		struct origin *origin = &d->origins[i];
		uint32_t defined = d->defined_ids.count;
		uint32_t index = id_map_number(&d->defined_ids, origin->id);

		origin->name = index < defined ? d->origin_names[index] : omitted;
	}
}
