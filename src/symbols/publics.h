/* SPDX-License-Identifier: MIT */
/* PUBLIC symbols: which addresses each one serves (rules R14-R17). */
#ifndef SYMBOLS_PUBLICS_H
#define SYMBOLS_PUBLICS_H

#include "symbols/spans.h"

struct public_symbol {
	uint64_t address; /* where the symbol is */
	uint64_t from;    /* where it begins to serve, after publics_resolve() */
	uint32_t name;
	uint32_t order; /* place in the file */
};

struct publics {
	struct public_symbol *symbols;
	size_t count, cap;
};

void publics_release(struct publics *publics);
void publics_add(struct publics *publics, uint64_t address, uint32_t name);

/*
 * Sorts, and drops all that serve no address.  Each one left serves from `from`
 * to where the next PUBLIC or function begins.  `functions` ascend by start.
 */
void publics_resolve(struct publics *publics, const struct span *functions, size_t count);

#endif
