/* SPDX-License-Identifier: MIT */
/* symbols-lookup FILE.sym < addresses: builds a table in memory, prints what it answers, a JSON line each. */
#include "memory_table.h"

#include "base/file.h"
#include "base/json_text.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 0x7fffffff, STEP = 65536 };

static void add_member(struct buf *out, const char *key, struct slice text)
{
	buf_addf(out, ",\"%s\":", key);
	json_add_string(out, text, JSON_UTF8);
}

static void add_place(struct buf *out, const struct symbol_frame *frame)
{
	if (frame->file.data == NULL)
		return;
	add_member(out, "file", frame->file);
	if (frame->line)
		buf_addf(out, ",\"line\":%u", frame->line);
}

static void add_inline(struct buf *out, const struct symbol_frame *frame, bool first)
{
	buf_add_text(out, first ? "{\"function\":" : ",{\"function\":");
	json_add_string(out, frame->function, JSON_UTF8);
	add_place(out, frame);
	buf_add_text(out, "}");
}

static void add_answer(struct buf *out, uint64_t address, const struct symbol_answer *answer)
{
	add_member(out, "function", answer->outer.function);
	buf_add_text(out, ",\"function_offset\":\"0x");
	buf_add_hex(out, address - answer->function_start);
	buf_add_text(out, "\"");
	add_place(out, &answer->outer);
	if (answer->inline_count == 0)
		return;
	buf_add_text(out, ",\"inlines\":[");
	for (uint32_t i = 0; i < answer->inline_count; i++)
		add_inline(out, &answer->inlines[i], i == 0);
	buf_add_text(out, "]");
}

static int look_up(struct table *table, const struct table_source *source, bool nearest, struct slice text,
		   struct buf *out, struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct symbol_answer answer;
	uint64_t address;
	int found;

	if (slice_starts_with(text, SLICE_LITERAL("0x")))
		text = slice_make(text.data + 2, text.len - 2);
	if (!num_parse_hex(text, &address))
		return err_set(err, ERR_INPUT, "no address: %.*s", SLICE_PRINT(text));
	found = (nearest ? table_lookup_nearest : table_lookup)(table, source, address, &arena, &answer, err);
	buf_clear(out);
	buf_add_text(out, "{\"address\":\"0x");
	buf_add_hex(out, address);
	buf_add_text(out, "\"");
	if (found > 0)
		add_answer(out, address, &answer);
	buf_add_text(out, "}\n");
	fwrite(out->data, 1, out->len, stdout);
	arena_release(&arena);
	return found < 0 ? -1 : 0;
}

static int look_up_all(const struct table_source *source, bool nearest, struct err *err)
{
	struct names_ring *ring = names_ring_new(1 << 20);
	struct buf out = BUF_INIT;
	struct table *table = NULL;
	char line[64];
	int result = table_open(&table, source, ring, err);

	while (result == 0 && fgets(line, sizeof(line), stdin))
		result = look_up(table, source, nearest, slice_make(line, strcspn(line, "\r\n")), &out, err);
	buf_release(&out);
	table_close(table);
	names_ring_free(ring);
	return result;
}

struct options {
	bool nearest, skipped;
	const char *id, *path;
};

static void print_skipped(const struct table_summary *summary)
{
	for (int i = 0; i < SKIP_REASONS; i++)
		if (summary->skipped[i])
			printf("%s %" PRIu64 "\n", sym_skip_names[i], summary->skipped[i]);
}

static int run(const struct options *options, struct memory_table *values, struct err *err)
{
	struct buf text = BUF_INIT;
	int result = file_read(options->path, FILE_MAX, &text, err);

	values->expected_id = slice_of(options->id);
	if (result == 0)
		result = memory_table_build(values, buf_slice(&text), STEP, err);
	buf_release(&text);
	if (result < 0)
		return -1;
	if (options->skipped) {
		print_skipped(&values->summary);
		return 0;
	}
	return look_up_all(&values->source, options->nearest, err);
}

static bool parse_options(int argc, char **argv, struct options *ret)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--nearest") == 0)
			ret->nearest = true;
		else if (strcmp(argv[i], "--skipped") == 0)
			ret->skipped = true;
		else if (strcmp(argv[i], "--id") == 0 && i + 1 < argc)
			ret->id = argv[++i];
		else if (ret->path == NULL)
			ret->path = argv[i];
		else
			return false;
	}
	return ret->path != NULL;
}

int main(int argc, char **argv)
{
	struct options options = {.path = NULL};
	struct memory_table values;
	struct err err = ERR_INIT;
	int result;

	if (!parse_options(argc, argv, &options)) {
		fprintf(stderr,
			"usage: symbols-lookup [--nearest | --skipped] [--id ID] FILE.sym < addresses\n");
		return 64;
	}
	memory_table_init(&values);
	result = run(&options, &values, &err);
	memory_table_release(&values);
	if (result < 0)
		fprintf(stderr, "symbols-lookup: %s\n", err.msg);
	return result < 0 ? err_exit_code(&err) : 0;
}
