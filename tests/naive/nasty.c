/* SPDX-License-Identifier: MIT */
/* nasty-sym SEED [--big]: prints a random .sym text that is as unkind as the format allows; same seed, same text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

enum { LINE_LIMIT = 1 << 20 };

/* What one run of the generator is like. */
struct nasty {
	struct random random;
	FILE *out;
	uint64_t origin; /* FUNCs gather in a window from here on */
	uint64_t window;
	uint64_t func_start, func_size;
	unsigned line_ends; /* 0 LF, 1 CRLF, 2 CRCRLF, 3 mixed */
	unsigned sloppy;    /* once in so many fields the separator is odd; 0 never */
	unsigned bad;       /* once in so many records a bad one is added; 0 never */
	bool big;
};

static uint64_t below(struct nasty *nasty, uint64_t limit)
{
	return random_below(&nasty->random, limit);
}

static bool once_in(struct nasty *nasty, uint64_t times)
{
	return random_once_in(&nasty->random, times);
}

/* ---- pieces of text ---- */

static void put(struct nasty *nasty, const char *text)
{
	fputs(text, nasty->out);
}

static void put_gap(struct nasty *nasty)
{
	static const char *const GAPS[] = {"  ", " \t", "\t", "   ", "\t\t "};
	bool odd = nasty->sloppy != 0 && once_in(nasty, nasty->sloppy);
	put(nasty, odd ? GAPS[below(nasty, sizeof GAPS / sizeof *GAPS)] : " ");
}

/* A key, and what parts it from its fields; a tab there now and then makes the record an unknown one. */
static void put_key(struct nasty *nasty, const char *key)
{
	put(nasty, key);
	if (nasty->sloppy != 0 && once_in(nasty, 400))
		put(nasty, "\t");
	else
		put(nasty, once_in(nasty, 30) ? " \t " : " ");
}

static void put_end(struct nasty *nasty)
{
	static const char *const ENDS[] = {"\n", "\r\n", "\r\r\n"};
	unsigned kind = nasty->line_ends < 3 ? nasty->line_ends : (unsigned)below(nasty, 3);
	if (nasty->sloppy != 0 && once_in(nasty, 40))
		put(nasty, " \t");
	put(nasty, ENDS[kind]);
	if (once_in(nasty, 60))
		put(nasty, once_in(nasty, 2) ? "\n" : " \t\r\n");
}

static void put_hex(struct nasty *nasty, uint64_t value)
{
	if (once_in(nasty, 50))
		fprintf(nasty->out, "%016" PRIx64, value);
	else if (once_in(nasty, 20))
		fprintf(nasty->out, "%" PRIX64, value);
	else
		fprintf(nasty->out, "%" PRIx64, value);
}

static void put_decimal(struct nasty *nasty, uint64_t value)
{
	if (value < 1000000 && once_in(nasty, 60))
		fprintf(nasty->out, "%010" PRIu64, value);
	else
		fprintf(nasty->out, "%" PRIu64, value);
}

static void put_range(struct nasty *nasty, uint64_t start, uint64_t size)
{
	put_hex(nasty, start);
	put_gap(nasty);
	put_hex(nasty, size);
}

static void put_bytes(struct nasty *nasty, uint64_t count)
{
	while (count-- > 0) {
		int c = (int)below(nasty, 256);
		putc(c == '\n' ? 'n' : c, nasty->out);
	}
}

/* C++ by the kilobyte; now and then beyond the limit of a line. */
static void put_long_name(struct nasty *nasty)
{
	uint64_t count = 200 + below(nasty, 20000);
	if (once_in(nasty, 4))
		count = LINE_LIMIT / 8 - 4 + below(nasty, 8);
	for (uint64_t i = 0; i < count; i++)
		put(nasty, i % 16 == 7 ? "\xf0\x9f\x98\x80<T> " : "a::\xc3\xa9:: ");
	put_bytes(nasty, below(nasty, 9));
}

static void put_numbered_name(struct nasty *nasty)
{
	static const char *const AROUND[][2] = {
		{"name", ""},
		{"ns::f<int, ", ">(char const*)"},
		{"", ""},
		{"a  b\t", ""},
		{"-1 x", ""},
		{"\"q\\", "\""},
		{"FUNC 1000 10 0 ", ""},
		{"caf\xc3\xa9 ", ""},
		{"42 old", ""},
	};
	const char *const *around = AROUND[below(nasty, sizeof AROUND / sizeof *AROUND)];
	fprintf(nasty->out, "%s%u%s", around[0], (unsigned)below(nasty, 50), around[1]);
}

static void put_name(struct nasty *nasty)
{
	switch (below(nasty, 24)) {
	case 0: break; /* no name at all */
	case 1: put(nasty, "m"); break;
	case 2: put(nasty, "m x"); break;
	case 3: put_bytes(nasty, 1 + below(nasty, 40)); break;
	case 4: put(nasty, "caf\xe9 \xed\xa0\x80 \xf0\x9f\x98"); break;
	case 5: put(nasty, "<name omitted>"); break;
	case 6:
		if (once_in(nasty, nasty->big ? 40 : 400)) {
			put_long_name(nasty);
			break;
		} /* fall through */
	default: put_numbered_name(nasty); break;
	}
}

/* ---- places ---- */

static uint64_t some_id(struct nasty *nasty)
{
	if (once_in(nasty, 25))
		return UINT32_MAX - below(nasty, 3);
	return below(nasty, nasty->big ? 300 : 12);
}

static void put_file_reference(struct nasty *nasty)
{
	if (once_in(nasty, 30))
		put(nasty, once_in(nasty, 2) ? "-1" : "-7");
	else
		put_decimal(nasty, some_id(nasty));
}

static void put_line_number(struct nasty *nasty)
{
	if (once_in(nasty, 40))
		put(nasty, "-1");
	else
		put_decimal(nasty, once_in(nasty, 15) ? 0 : once_in(nasty, 50) ? UINT32_MAX : below(nasty, 5000));
}

/* ---- addresses ---- */

static uint64_t some_size(struct nasty *nasty)
{
	switch (below(nasty, 16)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return below(nasty, nasty->window);
	case 3: return below(nasty, 0x1000);
	default: return 1 + below(nasty, 0x60);
	}
}

/* A size that keeps the range within 2^64, mostly. */
static uint64_t fitting_size(struct nasty *nasty, uint64_t start, uint64_t size)
{
	uint64_t room = UINT64_MAX - start; /* one less than what fits */
	if (size == 0 || size - 1 <= room)
		return size;
	return once_in(nasty, 10) ? size : once_in(nasty, 2) && room < UINT64_MAX ? room + 1 : room;
}

static uint64_t extreme_address(struct nasty *nasty)
{
	static const uint64_t EDGES[] = {0, UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 33, UINT64_C(1) << 48,
		UINT64_C(1) << 63, UINT64_MAX};
	uint64_t edge = EDGES[below(nasty, sizeof EDGES / sizeof *EDGES)];
	uint64_t distance = below(nasty, 0x80);
	if (edge == UINT64_MAX || (edge != 0 && once_in(nasty, 2)))
		return edge - distance;
	return edge + distance;
}

static uint64_t some_address(struct nasty *nasty)
{
	if (once_in(nasty, 25))
		return extreme_address(nasty);
	return nasty->origin + below(nasty, nasty->window);
}

/* Within the current FUNC, at its edges, or somewhat beyond them; may wrap, as bad files do. */
static uint64_t near_func(struct nasty *nasty)
{
	uint64_t span = nasty->func_size < 0x200 ? nasty->func_size + 1 : 0x200;
	switch (below(nasty, 16)) {
	case 0: return nasty->func_start;
	case 1: return nasty->func_start - below(nasty, 0x10);
	case 2: return nasty->func_start + nasty->func_size - below(nasty, 0x10);
	case 3: return nasty->func_start + nasty->func_size + below(nasty, 0x10);
	default: return nasty->func_start + below(nasty, span);
	}
}

static uint64_t small_size(struct nasty *nasty)
{
	if (once_in(nasty, 12))
		return 0;
	if (once_in(nasty, 40))
		return below(nasty, 0x10000);
	return once_in(nasty, 8) ? below(nasty, 0x100) : 1 + below(nasty, 0x18);
}

/* ---- records ---- */

static void put_file(struct nasty *nasty)
{
	put_key(nasty, "FILE");
	put_decimal(nasty, some_id(nasty));
	put_gap(nasty);
	put_name(nasty);
	put_end(nasty);
}

static void put_origin(struct nasty *nasty)
{
	put_key(nasty, "INLINE_ORIGIN");
	put_decimal(nasty, some_id(nasty));
	put_gap(nasty);
	if (once_in(nasty, 6))
		put(nasty, once_in(nasty, 2) ? "-1 " : "7 ");
	put_name(nasty);
	put_end(nasty);
}

static void put_public(struct nasty *nasty)
{
	put_key(nasty, "PUBLIC");
	if (once_in(nasty, 8))
		put(nasty, "m ");
	put_range(nasty, once_in(nasty, 30) ? 0 : some_address(nasty), below(nasty, 0x20));
	put_gap(nasty);
	put_name(nasty);
	put_end(nasty);
}

static void put_line_at(struct nasty *nasty, uint64_t start, uint64_t size)
{
	put_range(nasty, start, fitting_size(nasty, start, size));
	put_gap(nasty);
	put_line_number(nasty);
	put_gap(nasty);
	put_file_reference(nasty);
	if (once_in(nasty, 40))
		put(nasty, " 5 more fields");
	put_end(nasty);
}

/* Orderly lines with few gaps and overlaps, as compilers write them. */
static void put_run_of_lines(struct nasty *nasty)
{
	uint64_t at = nasty->func_start - (once_in(nasty, 10) ? below(nasty, 8) : 0);
	uint64_t count = below(nasty, nasty->big ? 60 : 20);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t size = small_size(nasty);
		put_line_at(nasty, at, size);
		at += once_in(nasty, 8) ? below(nasty, size + 8) : size;
	}
}

static void put_shuffled_lines(struct nasty *nasty)
{
	for (uint64_t count = below(nasty, 16); count > 0; count--)
		put_line_at(nasty, near_func(nasty), small_size(nasty));
}

static uint64_t range_count(struct nasty *nasty)
{
	if (once_in(nasty, 60))
		return 250 + below(nasty, 300);
	return 1 + (once_in(nasty, 3) ? below(nasty, 6) : 0);
}

static void put_inline_at(struct nasty *nasty, uint64_t level, uint64_t start, uint64_t size)
{
	put_key(nasty, "INLINE");
	put_decimal(nasty, level);
	put_gap(nasty);
	put_line_number(nasty);
	put_gap(nasty);
	if (!once_in(nasty, 5)) { /* otherwise the old form */
		put_file_reference(nasty);
		put_gap(nasty);
	}
	put_decimal(nasty, some_id(nasty));
	for (uint64_t ranges = range_count(nasty); ranges > 0; ranges--) {
		put_gap(nasty);
		put_range(nasty, start, fitting_size(nasty, start, size));
		start = near_func(nasty);
		size = small_size(nasty);
	}
	put_end(nasty);
}

static uint64_t odd_level(struct nasty *nasty)
{
	if (once_in(nasty, 30))
		return 505 + below(nasty, 12);
	return below(nasty, once_in(nasty, 4) ? 20 : 4);
}

/* Ranges inside one another, level by level; a level is missing now and then, or there twice. */
static void put_nest(struct nasty *nasty)
{
	uint64_t start = nasty->func_start, size = nasty->func_size;
	uint64_t depth = once_in(nasty, 200) ? 515 : below(nasty, 8);
	for (uint64_t level = 0; level < depth; level++) {
		if (!once_in(nasty, 20))
			put_inline_at(nasty, level, start, size);
		if (once_in(nasty, 6))
			put_inline_at(nasty, level, start + below(nasty, 8), size);
		uint64_t cut = size > 8 ? below(nasty, size / 4 + 1) : 0;
		start += cut;
		size -= size > 8 && !once_in(nasty, 6) ? cut + below(nasty, (size - cut) / 4 + 1) : 0;
	}
}

static void put_shuffled_inlines(struct nasty *nasty)
{
	for (uint64_t count = below(nasty, 12); count > 0; count--)
		put_inline_at(nasty, odd_level(nasty), near_func(nasty), small_size(nasty));
}

static void put_func_head(struct nasty *nasty)
{
	uint64_t size = some_size(nasty);
	if (!once_in(nasty, 12)) /* otherwise the same start again */
		nasty->func_start = some_address(nasty);
	nasty->func_size = fitting_size(nasty, nasty->func_start, size);
	put_key(nasty, "FUNC");
	if (once_in(nasty, 8))
		put(nasty, "m ");
	put_range(nasty, nasty->func_start, nasty->func_size);
	put_gap(nasty);
	put_hex(nasty, below(nasty, 0x40));
	put_gap(nasty);
	put_name(nasty);
	put_end(nasty);
}

static void put_no_effect(struct nasty *nasty)
{
	static const char *const TEXTS[] = {"STACK CFI INIT 1000 20 .cfa: $rsp 8 +", "STACK WIN 4 1 junk", "STACK",
		"INFO CODE_ID FEED x.exe", "INFO", "INFO URL http://x/", "MODULE", "MODULE a b 0 c"};
	put(nasty, TEXTS[below(nasty, sizeof TEXTS / sizeof *TEXTS)]);
	put_end(nasty);
}

static void put_bad_record(struct nasty *nasty)
{
	static const char *const TEXTS[] = {"BANANA 1 2 3", "func 1000 10 0 f", " FUNC 1000 10 0 f", "# comment",
		"FUNC", "FUNC 1000", "FUNC 1000 10", "FUNC zz 10 0 f", "FUNC 1000 -1 0 f", "FUNC 1000 10 q f",
		"FUNC ffffffffffffffff 2 0 f", "FUNC 10000000000000000 1 0 f", "FUNC m", "FUNC m 1000", "PUBLIC",
		"PUBLIC 1000", "PUBLIC 0x1000 0 p", "PUBLIC m", "1000", "1000 10", "1000 10 1", "1000 10 x 0",
		"1000 10 1 x", "1000 10 4294967296 0", "1000 10 1 4294967296", "1000 10 00000000001 0", "0x1000 10 1 0",
		"-1000 10 1 0", " 1000 10 1 0", "ffffffffffffffff 2 1 0", "INLINE", "INLINE 0", "INLINE 0 1 2 3",
		"INLINE 0 1 2 3 zz 1", "INLINE 512 1 2 3 0 ffffffffffffffff", "INLINE 0 1 2 3 ffffffffffffffff 2",
		"INLINE 0 1 2 3 0 ffffffffffffffff 1 g", "INLINE -1 1 2 3 0 ffffffff", "INLINE 0 1 2 x 0 ffffffff",
		"INLINE 4294967296 1 2 3 0 ffffffff", "FILE", "FILE 3", "FILE 4  \t ", "FILE x y", "FILE -1 y",
		"FILE 99999999999 y", "INLINE_ORIGIN", "INLINE_ORIGIN x y", "INLINE_ORIGIN -1 y", "0", "a", "\f",
		"FUNC:"};
	put(nasty, TEXTS[below(nasty, sizeof TEXTS / sizeof *TEXTS)]);
	put_end(nasty);
}

/* A line or INLINE that would be good but for its more than 1 MiB. */
static void put_overlong_record(struct nasty *nasty)
{
	bool is_line = once_in(nasty, 2);
	if (is_line)
		put_range(nasty, nasty->func_start, 1);
	else
		put(nasty, "INLINE 0 1");
	for (int i = 0; i < LINE_LIMIT; i += 4)
		put(nasty, is_line ? " 1 1" : " 1 2");
	put_end(nasty);
}

static void put_stray(struct nasty *nasty)
{
	if (nasty->bad != 0 && once_in(nasty, nasty->bad))
		put_bad_record(nasty);
	if (nasty->bad != 0 && once_in(nasty, nasty->big ? 3000 : 5000))
		put_overlong_record(nasty);
	if (once_in(nasty, 25))
		put_no_effect(nasty);
	if (once_in(nasty, 20))
		put_file(nasty);
	if (once_in(nasty, 20))
		put_origin(nasty);
	if (once_in(nasty, 40))
		put_public(nasty);
}

static void put_func(struct nasty *nasty)
{
	put_func_head(nasty);
	put_stray(nasty);
	if (!once_in(nasty, 3))
		put_nest(nasty);
	if (once_in(nasty, 3))
		put_shuffled_inlines(nasty);
	put_stray(nasty);
	if (!once_in(nasty, 4))
		put_run_of_lines(nasty);
	put_stray(nasty);
	if (once_in(nasty, 4))
		put_shuffled_lines(nasty);
	if (once_in(nasty, 8))
		put_shuffled_inlines(nasty);
	put_stray(nasty);
}

static void put_head(struct nasty *nasty)
{
	if (once_in(nasty, 10))
		put(nasty, "\xef\xbb\xbf");
	if (once_in(nasty, 10))
		put(nasty, " \r\n\n");
	if (once_in(nasty, 60))
		put_file(nasty); /* which makes the file unusable */
	put(nasty, "MODULE Linux x86_64 0123456789ABCDEF0123456789ABCDEF0");
	put(nasty, once_in(nasty, 10) ? "" : " nasty file.so");
	put_end(nasty);
}

static void choose_manner(struct nasty *nasty)
{
	static const uint64_t WINDOWS[] = {0x200, 0x1000, 0x4000, 0x100000};
	nasty->window = WINDOWS[below(nasty, 4)] * (nasty->big ? 64 : 1);
	nasty->origin = once_in(nasty, 3) ? extreme_address(nasty) : 0x1000;
	nasty->line_ends = once_in(nasty, 2) ? 0 : (unsigned)below(nasty, 4);
	nasty->sloppy = once_in(nasty, 2) ? 0 : 30;
	nasty->bad = once_in(nasty, 3) ? 0 : 5;
}

static void put_all(struct nasty *nasty)
{
	uint64_t funcs = nasty->big ? 4000 + below(nasty, 4000) : below(nasty, 60);
	uint64_t names = nasty->big ? 200 : 10;
	bool late = once_in(nasty, 4);
	choose_manner(nasty);
	put_head(nasty);
	for (uint64_t i = 0; !late && i < names; i++) {
		put_file(nasty);
		put_origin(nasty);
	}
	for (uint64_t i = 0; i < funcs; i++) {
		if (once_in(nasty, 5))
			put_public(nasty);
		put_stray(nasty);
		put_func(nasty);
	}
	for (uint64_t i = 0; late && i < names; i++) {
		put_file(nasty);
		put_origin(nasty);
	}
}

/* Now and then the file is cut short, anywhere. */
static size_t length_to_print(struct nasty *nasty, size_t length)
{
	return once_in(nasty, 6) ? below(nasty, length) + 1 : length;
}

int main(int argc, char **argv)
{
	struct nasty nasty = {.big = argc > 2 && strcmp(argv[2], "--big") == 0};
	char *text = NULL;
	size_t length = 0;
	if (argc < 2) {
		fputs("usage: nasty-sym SEED [--big]\n", stderr);
		return 64;
	}
	random_init(&nasty.random, strtoull(argv[1], NULL, 10));
	nasty.out = open_memstream(&text, &length);
	if (nasty.out == NULL)
		return 71;
	put_all(&nasty);
	if (fclose(nasty.out) != 0)
		return 71;
	length = length_to_print(&nasty, length);
	bool good = fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0;
	free(text);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
