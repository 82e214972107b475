/* SPDX-License-Identifier: MIT */
/* The scanner: chunks, refusals, bad records, long lines. */
#include "tap.h"

#include "memory_table.h"
#include "symbols_answer.h"

#include "base/mem.h"

#include <stdlib.h>

static const char mixed[] =
	"\xef\xbb\xbf\r\n \t\r\n"
	"MODULE Linux x86_64 0123456789ABCDEF0123456789ABCDEF0 a b.so\r\n"
	"INFO CODE_ID ABCD a b.dll\r\r\n"
	"FILE 0 zero.c\n"
	"FILE 4000000000 far.c\n"
	"INLINE_ORIGIN 0 in\n"
	"INLINE_ORIGIN 77 7 old in\n"
	"FUNC m 1000 40 0 one two\n"
	"INLINE 0 5 0 0 1000 10 1020 8\n"
	"INLINE 1 6 77 1000 4\n"
	"1000 10 10 0\n"
	"1010 10 11 0\n"
	"\n"
	"1020\t10  12 4000000000\n"
	"1030 10 -1 0 more fields\n"
	"STACK CFI INIT 1000 40 x\n"
	"FUNC 2000000000000000 8 0 far\n"
	"2000000000000000 8 1 0\n"
	"PUBLIC 3000 0 public\n"
	"FUNC FFFFFFFFFFFFFFF0 10 0 last\n"
	"FFFFFFFFFFFFFFF0 10 4294967295 0";

static bool same_values(const struct memory_table *a, const struct memory_table *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->values[i].kind != b->values[i].kind || a->values[i].key != b->values[i].key ||
		    !slice_equal(slice_make(a->values[i].data, a->values[i].len),
				 slice_make(b->values[i].data, b->values[i].len)))
			return false;
	return true;
}

/* Many ordinary records, so that the quick reader has work, with odd ones among them. */
static void add_many(struct buf *text)
{
	buf_add_text(text, mixed);
	buf_add_text(text, "\nFUNC 5000 10000 0 many\n");
	for (unsigned i = 0; i < 400; i++) {
		buf_addf(text, "INLINE %u %u 0 0 %x 8 %x 4", i % 3, i, 0x5000 + i * 32, 0x5010 + i * 32);
		for (unsigned n = 0; i % 7 == 0 && n < 20; n++)
			buf_addf(text, " %x %x", 0x9000 + i * 32 + n, n % 3);
		buf_add_byte(text, '\n');
		buf_addf(text, "%x %x %u %u%s\n", 0x5000 + i * 32, 16 + i % 17, i, i % 2,
			 i % 50 == 0 ? " extra" : i % 61 == 0 ? "\r" : "");
		if (i % 100 == 7)
			buf_add_text(text,
				     "g000 1 2 3\n5000 1 2\n5000 -1 1 1\nINLINE 0 1 0 0 zz 1\n 5000 1 1 1\n"
				     "5000 123456789 1234567890 1\n5000 1 99999999999 1\n\t\n");
	}
}

static void check_pieces(const struct memory_table *whole, struct slice text, size_t step)
{
	struct memory_table parts;
	struct err err = ERR_INIT;

	memory_table_init(&parts);
	CHECK_INT(memory_table_build(&parts, text, step, &err), 0);
	CHECK(same_values(whole, &parts));
	for (int reason = 0; reason < SKIP_REASONS; reason++)
		CHECK_INT(parts.summary.skipped[reason], whole->summary.skipped[reason]);
	CHECK_INT(parts.summary.lines, whole->summary.lines);
	memory_table_release(&parts);
}

static void chunks_do_not_matter(void)
{
	static const size_t steps[] = {1, 2, 3, 7, 64, 79, 80, 81, 1000};
	struct memory_table whole;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	add_many(&text);
	memory_table_init(&whole);
	CHECK_INT(memory_table_build(&whole, buf_slice(&text), 0, &err), 0);
	for (size_t i = 0; i < TAP_COUNT(steps); i++)
		check_pieces(&whole, buf_slice(&text), steps[i]);
	for (size_t step = 128; step < 256; step++) /* long records that end just before a piece does */
		check_pieces(&whole, buf_slice(&text), step);
	memory_table_release(&whole);
	buf_release(&text);
}

static void records_are_read(void)
{
	struct opened opened;

	opened_init(&opened, mixed, 0);
	check_lookup(&opened, 0x1000, "one two+0 zero.c:5 < old in zero.c:10 < in zero.c:6");
	check_lookup(&opened, 0x1004, "one two+4 zero.c:5 < in zero.c:10");
	check_lookup(&opened, 0x1010, "one two+10 zero.c:11");
	check_lookup(&opened, 0x1020, "one two+20 zero.c:5 < in far.c:12");
	check_lookup(&opened, 0x1028, "one two+28 far.c:12");
	check_lookup(&opened, 0x1030, "one two+30 zero.c:0");
	check_lookup(&opened, 0x1040, "-");
	check_lookup(&opened, 0x3005, "public+5");
	check_lookup(&opened, 0x2000000000000007, "far+7 zero.c:1");
	check_lookup(&opened, 0x2000000000000008, "-");
	check_lookup(&opened, UINT64_MAX, "last+f zero.c:4294967295");
	CHECK_TEXT(table_info(opened.table)->code_file, "a b.dll");
	CHECK_INT(table_info(opened.table)->functions, 3);
	CHECK_INT(table_info(opened.table)->publics, 1);
	CHECK_INT(table_info(opened.table)->lines, 6);
	CHECK_INT(table_info(opened.table)->inline_ranges, 3);
	CHECK_INT(table_info(opened.table)->text_bytes, sizeof(mixed) - 1);
	opened_release(&opened);
}

static void check_refused(const char *text, const char *id, const char *reason)
{
	for (size_t step = 0; step < 2; step++) {
		struct memory_table table;
		struct err err = ERR_INIT;

		memory_table_init(&table);
		table.expected_id = slice_of(id);
		CHECK_INT(memory_table_build(&table, slice_of(text), step, &err), -1);
		CHECK_INT(err.code, ERR_INPUT);
		if (!CHECK(strstr(err.msg, reason) != NULL))
			tap_note("%s", err.msg);
		CHECK_INT(table.count, 0);
		memory_table_release(&table);
	}
}

static void useless_texts_are_refused(void)
{
	check_refused("", NULL, "empty");
	check_refused("\n \r\n\t\n", NULL, "empty");
	check_refused("<!DOCTYPE html><html>", NULL, "web page");
	check_refused("\n<html>\n<body>\n", NULL, "web page");
	check_refused("FUNC 1000 10 0 f\n", NULL, "MODULE");
	check_refused("INFO x\nMODULE Linux x86 1 a\n", NULL, "MODULE");
	check_refused("MODULES Linux x86 1 a\n", NULL, "MODULE");
	check_refused("MODULE Linux x86\n", NULL, "debug id");
	check_refused("MODULE Linux x86 xyz a\n", NULL, "debug id");
	check_refused("MODULE Linux x86 ABC0 a\n", "ABC1", "ABC0");
}

static void refused_before_the_end(void)
{
	struct table_build_options options = {.max_text_bytes = 0};
	struct memory_table table;
	struct table_build_io io;
	struct table_build *build;
	struct err err = ERR_INIT;

	memory_table_init(&table);
	io = memory_table_io(&table);
	build = table_build_new(&options, &io);
	CHECK_INT(table_build_feed(build, "<htm", 4, &err), -1); /* no line end needed */
	table_build_free(build);
	build = table_build_new(&options, &io);
	CHECK_INT(table_build_feed(build, "MODU", 4, &err), 0);
	CHECK_INT(table_build_feed(build, "L\0\0\0", 4, &err), -1);
	table_build_free(build);
	options.max_text_bytes = 100;
	build = table_build_new(&options, &io);
	CHECK_INT(table_build_feed(build, mixed, 101, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	table_build_free(build);
	memory_table_release(&table);
}

static void ids_without_case(void)
{
	struct memory_table table;
	struct err err = ERR_INIT;

	memory_table_init(&table);
	table.expected_id = SLICE_LITERAL("ab-C1");
	CHECK_INT(memory_table_build(&table, SLICE_LITERAL("MODULE a b ABc1"), 0, &err), 0);
	CHECK_INT(table.summary.functions, 0);
	memory_table_release(&table);
}

static void check_skipped(const char *record, int reason)
{
	char *text = mem_printf("MODULE a b 1 c\nFUNC 1000 10 0 f\n%s\n", record);
	struct memory_table table;
	struct err err = ERR_INIT;

	memory_table_init(&table);
	CHECK_INT(memory_table_build(&table, slice_of(text), 0, &err), 0);
	for (int i = 0; i < SKIP_REASONS; i++)
		if (!CHECK_INT(table.summary.skipped[i], i == reason))
			tap_note("%s: %s", record, sym_skip_names[i]);
	memory_table_release(&table);
	free(text);
}

static void bad_records_are_counted(void)
{
	check_skipped("what is this", SKIP_UNKNOWN_RECORD);
	check_skipped(" 1000 1 1 1", SKIP_UNKNOWN_RECORD);
	check_skipped("func 1 2 3 x", SKIP_UNKNOWN_RECORD);
	check_skipped("FUNC 1000 10", SKIP_TOO_FEW_FIELDS);
	check_skipped("FUNC m 1000 10", SKIP_TOO_FEW_FIELDS);
	check_skipped("FUNC 1000 0x10 0 f", SKIP_BAD_NUMBER);
	check_skipped("FUNC 1000 10 0x f", SKIP_BAD_NUMBER);
	check_skipped("FUNC 12345678901234567 10 0 f", SKIP_BAD_NUMBER);
	check_skipped("FUNC ffffffffffffffff 2 0 f", SKIP_ADDRESS_OVERFLOW);
	check_skipped("FUNC ffffffffffffffff 1 0 f", -1);
	check_skipped("FUNC 2000 10 0", -1);
	check_skipped("PUBLIC 1000", SKIP_TOO_FEW_FIELDS);
	check_skipped("PUBLIC 10 0\n1000 1 1 1", SKIP_NO_FUNCTION);
	check_skipped("FILE x y", SKIP_BAD_NUMBER);
	check_skipped("FILE -1 y", SKIP_BAD_NUMBER);
	check_skipped("FILE 4294967296 y", SKIP_BAD_NUMBER);
	check_skipped("FILE 4294967295 y", -1);
	check_skipped("FILE 3", SKIP_EMPTY_FILE_NAME);
	check_skipped("INLINE_ORIGIN 3", -1);
	check_skipped("INLINE_ORIGIN", SKIP_TOO_FEW_FIELDS);
	check_skipped("1000 1 1", SKIP_TOO_FEW_FIELDS);
	check_skipped("1000 1 - 1", SKIP_BAD_NUMBER);
	check_skipped("1000 1 -1 -1", -1);
	check_skipped("INLINE 0 1 0 0", SKIP_TOO_FEW_FIELDS);
	check_skipped("INLINE 0 1 0 1000 1", -1); /* the old form */
	check_skipped("INLINE 0 1 0 0 1000 x", SKIP_BAD_NUMBER);
	check_skipped("INLINE 512 1 0 0 1000 1", SKIP_INLINE_LEVEL);
	check_skipped("INLINE 511 1 -1 0 1000 1", -1);
	check_skipped("INLINE 0 1 0 0 1000 1 ffffffffffffffff 2", SKIP_ADDRESS_OVERFLOW);
	check_skipped("STACK WIN nonsense", -1);
	check_skipped("MODULE", -1);
	check_skipped("INFO", -1);
}

static void long_lines(void)
{
	enum { LONG = (1 << 20) + 5 };
	struct opened opened;
	struct arena arena = ARENA_INIT;
	struct symbol_answer answer;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	size_t before;

	buf_add_text(&text, "MODULE a b 1 c\nFUNC 1000 10 0 ");
	before = text.len;
	while (text.len < before + LONG)
		buf_add_text(&text, "\xe2\x82\xac"); /* three bytes: cut between them */
	buf_add_text(&text, "\n1000 8 7 0\n1008 8 8 0");
	for (unsigned i = 0; i < 1 << 20; i++)
		buf_add_byte(&text, ' ');
	buf_add_text(&text, "x\nFILE 0 a.c\n");
	opened_init(&opened, buf_text(&text), 0);
	CHECK_INT(table_lookup(opened.table, &opened.values.source, 0x1000, &arena, &answer, &err), 1);
	CHECK_INT(answer.outer.function.len, ((1 << 20) - 15) / 3 * 3);
	CHECK_TEXT(answer.outer.file, "a.c");
	CHECK_INT(answer.outer.line, 7);
	CHECK_INT(table_lookup(opened.table, &opened.values.source, 0x1008, &arena, &answer, &err), 1);
	CHECK(answer.outer.file.data == NULL);
	CHECK_INT(opened.values.summary.skipped[SKIP_LINE_TOO_LONG], 1);
	opened_release(&opened);
	arena_release(&arena);
	buf_release(&text);
}

int main(void)
{
	struct tap_case cases[] = {
		{"a file in pieces is the same file", chunks_do_not_matter},
		{"records are read", records_are_read},
		{"texts of no use are refused with a reason", useless_texts_are_refused},
		{"and refused as early as that can be told", refused_before_the_end},
		{"ids are compared without case and dashes", ids_without_case},
		{"bad records cost only themselves and are counted", bad_records_are_counted},
		{"long lines are cut or dropped", long_lines},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
