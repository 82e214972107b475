/* SPDX-License-Identifier: MIT */
/* Answers as short text, for comparing. */
#ifndef TESTS_UNIT_SYMBOLS_ANSWER_H
#define TESTS_UNIT_SYMBOLS_ANSWER_H

#include "memory_table.h"

/* A table built from text, opened. */
struct opened {
	struct memory_table values;
	struct names_ring *ring;
	struct table *table;
};

/* Builds and opens; a failure fails the running case. */
void opened_init(struct opened *opened, const char *text, size_t step);
void opened_release(struct opened *opened);

/*
 * "outer+offset file:line < inline file:line < ...", outermost inline last as in
 * the answer; "-" for no symbol, "corrupt" for ERR_CORRUPT.
 */
void add_answer_text(struct buf *buf, const struct symbol_answer *answer, uint64_t address);
void add_lookup(struct buf *buf, struct table *table, const struct table_source *source, uint64_t address);

/* CHECKs that looking the address up gives that text. */
void check_lookup(const struct opened *opened, uint64_t address, const char *want);

#endif
