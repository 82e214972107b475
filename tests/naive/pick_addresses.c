/* SPDX-License-Identifier: MIT */
/* pick-addresses FILE.sym COUNT SEED: prints addresses worth asking for, one per line; same seed, same addresses. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "sym_text.h"

struct picker {
	struct random random;
	const struct sym_text *sym;
	uint64_t lowest, highest; /* over all FUNCs and PUBLICs; the highest is the first address beyond */
};

static uint64_t below(struct picker *picker, uint64_t limit)
{
	return random_below(&picker->random, limit);
}

/* start-1, start, start+1, end-1, end, and anything in between. May wrap round, as 0 - 1 does. */
static uint64_t pick_edge(struct picker *picker, uint64_t start, uint64_t size)
{
	switch (below(picker, 6)) {
	case 0: return start - 1;
	case 1: return start;
	case 2: return start + 1;
	case 3: return start + size - 1;
	case 4: return start + size;
	default: return size > 0 ? start + below(picker, size) : start;
	}
}

static uint64_t pick_random(struct picker *picker)
{
	return random_next(&picker->random) >> below(picker, 64);
}

static uint64_t pick_special(struct picker *picker)
{
	static const uint64_t SPECIAL[] = {0, 1, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, INT64_MAX,
		UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};
	return SPECIAL[below(picker, sizeof SPECIAL / sizeof *SPECIAL)];
}

static uint64_t pick_inside_func(struct picker *picker)
{
	const struct sym_text *sym = picker->sym;
	if (sym->func_count == 0)
		return pick_random(picker);
	const struct sym_func *func = &sym->funcs[below(picker, sym->func_count)];
	return func->start + (func->size > 0 ? below(picker, func->size) : 0);
}

static uint64_t pick_func_edge(struct picker *picker)
{
	const struct sym_text *sym = picker->sym;
	if (sym->func_count == 0)
		return pick_random(picker);
	const struct sym_func *func = &sym->funcs[below(picker, sym->func_count)];
	return pick_edge(picker, func->start, func->size);
}

static uint64_t pick_line_edge(struct picker *picker)
{
	const struct sym_text *sym = picker->sym;
	if (sym->line_count == 0)
		return pick_func_edge(picker);
	const struct sym_line *line = &sym->lines[below(picker, sym->line_count)];
	return pick_edge(picker, line->start, line->size);
}

static uint64_t pick_inline_edge(struct picker *picker)
{
	const struct sym_text *sym = picker->sym;
	if (sym->inline_count == 0)
		return pick_line_edge(picker);
	const struct sym_inline *range = &sym->inlines[below(picker, sym->inline_count)];
	return pick_edge(picker, range->start, range->size);
}

static uint64_t pick_public_edge(struct picker *picker)
{
	const struct sym_text *sym = picker->sym;
	if (sym->public_count == 0)
		return pick_func_edge(picker);
	return pick_edge(picker, sym->publics[below(picker, sym->public_count)].address, 0x20);
}

/* Past the end of a FUNC: a gap, unless another one follows at once. */
static uint64_t pick_gap(struct picker *picker)
{
	const struct sym_text *sym = picker->sym;
	if (sym->func_count == 0)
		return pick_public_edge(picker);
	const struct sym_func *func = &sym->funcs[below(picker, sym->func_count)];
	return func->start + func->size + below(picker, UINT64_C(1) << below(picker, 12));
}

static uint64_t pick_outside(struct picker *picker)
{
	if (random_once_in(&picker->random, 2))
		return picker->highest + below(picker, 0x1000);
	return picker->lowest > 0 ? picker->lowest - 1 - below(picker, picker->lowest) : 0;
}

static uint64_t pick_within_bounds(struct picker *picker)
{
	if (picker->lowest >= picker->highest)
		return pick_random(picker);
	return picker->lowest + below(picker, picker->highest - picker->lowest);
}

static uint64_t pick_address(struct picker *picker)
{
	switch (below(picker, 20)) {
	case 0: return pick_special(picker);
	case 1: return pick_random(picker);
	case 2: return pick_outside(picker);
	case 3:
	case 4: return pick_within_bounds(picker);
	case 5:
	case 6: return pick_gap(picker);
	case 7:
	case 8: return pick_public_edge(picker);
	case 9:
	case 10: return pick_func_edge(picker);
	case 11:
	case 12:
	case 13: return pick_inside_func(picker);
	case 14:
	case 15:
	case 16: return pick_line_edge(picker);
	default: return pick_inline_edge(picker);
	}
}

static void widen(struct picker *picker, uint64_t start, uint64_t size)
{
	uint64_t end = size > UINT64_MAX - start ? UINT64_MAX : start + size;
	if (start < picker->lowest)
		picker->lowest = start;
	if (end > picker->highest)
		picker->highest = end;
}

static void measure(struct picker *picker)
{
	const struct sym_text *sym = picker->sym;
	picker->lowest = UINT64_MAX;
	for (size_t i = 0; i < sym->func_count; i++)
		widen(picker, sym->funcs[i].start, sym->funcs[i].size);
	for (size_t i = 0; i < sym->public_count; i++)
		widen(picker, sym->publics[i].address, 1);
}

int main(int argc, char **argv)
{
	struct sym_text sym;
	struct picker picker = {.sym = &sym};
	if (argc != 4) {
		fputs("usage: pick-addresses FILE.sym COUNT SEED\n", stderr);
		return 64;
	}
	if (sym_text_read(&sym, argv[1]) == SYM_UNREADABLE) {
		perror(argv[1]);
		return 66;
	}
	random_init(&picker.random, strtoull(argv[3], NULL, 10));
	measure(&picker);
	for (unsigned long long count = strtoull(argv[2], NULL, 10); count > 0; count--)
		printf("%" PRIx64 "\n", pick_address(&picker));
	sym_text_release(&sym);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
