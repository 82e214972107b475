/* SPDX-License-Identifier: MIT */
/* The end of a build: from collected functions, PUBLICs, names and dictionaries to the values of a table. */
#ifndef SYMBOLS_TABLE_WRITE_H
#define SYMBOLS_TABLE_WRITE_H

#include "symbols/dictionary.h"
#include "symbols/publics.h"
#include "symbols/spill.h"

/* What precedes each block in the spill. */
struct spilled_block {
	uint64_t offset, size; /* in the function */
	uint32_t len, zero;
};

struct built_function {
	uint64_t start, last;
	uint64_t spilled; /* where its next block is in the spill */
	uint32_t name;    /* number in the pool */
};

/* All of a build but the scanner. */
struct table_draft {
	const struct table_build_io *io;
	struct name_pool names;
	struct dictionary dictionary;
	struct built_function *functions; /* of size > 0, in file order */
	size_t function_count, function_cap;
	struct publics publics;
	struct spill spill;
	struct buf code_file;
	struct table_summary counts;
};

/* Emits every value.  Uses the draft up. */
int table_write(struct table_draft *draft, struct err *err);

#endif
