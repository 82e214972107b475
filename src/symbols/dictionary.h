/* SPDX-License-Identifier: MIT */
/* What segments refer to by number: paths, inlined functions, their places and their calls. */
#ifndef SYMBOLS_DICTIONARY_H
#define SYMBOLS_DICTIONARY_H

#include "symbols/id_map.h"
#include "symbols/name_pool.h"
#include "symbols/ref_table.h"

/*
 * Lines of inlined code and the calls made from it repeat with every instance,
 * so they are kept once per table, hung on the INLINE_ORIGIN they belong to and
 * numbered within it in order of first use.  A number never changes once given:
 * blocks are final when they are written.
 */
struct origin {
	uint32_t id;   /* as written */
	uint32_t name; /* number in the pool, after dictionary_name_origins() */
};

struct dictionary {
	struct id_map file_ids;
	struct slice *paths; /* by path number; absent: not defined */
	size_t path_cap;
	struct arena path_text;
	struct id_map defined_ids; /* of origins that records define */
	uint32_t *origin_names;    /* their numbers in the pool */
	size_t origin_name_cap;
	struct id_map used_ids; /* of origins that a segment uses */
	struct origin *origins; /* these, in order of first use */
	size_t origin_cap;
	struct ref_table places, calls;
};

void dictionary_init(struct dictionary *dictionary, uint64_t seed);
void dictionary_release(struct dictionary *dictionary);
/* In parts, as soon as they are used up: */
void dictionary_release_slots(struct dictionary *dictionary);   /* nothing is looked up any more */
void dictionary_release_origins(struct dictionary *dictionary); /* all but the paths */

/* Definitions: the first one of an id counts (rules R24, R25). */
void dictionary_define_path(struct dictionary *dictionary, uint32_t id, struct slice path);
void dictionary_define_origin(struct dictionary *dictionary, uint32_t id, uint32_t name);

/* References, before or after the definition. */
uint32_t dictionary_file(struct dictionary *dictionary,
			 uint64_t file_id); /* or SYM_NO_FILE, SYM_FILE_AS_PLACE */
uint32_t dictionary_origin(struct dictionary *dictionary, uint32_t id); /* the number; from now on used */

static inline size_t dictionary_origin_count(const struct dictionary *dictionary)
{
	return dictionary->used_ids.count;
}

/* The text is complete: used origins get their names, those never defined the one given. */
void dictionary_name_origins(struct dictionary *dictionary, uint32_t omitted);

#endif
