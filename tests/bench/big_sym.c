/* SPDX-License-Identifier: MIT */
/* big_sym COPIES FILE.sym: as many copies of a module's symbols as one module, on standard output. */
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * Each copy lies behind the one before it, has FILE and INLINE_ORIGIN ids of
 * its own, and its names and paths have their letters rotated, so that nothing
 * of it equals another copy's.  Records come in the order of a dump_syms: all
 * FILEs, all INLINE_ORIGINs, and so on.
 */
enum { COPIES_MAX = 64, FLUSH_BYTES = 1 << 20, ALIGN_BYTES = 4096 };
static const size_t text_max_bytes = (size_t)4 << 30;

enum section { SECTION_ONCE, SECTION_FILES, SECTION_ORIGINS, SECTION_FUNCTIONS, SECTION_PUBLICS, SECTION_STACK,
	       SECTIONS };

/* Adjoining lines of one section. */
struct span {
	enum section section;
	struct slice text;
};

struct source {
	struct span *spans;
	size_t count, cap;
	uint64_t end; /* the first address behind all code */
	uint64_t files, origins; /* one more than the largest id */
};

/* What a copy adds to each number. */
struct copy {
	unsigned number;
	uint64_t address, file, origin;
};

/* ---- lines and fields ---- */

static struct slice take_line(struct slice *text)
{
	const char *newline = memchr(text->data, '\n', text->len);
	size_t len = newline ? (size_t)(newline - text->data) + 1 : text->len;
	struct slice line = slice_make(text->data, len);

	*text = slice_make(text->data + len, text->len - len);
	return line;
}

/* The next word; the blank behind it is taken, too, a line's end is not. */
static struct slice take_word(struct slice *line)
{
	size_t len = 0;
	struct slice word;

	while (len < line->len && (unsigned char)line->data[len] > ' ')
		len++;
	word = slice_make(line->data, len);
	if (len < line->len && line->data[len] == ' ')
		len++;
	*line = slice_make(line->data + len, line->len - len);
	return word;
}

static uint64_t take_hex(struct slice *line)
{
	uint64_t value = 0;

	return num_parse_hex(take_word(line), &value) ? value : 0;
}

static uint64_t take_dec(struct slice *line)
{
	uint64_t value = 0;

	return num_parse_dec(take_word(line), UINT32_MAX, &value) ? value : 0;
}

static bool begins(struct slice line, const char *word)
{
	return slice_starts_with(line, slice_of(word));
}

/* Between words that stay as they are. */
static void copy_word(struct buf *out, struct slice *line)
{
	buf_add_slice(out, take_word(line));
	buf_add_byte(out, ' ');
}

/* ---- what is in the source ---- */

static enum section section_of(struct slice line)
{
	if (begins(line, "MODULE ") || begins(line, "INFO "))
		return SECTION_ONCE;
	if (begins(line, "FILE "))
		return SECTION_FILES;
	if (begins(line, "INLINE_ORIGIN "))
		return SECTION_ORIGINS;
	if (begins(line, "PUBLIC "))
		return SECTION_PUBLICS;
	return begins(line, "STACK ") ? SECTION_STACK : SECTION_FUNCTIONS;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Past FUNC or PUBLIC and the mark of a symbol with several names. */
static void skip_to_address(struct slice *line)
{
	take_word(line);
	if (begins(*line, "m "))
		take_word(line);
}

static void measure(struct source *source, enum section section, struct slice line)
{
	if (section == SECTION_FILES) {
		take_word(&line);
		source->files = larger(source->files, take_dec(&line) + 1);
	} else if (section == SECTION_ORIGINS) {
		take_word(&line);
		source->origins = larger(source->origins, take_dec(&line) + 1);
	} else if (section == SECTION_PUBLICS) {
		skip_to_address(&line);
		source->end = larger(source->end, take_hex(&line) + 1);
	} else if (begins(line, "FUNC ")) {
		uint64_t start;

		skip_to_address(&line);
		start = take_hex(&line);
		source->end = larger(source->end, start + take_hex(&line));
	}
}

static void add_to_span(struct source *source, enum section section, struct slice line)
{
	struct span *last = source->count ? &source->spans[source->count - 1] : NULL;

	if (last && last->section == section) {
		last->text.len += line.len;
		return;
	}
	if (source->count == source->cap) {
		source->cap = source->cap ? source->cap * 2 : 64;
		source->spans = mem_realloc_array(source->spans, source->cap, sizeof(*source->spans));
	}
	source->spans[source->count++] = (struct span){section, line};
}

static void source_init(struct source *source, struct slice text)
{
	*source = (struct source){0};
	while (text.len) {
		struct slice line = take_line(&text);
		enum section section = section_of(line);

		measure(source, section, line);
		add_to_span(source, section, line);
	}
	source->end = (source->end + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

/* ---- a record of a copy ---- */

static char rotate(char c, unsigned by)
{
	if (c >= 'a' && c <= 'z')
		return (char)('a' + (unsigned)(c - 'a' + (int)by) % 26);
	if (c >= 'A' && c <= 'Z')
		return (char)('A' + (unsigned)(c - 'A' + (int)by) % 26);
	return c;
}

/* The rest of a line is a name. */
static void add_name(struct buf *out, struct slice name, unsigned by)
{
	char *to = buf_reserve(out, name.len);

	for (size_t i = 0; i < name.len; i++)
		to[i] = rotate(name.data[i], by);
	out->len += name.len;
}

static void add_shifted_hex(struct buf *out, struct slice *line, uint64_t by)
{
	buf_add_hex(out, take_hex(line) + by);
	buf_add_byte(out, ' ');
}

static void add_shifted_dec(struct buf *out, struct slice *line, uint64_t by)
{
	buf_add_dec(out, take_dec(line) + by);
	buf_add_byte(out, ' ');
}

/* FILE <id> <path>, INLINE_ORIGIN <id> <name> */
static void add_id_and_name(struct buf *out, struct slice line, uint64_t by, const struct copy *copy)
{
	copy_word(out, &line);
	add_shifted_dec(out, &line, by);
	add_name(out, line, copy->number);
}

/* FUNC [m] <address> <size> <parameters> <name>, PUBLIC [m] <address> <parameters> <name> */
static void add_symbol(struct buf *out, struct slice line, unsigned numbers, const struct copy *copy)
{
	copy_word(out, &line);
	if (begins(line, "m "))
		copy_word(out, &line);
	add_shifted_hex(out, &line, copy->address);
	for (unsigned i = 1; i < numbers; i++)
		copy_word(out, &line);
	add_name(out, line, copy->number);
}

/* INLINE <level> <line> <file> <origin> [<address> <size>]... */
static void add_inline(struct buf *out, struct slice line, const struct copy *copy)
{
	for (int i = 0; i < 3; i++)
		copy_word(out, &line);
	add_shifted_dec(out, &line, copy->file);
	buf_add_dec(out, take_dec(&line) + copy->origin);
	while (line.len && line.data[0] != '\n' && line.data[0] != '\r') {
		buf_add_byte(out, ' ');
		add_shifted_hex(out, &line, copy->address);
		buf_add_slice(out, take_word(&line));
	}
	buf_add_slice(out, line);
}

/* <address> <size> <line> <file> */
static void add_line_record(struct buf *out, struct slice line, const struct copy *copy)
{
	add_shifted_hex(out, &line, copy->address);
	copy_word(out, &line);
	copy_word(out, &line);
	buf_add_dec(out, take_dec(&line) + copy->file);
	buf_add_slice(out, line);
}

/* STACK WIN <type> <address> ..., STACK CFI INIT <address> ..., STACK CFI <address> ... */
static void add_stack_record(struct buf *out, struct slice line, const struct copy *copy)
{
	bool win = begins(line, "STACK WIN ");

	copy_word(out, &line);
	copy_word(out, &line);
	if (win || begins(line, "INIT "))
		copy_word(out, &line);
	add_shifted_hex(out, &line, copy->address);
	buf_add_slice(out, line);
}

static void add_record(struct buf *out, enum section section, struct slice line, const struct copy *copy)
{
	if (section == SECTION_FILES)
		add_id_and_name(out, line, copy->file, copy);
	else if (section == SECTION_ORIGINS)
		add_id_and_name(out, line, copy->origin, copy);
	else if (section == SECTION_PUBLICS)
		add_symbol(out, line, 2, copy);
	else if (section == SECTION_STACK)
		add_stack_record(out, line, copy);
	else if (begins(line, "FUNC "))
		add_symbol(out, line, 3, copy);
	else if (begins(line, "INLINE "))
		add_inline(out, line, copy);
	else
		add_line_record(out, line, copy);
}

/* ---- all of it ---- */

struct writer {
	struct buf out;
	struct err err;
	bool failed;
};

static void flush_above(struct writer *writer, size_t bytes)
{
	if (writer->out.len < bytes || writer->failed)
		return;
	writer->failed = file_write_all(STDOUT_FILENO, writer->out.data, writer->out.len, &writer->err) < 0;
	buf_clear(&writer->out);
}

static void write_span(struct writer *writer, const struct span *span, const struct copy *copy)
{
	struct slice text = span->text;

	while (text.len && !writer->failed) {
		add_record(&writer->out, span->section, take_line(&text), copy);
		flush_above(writer, FLUSH_BYTES);
	}
}

static void write_section(struct writer *writer, const struct source *source, enum section section,
			  unsigned copies)
{
	for (unsigned i = 0; i < copies; i++) {
		struct copy copy = {i, i * source->end, i * source->files, i * source->origins};

		for (size_t j = 0; j < source->count; j++)
			if (source->spans[j].section == section)
				write_span(writer, &source->spans[j], &copy);
	}
}

static void write_once(struct writer *writer, const struct source *source)
{
	for (size_t i = 0; i < source->count; i++)
		if (source->spans[i].section == SECTION_ONCE)
			buf_add_slice(&writer->out, source->spans[i].text);
}

static int write_copies(const struct source *source, unsigned copies)
{
	struct writer writer = {.out = BUF_INIT, .err = ERR_INIT};

	write_once(&writer, source);
	for (enum section section = SECTION_FILES; section < SECTIONS; section++)
		write_section(&writer, source, section, copies);
	flush_above(&writer, 1);
	buf_release(&writer.out);
	if (writer.failed)
		fprintf(stderr, "big_sym: %s\n", writer.err.msg);
	return writer.failed ? EX_IOERR : EX_OK;
}

int main(int argc, char **argv)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	struct source source;
	uint64_t copies;
	int status;

	if (argc != 3 || !num_parse_dec(slice_of(argv[1]), COPIES_MAX, &copies) || copies == 0) {
		fputs("Usage: big_sym COPIES FILE.sym\n", stderr);
		return EX_USAGE;
	}
	if (file_read(argv[2], text_max_bytes, &text, &err) < 0) {
		fprintf(stderr, "big_sym: %s\n", err.msg);
		return EX_NOINPUT;
	}
	source_init(&source, buf_slice(&text));
	status = write_copies(&source, (unsigned)copies);
	free(source.spans);
	buf_release(&text);
	return status;
}
