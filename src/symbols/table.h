/* SPDX-License-Identifier: MIT */
/* Reading a compacted symbol table: address in, named frames out. */
#ifndef SYMBOLS_TABLE_H
#define SYMBOLS_TABLE_H

#include "base/arena.h"
#include "base/err.h"
#include "symbols/answer.h"

/*
 * A table is a set of values, each under (kind, key), made by table_build.h and
 * described byte by byte in docs/table-format.md.  The reader does not know
 * where they are kept: it asks for them through a table_source.
 *
 * Values are treated as damaged until their checksum was verified, once per
 * opened table, and every index found in them is checked: a bad value is
 * ERR_CORRUPT, never a wrong answer.
 */
struct table_source {
	void *ctx;
	/*
	 * 0, or a number that no other snapshot of the values ever has: views
	 * then stay valid, from call to call, as long as sources with this same
	 * number are given (the requests of one read transaction), and the table
	 * asks for each value of its dictionaries only once.
	 */
	uint64_t epoch;
	/*
	 * 0, or a number for which the same is true of views of at least
	 * `lasting_bytes`, over many epochs.
	 */
	uint64_t lasting;
	size_t lasting_bytes;
	/*
	 * The first value of `kind` whose key is >= `key`: 1 with the key found
	 * and a view that stays valid for the rest of the call into the table
	 * (in practice: the store's read transaction); 0 none; -1 with err.
	 */
	int (*get)(void *ctx, unsigned kind, uint64_t key, uint64_t *ret_key, struct slice *ret_value,
		   struct err *err);
};

enum table_kind {
	TABLE_HEADER = 0,
	TABLE_RECORDS = 1,
	TABLE_ORIGINS = 2,
	TABLE_PLACES = 3,
	TABLE_CALLS = 4,
	TABLE_NAMES = 5,
	TABLE_NAME_DICTIONARY = 6,
	TABLE_PATHS = 7,
};

enum { TABLE_VALUE_MAX = 16368 }; /* bytes: four LMDB pages less the overflow header */

struct names_ring; /* a process's cache of decoded names, shared by its open tables */
struct names_ring *names_ring_new(size_t bytes);
void names_ring_free(struct names_ring *ring);

struct table; /* opened: header, paths and dictionary decoded; keeps no pointer into the source */

struct table_info {
	struct slice code_file; /* INFO CODE_ID's (rule R38), or absent */
	uint64_t text_bytes, functions, publics, lines, inline_ranges;
};

/* `ring` outlives the table. */
int table_open(struct table **ret, const struct table_source *source, struct names_ring *ring,
	       struct err *err);
void table_close(struct table *table);
const struct table_info *table_info(const struct table *table);

/*
 * 1 with *ret_answer, 0 when no symbol covers the address, -1 with err.
 * Function names and the array of inlines are copied into `arena`; file names
 * stay valid until table_close().
 */
int table_lookup(struct table *table, const struct table_source *source, uint64_t address,
		 struct arena *arena, struct symbol_answer *ret_answer, struct err *err);

/*
 * The same by Snappy's old rule: an address without a symbol is given the
 * nearest one that starts below it (function and start only).
 */
int table_lookup_nearest(struct table *table, const struct table_source *source, uint64_t address,
			 struct arena *arena, struct symbol_answer *ret_answer, struct err *err);

/* What kind of symbol answers for an address: 1 with *ret_is_public, 0 none, -1. */
int table_covering(struct table *table, const struct table_source *source, uint64_t address, bool *ret_is_public,
		   struct err *err);

/*
 * Verifies the checksum of every value, used or not, and reads the first and the
 * last symbol of each record value with all their names: what an opened table
 * would find out little by little.  -1 with ERR_CORRUPT, or the source's error.
 */
int table_check(struct table *table, const struct table_source *source, struct err *err);

/*
 * Many addresses of one table, in ascending order (equal ones allowed), each
 * record value and each group of names decoded once.  answers[i].found tells.
 */
struct table_query {
	uint64_t address;
	bool found;
	struct symbol_answer answer;
};
int table_lookup_sorted(struct table *table, const struct table_source *source, struct table_query *queries,
			size_t count, struct arena *arena, struct err *err);

#endif
