/* SPDX-License-Identifier: MIT */
/* What segments refer to by number: paths, inlined functions, their places and their calls. */
#ifndef SYMBOLS_DICTIONARY_H
#define SYMBOLS_DICTIONARY_H

#include "symbols/id_map.h"
#include "symbols/name_pool.h"

/*
 * Lines of inlined code and the calls made from it repeat with every instance,
 * so they are kept once per table, hung on the INLINE_ORIGIN they belong to and
 * numbered within it in order of first use.  A number never changes once given:
 * blocks are final when they are written.
 */
struct origin {
	uint32_t name;   /* number in the pool + 1, 0: not defined (yet) */
	uint32_t number; /* among the used ones, + 1; 0: no segment uses it */
	uint32_t place_count, call_count;
};

/* A line of the code of an origin. */
struct place {
	uint32_t origin; /* number, not id */
	uint32_t file;   /* FILE_... or path number + FILE_FIRST */
	uint32_t line;
	uint32_t number;
};

/* A call made within the code of an origin to another one that was inlined there. */
struct call {
	uint32_t origin; /* the caller's number */
	uint32_t callee;
	uint32_t file, line;
	uint32_t number;
};

struct dictionary {
	struct id_map file_ids, origin_ids;
	struct slice *paths; /* by path number; absent: not defined */
	size_t path_cap;
	struct arena path_text;
	struct origin *origins; /* in order of first mention */
	size_t origin_cap;
	uint32_t *used_origins; /* their index in `origins`, by number */
	size_t used_count, used_cap;
	struct place *places; /* in order of first use */
	struct call *calls;
	size_t place_count, place_cap, call_count, call_cap;
	uint32_t *place_slots, *call_slots; /* index + 1 */
	size_t place_slot_count, call_slot_count;
	uint64_t seed;
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
uint32_t dictionary_origin(struct dictionary *dictionary, uint32_t id);    /* the number; from now on used */
uint32_t dictionary_place(struct dictionary *dictionary, uint32_t origin, uint32_t file, uint32_t line);
uint32_t dictionary_call(struct dictionary *dictionary, uint32_t origin, uint32_t callee, uint32_t file,
			 uint32_t line);

static inline struct origin *dictionary_used_origin(struct dictionary *dictionary, size_t number)
{
	return &dictionary->origins[dictionary->used_origins[number]];
}

#endif
