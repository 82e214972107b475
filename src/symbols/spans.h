/* SPDX-License-Identifier: MIT */
/* Address ranges that overlap, made into ranges that do not. */
#ifndef SYMBOLS_SPANS_H
#define SYMBOLS_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both ends included, so that a range may end where the address space does. */
struct span {
	uint64_t start, last;
	uint32_t id; /* what covers it; also its place in the file */
};

/* Whether they ascend and none touches an address of another. */
bool spans_are_disjoint(const struct span *spans, size_t count);

/* Ascending by start; of equal starts the higher id first. */
void spans_sort(struct span *spans, size_t count);

/*
 * The rule for both functions (R13) and inline ranges of one level (R27): of
 * the spans that cover an address the one with the greatest start wins, of
 * equal starts the lowest id.  `spans` is sorted; the pieces each one wins are
 * written to `pieces`, which has room for 2 * count.  Returns their number.
 */
size_t spans_flatten(const struct span *spans, size_t count, struct span *pieces);

#endif
