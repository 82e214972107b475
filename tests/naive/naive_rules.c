/* SPDX-License-Identifier: MIT */
/* Rules R12-R30 of symfile.md, one function for one rule or two, no structure that would need a proof. */
#include "naive_rules.h"

#include <stdio.h>
#include <stdlib.h>

struct naive_table {
	const struct sym_text *sym;
	size_t func_count;             /* FUNCs of size > 0 only (R12) */
	const struct sym_func **funcs; /* by start, then by place in the file */
	uint64_t *reach;               /* reach[i]: the last address that funcs[0..i] cover */
};

/* size > 0. The last address is used for ends throughout, since an end may be 2^64. */
static uint64_t last_of(uint64_t start, uint64_t size)
{
	return start + (size - 1);
}

static bool covers(uint64_t start, uint64_t size, uint64_t pc)
{
	return size > 0 && start <= pc && pc <= last_of(start, size);
}

/* ---- the table ---- */

static int compare_funcs(const void *left, const void *right)
{
	const struct sym_func *a = *(const struct sym_func *const *)left;
	const struct sym_func *b = *(const struct sym_func *const *)right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a < b ? -1 : a > b; /* both in one array, in file order */
}

struct line_key {
	struct sym_line line;
	size_t order;
};

static int compare_lines(const void *left, const void *right)
{
	const struct line_key *a = left, *b = right;
	if (a->line.start != b->line.start)
		return a->line.start < b->line.start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void *allocate(size_t count, size_t item_size)
{
	void *array = calloc(count + 1, item_size);
	if (array == NULL) {
		fputs("naive: out of memory\n", stderr);
		exit(71);
	}
	return array;
}

/* R19: by start, equal starts in file order. */
static void sort_lines(struct sym_line *lines, size_t count)
{
	struct line_key *keys = allocate(count, sizeof *keys);
	for (size_t i = 0; i < count; i++)
		keys[i] = (struct line_key){lines[i], i};
	qsort(keys, count, sizeof *keys, compare_lines);
	for (size_t i = 0; i < count; i++)
		lines[i] = keys[i].line;
	free(keys);
}

static void collect_funcs(struct naive_table *table, struct sym_text *sym)
{
	for (size_t i = 0; i < sym->func_count; i++) {
		const struct sym_func *func = &sym->funcs[i];
		if (func->size == 0)
			continue;
		table->funcs[table->func_count++] = func;
		if (func->line_count > 1)
			sort_lines(sym->lines + func->first_line, func->line_count);
	}
	qsort(table->funcs, table->func_count, sizeof *table->funcs, compare_funcs);
}

static void measure_reach(struct naive_table *table)
{
	uint64_t reach = 0;
	for (size_t i = 0; i < table->func_count; i++) {
		uint64_t last = last_of(table->funcs[i]->start, table->funcs[i]->size);
		if (last > reach)
			reach = last;
		table->reach[i] = reach;
	}
}

struct naive_table *naive_table_new(struct sym_text *sym)
{
	struct naive_table *table = allocate(1, sizeof *table);
	table->sym = sym;
	table->funcs = allocate(sym->func_count, sizeof *table->funcs);
	table->reach = allocate(sym->func_count, sizeof *table->reach);
	collect_funcs(table, sym);
	measure_reach(table);
	return table;
}

void naive_table_free(struct naive_table *table)
{
	free(table->funcs);
	free(table->reach);
	free(table);
}

/* ---- which symbol ---- */

/* How many FUNCs of size > 0 start at or below pc: they are funcs[0..n-1]. */
static size_t funcs_up_to(const struct naive_table *table, uint64_t pc)
{
	size_t low = 0, high = table->func_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->funcs[middle]->start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* R13. Walks down from pc; the first FUNC that covers it has the greatest start, and of those with that
 * start the last one met is the first in the file. Where nothing below reaches pc the walk may stop. */
static const struct sym_func *find_func(const struct naive_table *table, uint64_t pc)
{
	const struct sym_func *winner = NULL;
	for (size_t i = funcs_up_to(table, pc); i > 0 && table->reach[i - 1] >= pc; i--) {
		const struct sym_func *func = table->funcs[i - 1];
		if (winner != NULL && func->start != winner->start)
			break;
		if (covers(func->start, func->size, pc))
			winner = func;
	}
	return winner;
}

/* The FUNC of size > 0 with the greatest start at or below pc, whether it covers pc or not. */
static const struct sym_func *last_func_started(const struct naive_table *table, uint64_t pc)
{
	size_t n = funcs_up_to(table, pc);
	while (n > 1 && table->funcs[n - 2]->start == table->funcs[n - 1]->start)
		n--;
	return n > 0 ? table->funcs[n - 1] : NULL;
}

/* R15, R17: the greatest address at or below pc, the first in the file of its address. */
static const struct sym_public *last_public(const struct sym_text *sym, uint64_t pc)
{
	const struct sym_public *winner = NULL;
	for (size_t i = 0; i < sym->public_count; i++) {
		const struct sym_public *public = &sym->publics[i];
		if (public->address <= pc && (winner == NULL || public->address > winner->address))
			winner = public;
	}
	return winner;
}

/* R15 and R16. */
static const struct sym_public *find_public(const struct naive_table *table, uint64_t pc)
{
	const struct sym_public *public = last_public(table->sym, pc);
	const struct sym_func *func = last_func_started(table, pc);
	if (public == NULL || (func != NULL && func->start >= public->address))
		return NULL;
	return public;
}

/* ---- which line ---- */

/* R19, over lines in order of start. Decision (R21): a line counts here with its own bounds, clipping to the
 * FUNC comes after; since pc lies in the FUNC, nothing is left to clip. */
static const struct sym_line *find_line(const struct sym_text *sym, const struct sym_func *func, uint64_t pc)
{
	const struct sym_line *kept = NULL;
	for (size_t i = 0; i < func->line_count; i++) {
		const struct sym_line *line = &sym->lines[func->first_line + i];
		if (line->size == 0)
			continue;
		if (line->start > pc)
			break;
		if (kept == NULL || line->start > last_of(kept->start, kept->size))
			kept = line;
	}
	return kept != NULL && covers(kept->start, kept->size, pc) ? kept : NULL;
}

/* R23, R24 */
static void set_place(const struct sym_text *sym, struct naive_frame *frame, struct sym_place place)
{
	frame->file = sym_file_name(sym, place.file);
	frame->line = frame->file != NULL && place.line > 0 ? (uint32_t)place.line : 0;
}

static struct sym_place place_of_line(const struct sym_line *line)
{
	return line != NULL ? line->place : (struct sym_place){.line = -1, .file = -1};
}

/* R30 */
static struct sym_place place_of_call(const struct sym_inline *range, const struct sym_line *line)
{
	struct sym_place place = range->call;
	if (range->old_form)
		place.file = place_of_line(line).file;
	return place;
}

/* ---- inlines ---- */

/* R27: of each level the range covering pc with the greatest start, first in the file. Decision: the start as
 * written counts, not the start clipped to the FUNC. */
static void find_ranges(const struct sym_text *sym, const struct sym_func *func, uint64_t pc,
	const struct sym_inline *ret_best[MAX_INLINES])
{
	for (size_t i = 0; i < func->inline_count; i++) {
		const struct sym_inline *range = &sym->inlines[func->first_inline + i];
		const struct sym_inline **best = &ret_best[range->level];
		if (covers(range->start, range->size, pc) && (*best == NULL || range->start > (*best)->start))
			*best = range;
	}
}

/* R28, R29. chain[0] is level 0. */
static void set_frames(const struct sym_text *sym, const struct sym_inline *const chain[], size_t depth,
	const struct sym_line *line, struct naive_answer *answer)
{
	answer->inline_count = depth;
	struct naive_frame *frame = &answer->function;
	for (size_t level = 0; level < depth; level++) {
		set_place(sym, frame, place_of_call(chain[level], line));
		frame = &answer->inlines[depth - 1 - level];
		frame->function = sym_origin_name(sym, chain[level]->origin);
	}
	set_place(sym, frame, place_of_line(line));
}

static void answer_func(
	const struct sym_text *sym, const struct sym_func *func, uint64_t pc, struct naive_answer *answer)
{
	const struct sym_inline *chain[MAX_INLINES] = {NULL};
	size_t depth = 0;
	answer->function.function = &func->name;
	answer->function_offset = pc - func->start;
	find_ranges(sym, func, pc, chain);
	while (depth < MAX_INLINES && chain[depth] != NULL)
		depth++;
	set_frames(sym, chain, depth, find_line(sym, func, pc), answer);
}

/* ---- the answer ---- */

static void answer_name(struct naive_answer *answer, const struct slice *name, uint64_t offset)
{
	answer->function.function = name;
	answer->function_offset = offset;
}

/* R14, R18, R22 */
void naive_lookup(const struct naive_table *table, uint64_t pc, struct naive_answer *ret_answer)
{
	const struct sym_func *func = find_func(table, pc);
	const struct sym_public *public = func == NULL ? find_public(table, pc) : NULL;
	ret_answer->function = (struct naive_frame){NULL, NULL, 0};
	ret_answer->inline_count = 0;
	if (func != NULL)
		answer_func(table->sym, func, pc, ret_answer);
	else if (public != NULL)
		answer_name(ret_answer, &public->name, pc - public->address);
}

void naive_nearest(const struct naive_table *table, uint64_t pc, struct naive_answer *ret_answer)
{
	const struct sym_func *func = last_func_started(table, pc);
	const struct sym_public *public = last_public(table->sym, pc);
	if (func != NULL && (public == NULL || func->start >= public->address))
		answer_name(ret_answer, &func->name, pc - func->start);
	else if (public != NULL)
		answer_name(ret_answer, &public->name, pc - public->address);
}
