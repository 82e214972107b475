/* SPDX-License-Identifier: MIT */
/* Filling record values with blocks and PUBLIC runs, in ascending address order. */
#ifndef SYMBOLS_RECORD_WRITE_H
#define SYMBOLS_RECORD_WRITE_H

#include "symbols/value_write.h"

enum { RECORD_ENTRIES_MAX = 4096 }; /* an entry takes more than 4 bytes */

struct record_symbol {
	uint64_t start;
	uint32_t name; /* ordinal + 1, or 0 */
};

struct record_writer {
	struct value_writer *values;
	/* the value being filled */
	uint64_t starts[RECORD_ENTRIES_MAX];
	uint16_t ends[RECORD_ENTRIES_MAX];
	size_t count;
	struct buf entries, value;
	struct record_symbol before; /* the symbol that starts last before its first entry */
	uint64_t last;               /* the last address covered */
	struct record_symbol latest; /* the symbol that starts last, so far */
};

void record_writer_init(struct record_writer *writer, struct value_writer *values);
void record_writer_release(struct record_writer *writer);

/* An entry for the addresses start..last (some of them may be none's) that belong to `symbol`. */
int record_add(struct record_writer *writer, uint64_t start, uint64_t last, struct record_symbol symbol,
	       struct slice entry, struct err *err);

int record_finish(struct record_writer *writer, struct err *err);

#endif
