/* SPDX-License-Identifier: MIT */
/* Reading the text of a Breakpad .sym file as it arrives: lines, fields, records (rules R1-R11, R30-R38). */
#ifndef SYMBOLS_SYM_SCAN_H
#define SYMBOLS_SYM_SCAN_H

#include "base/buf.h"
#include "base/err.h"
#include "symbols/grow.h"
#include "symbols/table_build.h"

enum {
	SYM_LINE_MAX = 1 << 20, /* bytes of a line that are read (rule R37) */
	SYM_LEVEL_MAX = 511,
};

/* A negative or absent id; above all ids that can be written. */
#define SYM_NO_FILE UINT64_MAX
/* Old INLINE records name no file: their calls are in the file of the line record (rule R30). */
#define SYM_FILE_AS_PLACE (UINT64_MAX - 1)

struct sym_line {
	uint64_t address, size;
	uint64_t file; /* id as written, or SYM_NO_FILE */
	uint32_t line; /* 0: unknown */
};

struct sym_inline {
	uint64_t call_file; /* id as written, SYM_NO_FILE or SYM_FILE_AS_PLACE */
	uint32_t call_line; /* 0: unknown, as it is without a file */
	uint32_t origin;
};

/* Not empty. */
struct sym_range {
	uint64_t address, size;
	uint32_t inlined; /* index into inlines */
	uint16_t level;
};

/* A FUNC with the records below it, in file order. */
struct sym_function {
	uint64_t address, size;
	struct buf name;
	struct sym_line *lines;
	struct sym_inline *inlines;
	struct sym_range *ranges;
	size_t line_count, inline_count, range_count;
	size_t line_cap, inline_cap, range_cap;
	uint64_t ranges_written; /* those without addresses, too */
};

/* Where good records go.  Slices are valid during the call; empty names are already named. */
struct sym_sink {
	void *ctx;
	void (*file)(void *ctx, uint32_t id, struct slice name);
	void (*origin)(void *ctx, uint32_t id, struct slice name);
	void (*public_symbol)(void *ctx, uint64_t address, struct slice name);
	void (*code_file)(void *ctx, struct slice name);
	/* The function is complete.  -1 with err ends the scan. */
	int (*function)(void *ctx, const struct sym_function *function, struct err *err);
};

struct sym_scan {
	struct sym_sink sink;
	struct slice expected_id;
	struct buf carry;     /* the part of a line that came so far */
	bool carry_is_long;   /* more came than SYM_LINE_MAX; the rest is not kept */
	bool has_module;      /* the MODULE line was read */
	bool has_code_id;     /* the first INFO CODE_ID was read (rule R38) */
	bool has_function;    /* `function` takes lines and INLINEs */
	struct sym_function function;
	struct table_summary *counts; /* those of records are kept */
};

void sym_scan_init(struct sym_scan *scan, const struct sym_sink *sink, struct slice expected_id,
		   struct table_summary *counts);
void sym_scan_release(struct sym_scan *scan);

/* -1 with ERR_INPUT when the text is no symbol file or another's, or what the sink said. */
int sym_scan_feed(struct sym_scan *scan, const char *data, size_t len, struct err *err);

/* The text is complete: takes the last line and hands out the last function. */
int sym_scan_finish(struct sym_scan *scan, struct err *err);

/* Adding to the current function; for the two readers of records. */

static inline struct sym_line *sym_scan_add_line(struct sym_scan *scan)
{
	struct sym_function *f = &scan->function;

	if (f->line_count == f->line_cap)
		f->lines = grow_array(f->lines, &f->line_cap, f->line_count + 1, sizeof(*f->lines));
	return &f->lines[f->line_count++];
}

static inline struct sym_inline *sym_scan_add_inline(struct sym_scan *scan)
{
	struct sym_function *f = &scan->function;

	if (f->inline_count == f->inline_cap)
		f->inlines = grow_array(f->inlines, &f->inline_cap, f->inline_count + 1, sizeof(*f->inlines));
	return &f->inlines[f->inline_count++];
}

/* An empty range takes no part: the next one is written over it. */
static inline void sym_scan_add_range(struct sym_scan *scan, uint64_t address, uint64_t size, uint32_t level)
{
	struct sym_function *f = &scan->function;

	if (f->range_count == f->range_cap)
		f->ranges = grow_array(f->ranges, &f->range_cap, f->range_count + 1, sizeof(*f->ranges));
	f->ranges[f->range_count] = (struct sym_range){
		.address = address, .size = size, .inlined = (uint32_t)f->inline_count, .level = (uint16_t)level};
	f->range_count += size > 0;
	f->ranges_written++;
}

/* Takes back what a record added before it turned out to be bad. */
static inline void sym_scan_drop_ranges(struct sym_scan *scan, size_t count, uint64_t written)
{
	scan->function.range_count = count;
	scan->function.ranges_written = written;
}

#endif
