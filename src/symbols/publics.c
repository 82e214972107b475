/* SPDX-License-Identifier: MIT */
/* Resolving PUBLICs against FUNCs once, so that lookups need no rule for them. */
#include "symbols/publics.h"

#include "symbols/grow.h"

#include <stdlib.h>

void publics_release(struct publics *publics)
{
	free(publics->symbols);
	*publics = (struct publics){.symbols = NULL};
}

void publics_add(struct publics *publics, uint64_t address, uint32_t name)
{
	if (publics->count == publics->cap)
		publics->symbols = grow_array(publics->symbols, &publics->cap, publics->count + 1,
					      sizeof(*publics->symbols));
	publics->symbols[publics->count] = (struct public_symbol){
		.address = address, .name = name, .order = (uint32_t)publics->count};
	publics->count++;
}

static int compare(const void *a, const void *b)
{
	const struct public_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void sort(struct publics *publics)
{
	for (size_t i = 1; i < publics->count; i++)
		if (compare(&publics->symbols[i - 1], &publics->symbols[i]) > 0) {
			qsort(publics->symbols, publics->count, sizeof(*publics->symbols), compare);
			return;
		}
}

static void drop_duplicates(struct publics *publics)
{
	size_t kept = 0;

	for (size_t i = 0; i < publics->count; i++)
		if (kept == 0 || publics->symbols[kept - 1].address != publics->symbols[i].address)
			publics->symbols[kept++] = publics->symbols[i];
	publics->count = kept;
}

void publics_resolve(struct publics *publics, const struct span *functions, size_t count)
{
	size_t next = 0, kept = 0; /* next: the first function that starts at or after the symbol */
	uint64_t covered = 0;      /* up to where functions that started before cover; 0: none does */

	sort(publics);
	drop_duplicates(publics);
	for (size_t i = 0; i < publics->count; i++) {
		struct public_symbol symbol = publics->symbols[i];
		uint64_t last = i + 1 < publics->count ? publics->symbols[i + 1].address - 1 : UINT64_MAX;

		for (; next < count && functions[next].start < symbol.address; next++)
			if (functions[next].last > covered)
				covered = functions[next].last;
		if (symbol.address == 0 || (next < count && functions[next].start == symbol.address) ||
		    (covered >= symbol.address && covered == UINT64_MAX))
			continue;
		if (next < count && functions[next].start - 1 < last)
			last = functions[next].start - 1;
		symbol.from = covered >= symbol.address ? covered + 1 : symbol.address;
		if (symbol.from <= last)
			publics->symbols[kept++] = symbol;
	}
	publics->count = kept;
}
