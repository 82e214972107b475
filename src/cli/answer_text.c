/* SPDX-License-Identifier: MIT */
/* Answers as text. */
#include "cli/answer_text.h"

#include "base/json_text.h"

static void add_json_text(struct buf *buf, const char *name, struct slice text)
{
	buf_addf(buf, "\"%s\":", name);
	json_add_string(buf, text, JSON_UTF8);
}

static void add_json_hex(struct buf *buf, const char *name, uint64_t value)
{
	buf_add_byte(buf, '"');
	buf_add_text(buf, name);
	buf_add_text(buf, "\":\"0x");
	buf_add_hex(buf, value);
	buf_add_byte(buf, '"');
}

static void add_json_place(struct buf *buf, const struct symbol_frame *frame)
{
	if (!frame->file.data)
		return;
	buf_add_byte(buf, ',');
	add_json_text(buf, "file", frame->file);
	if (frame->line == 0)
		return;
	buf_add_text(buf, ",\"line\":");
	buf_add_dec(buf, frame->line);
}

static void add_json_inlines(struct buf *buf, const struct symbol_answer *answer)
{
	buf_add_text(buf, ",\"inlines\":[");
	for (uint32_t i = 0; i < answer->inline_count; i++) {
		buf_add_text(buf, i ? ",{" : "{");
		add_json_text(buf, "function", answer->inlines[i].function);
		add_json_place(buf, &answer->inlines[i]);
		buf_add_byte(buf, '}');
	}
	buf_add_byte(buf, ']');
}

void answer_add_json(struct buf *buf, uint64_t address, const struct symbol_answer *answer)
{
	buf_add_byte(buf, '{');
	add_json_hex(buf, "address", address);
	if (answer) {
		buf_add_byte(buf, ',');
		add_json_text(buf, "function", answer->outer.function);
		buf_add_byte(buf, ',');
		add_json_hex(buf, "function_offset", address - answer->function_start);
		add_json_place(buf, &answer->outer);
		if (answer->inline_count)
			add_json_inlines(buf, answer);
	}
	buf_add_text(buf, "}\n");
}

/* Text of a file from anywhere must not drive the terminal. */
static void add_plain(struct buf *buf, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		buf_add_byte(buf, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

static void add_place(struct buf *buf, const struct symbol_frame *frame)
{
	if (!frame->file.data)
		return;
	buf_add_text(buf, " at ");
	add_plain(buf, frame->file);
	if (frame->line == 0)
		return;
	buf_add_byte(buf, ':');
	buf_add_dec(buf, frame->line);
}

void answer_add_text(struct buf *buf, uint64_t address, const struct symbol_answer *answer)
{
	buf_add_text(buf, "0x");
	buf_add_hex(buf, address);
	if (!answer) {
		buf_add_text(buf, " ?\n");
		return;
	}
	buf_add_byte(buf, ' ');
	add_plain(buf, answer->outer.function);
	buf_add_text(buf, " + 0x");
	buf_add_hex(buf, address - answer->function_start);
	add_place(buf, &answer->outer);
	buf_add_byte(buf, '\n');
	for (uint32_t i = 0; i < answer->inline_count; i++) {
		buf_add_text(buf, "    inlined ");
		add_plain(buf, answer->inlines[i].function);
		add_place(buf, &answer->inlines[i]);
		buf_add_byte(buf, '\n');
	}
}
