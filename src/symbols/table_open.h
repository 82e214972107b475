/* SPDX-License-Identifier: MIT */
/* An opened table, and access to its values. */
#ifndef SYMBOLS_TABLE_OPEN_H
#define SYMBOLS_TABLE_OPEN_H

#include "base/buf.h"
#include "symbols/bits.h"
#include "symbols/key_set.h"
#include "symbols/names_read.h"
#include "symbols/paths_read.h"
#include "symbols/table_format.h"

/* One of the arrays of packed entries (origins, places, calls). */
struct table_array {
	unsigned kind, width_bits, extra;
	uint32_t count, per_chunk;
	struct array_chunk {
		const uint8_t *data; /* valid while `stamp` is the table's */
		uint64_t stamp;
		bool verified;
	} *chunks;
};

/* A record value, its parts seen to lie within it. */
struct record_view {
	struct record_head head;
	uint64_t last; /* its key */
	const uint8_t *starts, *ends, *entries;
	size_t entries_len;
};

/* All record values of a table that is used much, in order: finding one is then no question to the source. */
struct record_directory {
	unsigned asked;   /* so often, before there was a directory */
	uint64_t *lasts;  /* their keys; NULL: there is none yet */
	struct record_slot {
		struct record_view view; /* valid while `stamp` is the table's */
		uint64_t stamp;
	} *slots;
	size_t count;
};

enum { FLEETING_VIEWS = 16 };

struct table {
	struct table_header header;
	struct table_info info;
	struct paths_reader paths;
	struct table_array origins, places, calls;
	struct record_directory records;
	struct record_view found; /* without a directory */
	struct key_set verified_records;
	uint64_t stamp, epoch, lasting; /* of the views held */
	uint64_t *fleeting[FLEETING_VIEWS]; /* stamps of views that end with the epoch */
	unsigned fleeting_count;
	struct names_reader names;
	uint32_t *name_numbers; /* by ordinal: scratch of table_lookup_sorted(), or NULL */
};

/* At the start of every call: forgets the views of another epoch. */
void table_begin(struct table *table, const struct table_source *source);

/* A view of `len` bytes is held from now on: stamps it. */
void table_hold_view(struct table *table, const struct table_source *source, uint64_t *stamp, size_t len);

/* The checksum.  -1 with ERR_CORRUPT. */
int table_verify(unsigned kind, uint64_t key, struct slice value, struct err *err);

/* A place or call (a field's bits lie in order from *ret_bit on), index < count checked here. */
int table_array_get(struct table *table, struct table_array *array, const struct table_source *source,
		    uint32_t index, const uint8_t **ret_data, uint64_t *ret_bit, struct err *err);

int table_corrupt(struct err *err, const char *what); /* always -1 */

#endif
