/* SPDX-License-Identifier: MIT */
/* Answers one address from a .sym text by rules R12-R30 of symfile.md, the plain way. Tests only. */
#ifndef NAIVE_RULES_H
#define NAIVE_RULES_H

#include "sym_text.h"

enum { MAX_INLINES = 512 };

/* `file` and `line` are each absent (NULL, 0) where the rules give none. */
struct naive_frame {
	const struct slice *function;
	const struct slice *file;
	uint32_t line;
};

/* The answer borrows from the sym_text. Without a symbol function.function is NULL. */
struct naive_answer {
	struct naive_frame function;
	uint64_t function_offset;
	size_t inline_count;
	struct naive_frame inlines[MAX_INLINES]; /* innermost first */
};

struct naive_table;

/* Sorts the FUNCs and lines of `sym`, which must outlive the table. Exits when memory runs out. */
struct naive_table *naive_table_new(struct sym_text *sym);
void naive_table_free(struct naive_table *table);

void naive_lookup(const struct naive_table *table, uint64_t pc, struct naive_answer *ret_answer);

/* For an address that naive_lookup left without symbol: the nearest symbol at or below it, as Snappy did. */
void naive_nearest(const struct naive_table *table, uint64_t pc, struct naive_answer *ret_answer);

#endif
