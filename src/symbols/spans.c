/* SPDX-License-Identifier: MIT */
/* Sorting and flattening of address ranges. */
#include "symbols/spans.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { INSERTION_MAX = 40 };

bool spans_are_disjoint(const struct span *spans, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (spans[i].start <= spans[i - 1].last)
			return false;
	return true;
}

static bool goes_before(const struct span *a, const struct span *b)
{
	return a->start != b->start ? a->start < b->start : a->id > b->id;
}

static void insertion_sort(struct span *spans, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct span span = spans[i];
		size_t at = i;

		for (; at > 0 && goes_before(&span, &spans[at - 1]); at--)
			spans[at] = spans[at - 1];
		spans[at] = span;
	}
}

/* Where the ascending run that begins at `from` ends. */
static size_t run_end(const struct span *spans, size_t from, size_t count)
{
	size_t at = from + 1;

	while (at < count && !goes_before(&spans[at], &spans[at - 1]))
		at++;
	return at < count ? at : count;
}

static void merge(const struct span *a, const struct span *a_end, const struct span *b,
		  const struct span *b_end, struct span *to)
{
	while (a < a_end && b < b_end) {
		bool second = goes_before(b, a);

		*to++ = *(second ? b : a);
		b += second;
		a += !second;
	}
	memcpy(to, a, (size_t)(a_end - a) * sizeof(*to));
	memcpy(to + (a_end - a), b, (size_t)(b_end - b) * sizeof(*to));
}

/* Every two runs become one; returns how many these are. */
static size_t merge_runs(const struct span *spans, size_t count, struct span *to)
{
	size_t runs = 0;

	for (size_t at = 0; at < count; runs++) {
		size_t middle = run_end(spans, at, count);
		size_t end = middle < count ? run_end(spans, middle, count) : count;

		merge(spans + at, spans + middle, spans + middle, spans + end, to + at);
		at = end;
	}
	return runs;
}

/* Dumpers write ranges and functions in long ascending runs: merging these takes few passes. */
static void merge_sort(struct span *spans, size_t count)
{
	struct span *room = mem_alloc(count * sizeof(*room));
	struct span *from = spans, *to = room;
	size_t runs;

	do {
		struct span *swap = from;

		runs = merge_runs(from, count, to);
		from = to;
		to = swap;
	} while (runs > 1);
	if (from != spans)
		memcpy(spans, from, count * sizeof(*spans));
	free(room);
}

void spans_sort(struct span *spans, size_t count)
{
	if (count <= INSERTION_MAX)
		insertion_sort(spans, count);
	else
		merge_sort(spans, count);
}

struct flattening {
	struct span *stack; /* started and not known to have ended; the top wins */
	size_t depth;
	struct span *pieces;
	size_t count;
	uint64_t at; /* everything below is decided */
};

/* Hands out the addresses up to and including `last`; leaves spans that go on. */
static void flatten_until(struct flattening *f, uint64_t last)
{
	while (f->depth > 0) {
		const struct span *top = &f->stack[f->depth - 1];

		if (top->last >= f->at) {
			uint64_t piece_last = top->last < last ? top->last : last;

			f->pieces[f->count++] = (struct span){f->at, piece_last, top->id};
			if (piece_last == last)
				return;
			f->at = piece_last + 1;
		}
		f->depth--;
	}
}

size_t spans_flatten(const struct span *spans, size_t count, struct span *pieces)
{
	struct flattening f = {.pieces = pieces};

	f.stack = mem_alloc(count * sizeof(*f.stack) + 1);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && spans[i].start > f.at)
			flatten_until(&f, spans[i].start - 1);
		f.at = spans[i].start;
		f.stack[f.depth++] = spans[i];
	}
	flatten_until(&f, UINT64_MAX);
	free(f.stack);
	return f.count;
}
