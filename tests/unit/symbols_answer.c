/* SPDX-License-Identifier: MIT */
/* Answers as short text. */
#include "symbols_answer.h"

#include "tap.h"

void opened_init(struct opened *opened, const char *text, size_t step)
{
	struct err err = ERR_INIT;

	memory_table_init(&opened->values);
	opened->table = NULL;
	opened->ring = names_ring_new(1 << 16);
	if (!CHECK(memory_table_build(&opened->values, slice_of(text), step, &err) == 0) ||
	    !CHECK(table_open(&opened->table, &opened->values.source, opened->ring, &err) == 0))
		tap_note("%s", err.msg);
}

void opened_release(struct opened *opened)
{
	table_close(opened->table);
	names_ring_free(opened->ring);
	memory_table_release(&opened->values);
}

static void add_place(struct buf *buf, const struct symbol_frame *frame)
{
	if (frame->file.data == NULL)
		return;
	buf_add_byte(buf, ' ');
	buf_add_slice(buf, frame->file);
	buf_addf(buf, ":%u", frame->line);
}

void add_answer_text(struct buf *buf, const struct symbol_answer *answer, uint64_t address)
{
	buf_add_slice(buf, answer->outer.function);
	buf_add_text(buf, "+");
	buf_add_hex(buf, address - answer->function_start);
	add_place(buf, &answer->outer);
	for (uint32_t i = 0; i < answer->inline_count; i++) {
		buf_add_text(buf, " < ");
		buf_add_slice(buf, answer->inlines[i].function);
		add_place(buf, &answer->inlines[i]);
	}
}

void add_lookup(struct buf *buf, struct table *table, const struct table_source *source, uint64_t address)
{
	struct arena arena = ARENA_INIT;
	struct symbol_answer answer;
	struct err err = ERR_INIT;
	int found = table_lookup(table, source, address, &arena, &answer, &err);

	if (found > 0)
		add_answer_text(buf, &answer, address);
	else
		buf_add_text(buf, found == 0 ? "-" : err_code_name(err.code));
	arena_release(&arena);
}

void check_lookup(const struct opened *opened, uint64_t address, const char *want)
{
	struct buf got = BUF_INIT;

	if (opened->table == NULL)
		return;
	add_lookup(&got, opened->table, &opened->values.source, address);
	if (!CHECK_TEXT(buf_slice(&got), want))
		tap_note("at 0x%llx", (unsigned long long)address);
	buf_release(&got);
}
