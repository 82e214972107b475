/* SPDX-License-Identifier: MIT */
/* Sorting and flattening of address ranges. */
#include "symbols/spans.h"

#include "base/mem.h"

#include <stdlib.h>

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

static int compare_spans(const void *a, const void *b)
{
	return goes_before(b, a) - goes_before(a, b);
}

void spans_sort(struct span *spans, size_t count)
{
	if (count > INSERTION_MAX) {
		qsort(spans, count, sizeof(*spans), compare_spans);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct span span = spans[i];
		size_t at = i;

		for (; at > 0 && goes_before(&span, &spans[at - 1]); at--)
			spans[at] = spans[at - 1];
		spans[at] = span;
	}
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
