/* SPDX-License-Identifier: MIT */
/* The rules of symfile.md, one small text each; tests/cases/sym has more. */
#include "tap.h"

#include "symbols_answer.h"

#include <stdlib.h>

#define HEAD                                                                                                 \
	"MODULE Linux x86_64 1 m\nFILE 0 a.c\nFILE 1 b.c\nINLINE_ORIGIN 0 in0\nINLINE_ORIGIN 1 "             \
	"in1\nINLINE_ORIGIN 2 in2\n"

struct expectation {
	uint64_t address;
	const char *answer;
};

static void check_all(const char *text, const struct expectation *want, size_t count)
{
	struct opened opened;

	opened_init(&opened, text, 0);
	CHECK(opened.values.in_order);
	for (size_t i = 0; i < count; i++)
		check_lookup(&opened, want[i].address, want[i].answer);
	opened_release(&opened);
}

#define CHECK_ALL(text, ...)                                                        \
	do {                                                                        \
		static const struct expectation want[] = {__VA_ARGS__};             \
		check_all(HEAD text, want, TAP_COUNT(want));                        \
	} while (0)

static void functions_overlap(void)
{
	CHECK_ALL("FUNC 1000 100 0 outer\n1000 100 1 0\nFUNC 1040 20 0 inner\n1040 20 2 1\nFUNC 1048 4 0 "
		  "core\n",
		  {0xfff, "-"}, {0x1000, "outer+0 a.c:1"}, {0x103f, "outer+3f a.c:1"},
		  {0x1040, "inner+0 b.c:2"}, {0x1048, "core+0"}, {0x104b, "core+3"},
		  {0x104c, "inner+c b.c:2"}, {0x105f, "inner+1f b.c:2"}, {0x1060, "outer+60 a.c:1"},
		  {0x10ff, "outer+ff a.c:1"}, {0x1100, "-"});
	CHECK_ALL("FUNC 1000 20 0 first\nFUNC 1000 40 0 longer\n1000 40 9 0\nFUNC 1000 10 0 third\nFUNC 1010 "
		  "0 0 empty\n",
		  {0x1000, "first+0"}, {0x101f, "first+1f"}, {0x1020, "longer+20 a.c:9"},
		  {0x103f, "longer+3f a.c:9"}, {0x1040, "-"});
}

static void outer_functions_resume_within_inlines(void)
{
	CHECK_ALL("FUNC 1000 30 0 outer\nINLINE 0 5 0 0 1008 20\nINLINE 1 6 1 1 1010 10\n1000 30 7 0\n"
		  "FUNC 1014 4 0 hole\n",
		  {0x1007, "outer+7 a.c:7"}, {0x1008, "outer+8 a.c:5 < in0 a.c:7"},
		  {0x1013, "outer+13 a.c:5 < in1 a.c:7 < in0 b.c:6"}, {0x1014, "hole+0"},
		  {0x1018, "outer+18 a.c:5 < in1 a.c:7 < in0 b.c:6"}, {0x1020, "outer+20 a.c:5 < in0 a.c:7"},
		  {0x1028, "outer+28 a.c:7"});
}

static void publics(void)
{
	CHECK_ALL("PUBLIC 0 0 zero\nPUBLIC 500 0 first\nPUBLIC 500 0 second\nFUNC 1000 10 0 f\nPUBLIC 1008 0 "
		  "within\n"
		  "FUNC 2000 10 0 g\nPUBLIC 2000 0 same\nPUBLIC 3000 0 last\n",
		  {0, "-"}, {0x4ff, "-"}, {0x500, "first+0"}, {0xfff, "first+aff"}, {0x1008, "f+8"},
		  {0x1010, "within+8"}, {0x1fff, "within+ff7"}, {0x2000, "g+0"}, {0x2010, "-"}, {0x2fff, "-"},
		  {0x3000, "last+0"}, {UINT64_MAX, "last+ffffffffffffcfff"});
	CHECK_ALL("FUNC 0 4 0 at zero\nPUBLIC ffffffffffffffff 0 end\nPUBLIC fffffffffffffffe 0 near\n",
		  {0, "at zero+0"}, {4, "-"}, {UINT64_MAX - 1, "near+0"}, {UINT64_MAX, "end+0"});
}

static void lines(void)
{
	CHECK_ALL("FUNC 1000 40 0 f\n1020 10 3 0\n1000 10 1 0\n1008 10 2 0\n1030 0 4 0\n1030 8 -5 1\n1038 8 "
		  "6 9\nff0 8 7 0\n"
		  "1018 4 8 -1\n",
		  {0x1000, "f+0 a.c:1"}, {0x100f, "f+f a.c:1"}, {0x1010, "f+10"}, {0x1018, "f+18"},
		  {0x1020, "f+20 a.c:3"}, {0x1030, "f+30 b.c:0"}, {0x1038, "f+38"});
	CHECK_ALL("FUNC 1000 10 0 f\nff8 10 1 0\n1004 4 2 0\n1008 ffffffffffffe000 3 0\n",
		  {0x1000, "f+0 a.c:1"}, {0x1007, "f+7 a.c:1"}, {0x1008, "f+8 a.c:3"}, {0x100f, "f+f a.c:3"},
		  {0x1010, "-"});
}

static void files_by_first_definition(void)
{
	CHECK_ALL("FUNC 1000 10 0 f\n1000 8 1 7\n1008 8 2 8\nFILE 7\nFILE 7 late.c\nFILE 7 later.c\n",
		  {0x1000, "f+0 late.c:1"}, {0x1008, "f+8"});
}

static void inline_levels(void)
{
	CHECK_ALL("FUNC 1000 100 0 f\n1000 100 9 0\n"
		  "INLINE 1 11 0 1 1010 10\n" /* before its parent, and reaching beyond it */
		  "INLINE 0 10 0 0 1000 18\n"
		  "INLINE 2 12 0 2 1030 10\n" /* no level 1 there */
		  "INLINE 0 13 1 2 1030 10 1080 0 1090 4\n",
		  {0x100f, "f+f a.c:10 < in0 a.c:9"}, {0x1010, "f+10 a.c:10 < in1 a.c:9 < in0 a.c:11"},
		  {0x1018, "f+18 a.c:9"}, {0x1030, "f+30 b.c:13 < in2 a.c:9"}, {0x1080, "f+80 a.c:9"},
		  {0x1093, "f+93 b.c:13 < in2 a.c:9"});
	CHECK_ALL("FUNC 1000 40 0 f\nINLINE 0 1 0 0 1000 40\nINLINE 0 2 0 1 1010 10\nINLINE 0 3 0 2 1010 8\n",
		  {0x1000, "f+0 a.c:1 < in0"}, {0x1010, "f+10 a.c:2 < in1"}, {0x101f, "f+1f a.c:2 < in1"},
		  {0x1020, "f+20 a.c:1 < in0"});
}

static void inline_origins(void)
{
	CHECK_ALL("FUNC 1000 40 0 f\nINLINE 0 1 -1 44 1000 10\nINLINE 0 2 0 45 1010 10\nINLINE 0 3 5 46 1020 "
		  "10\n"
		  "INLINE_ORIGIN 45 late\nINLINE_ORIGIN 45 later\nINLINE_ORIGIN 46\n",
		  {0x1000, "f+0 < <name omitted>"}, {0x1010, "f+10 a.c:2 < late"},
		  {0x1020, "f+20 < <name omitted>"});
}

static void old_inlines(void)
{
	CHECK_ALL(
		"INLINE_ORIGIN 10 -1 old name\nINLINE_ORIGIN 11 12\nFUNC 1000 40 0 f\nINLINE 0 5 10 1000 20\n"
		"INLINE 1 6 11 1008 8\n1000 c 7 1\n",
		{0x1000, "f+0 b.c:5 < old name b.c:7"}, {0x1008, "f+8 b.c:5 < 12 b.c:7 < old name b.c:6"},
		{0x100c, "f+c < 12 < old name"}, {0x1010, "f+10 < old name"});
}

static void deep_inlines(void)
{
	struct buf text = BUF_INIT, want = BUF_INIT;
	struct opened opened;

	buf_add_text(&text, HEAD "FUNC 1000 1000 0 f\n1000 1000 3 1\n");
	for (unsigned level = 0; level < 512; level++)
		buf_addf(&text, "INLINE %u %u 0 %u %x %x\n", level, level + 10, level % 3, 0x1000 + level,
			 0x800);
	buf_add_text(&want, "f+1ff a.c:10 < in1 b.c:3");
	for (unsigned level = 511; level-- > 0;)
		buf_addf(&want, " < in%u a.c:%u", level % 3, level + 11);
	opened_init(&opened, buf_text(&text), 0);
	check_lookup(&opened, 0x11ff, buf_text(&want));
	check_lookup(&opened, 0x1800, "f+800 b.c:3"); /* level 0 has ended, whatever the others say */
	opened_release(&opened);
	buf_release(&text);
	buf_release(&want);
}

static void names_are_bytes(void)
{
	struct opened opened;
	struct arena arena = ARENA_INIT;
	struct symbol_answer answer;
	struct err err = ERR_INIT;

	opened_init(&opened,
		    HEAD "FUNC m 1000 10 0   a  \xff\x01 b \t\r\nFUNC 1010 10 0\nFUNC m 1020 10 0 m\n", 0);
	CHECK_INT(table_lookup(opened.table, &opened.values.source, 0x1000, &arena, &answer, &err), 1);
	CHECK_TEXT(answer.outer.function, "a  \xff\x01 b");
	check_lookup(&opened, 0x1010, "<name omitted>+0");
	check_lookup(&opened, 0x1020, "m+0");
	arena_release(&arena);
	opened_release(&opened);
}

static void check_nearest(const struct opened *opened, uint64_t address, const char *want)
{
	struct arena arena = ARENA_INIT;
	struct symbol_answer answer;
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;

	if (table_lookup_nearest(opened->table, &opened->values.source, address, &arena, &answer, &err) > 0)
		add_answer_text(&got, &answer, address);
	CHECK_TEXT(buf_slice(&got), want);
	buf_release(&got);
	arena_release(&arena);
}

static void nearest(void)
{
	struct opened opened;

	opened_init(&opened,
		    HEAD "FUNC 1000 100 0 outer\n1000 100 1 0\nFUNC 1040 10 0 inner\nFUNC 1040 20 0 "
			 "twin\nFUNC 5000 10 0 last\n",
		    0);
	check_nearest(&opened, 0xfff, "");
	check_nearest(&opened, 0x1000, "outer+0 a.c:1");
	check_nearest(&opened, 0x1100, "inner+c0");
	check_nearest(&opened, 0x4fff, "inner+3fbf");
	check_nearest(&opened, 0x5010, "last+10");
	check_nearest(&opened, UINT64_MAX, "last+ffffffffffffafff");
	opened_release(&opened);
}

int main(void)
{
	struct tap_case cases[] = {
		{"overlapping functions: R12, R13, R18", functions_overlap},
		{"an outer function resumes, lines, inlines and all", outer_functions_resume_within_inlines},
		{"PUBLICs: R14 to R17", publics},
		{"lines: R19 to R21, R23, R24", lines},
		{"files: R10, R24", files_by_first_definition},
		{"inline levels: R26 to R29", inline_levels},
		{"inline origins: R25", inline_origins},
		{"old INLINEs: R30", old_inlines},
		{"512 levels: R31", deep_inlines},
		{"names are bytes: R9, R10, R36", names_are_bytes},
		{"nearest, as Snappy had it", nearest},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
