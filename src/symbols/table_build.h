/* SPDX-License-Identifier: MIT */
/* Building a compacted symbol table from the text of a Breakpad .sym file, as it arrives. */
#ifndef SYMBOLS_TABLE_BUILD_H
#define SYMBOLS_TABLE_BUILD_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

/*
 * Pure: text comes in by table_build_feed(), finished blocks go out and come
 * back through `spill` (for a small file never), finished values leave through
 * `emit` in ascending (kind, key) order from within table_build_finish().
 * Memory is bounded by the names, the functions and PUBLICs, the distinct inline
 * places and calls, and the largest function.
 */
struct table_build_io {
	void *ctx;
	int (*spill_append)(void *ctx, const void *data, size_t len, struct err *err);
	int (*spill_read)(void *ctx, uint64_t offset, void *data, size_t len, struct err *err);
	int (*emit)(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err);
};

/* Why a record was skipped; one bad record costs only itself. */
enum sym_skip {
	SKIP_UNKNOWN_RECORD,
	SKIP_TOO_FEW_FIELDS,
	SKIP_BAD_NUMBER,
	SKIP_NO_FUNCTION,      /* line or INLINE without a current FUNC */
	SKIP_ADDRESS_OVERFLOW, /* address + size > 2^64 */
	SKIP_INLINE_PAIRS,     /* an address without its size */
	SKIP_INLINE_LEVEL,     /* nested deeper than rule R31 serves */
	SKIP_LINE_TOO_LONG,
	SKIP_EMPTY_FILE_NAME,
	SKIP_REASONS
};
extern const char *const sym_skip_names[SKIP_REASONS]; /* "unknown_record", ... */

struct table_summary {
	uint64_t text_bytes;
	uint64_t functions, publics, lines, inline_ranges, files, origins; /* good records of the text */
	uint64_t skipped[SKIP_REASONS];
	uint64_t values, value_bytes; /* what was emitted */
	uint64_t scan_us, build_us;   /* CPU time of the pass over the text, of all else */
};

struct table_build_options {
	struct slice expected_id; /* refuse a file of another debug id; absent: any */
	uint64_t max_text_bytes;  /* 0: no limit */
};

struct table_build;

struct table_build *table_build_new(const struct table_build_options *options,
				    const struct table_build_io *io);

/*
 * -1 with ERR_INPUT as soon as the text cannot be used (no MODULE line, another
 * id, HTML, ...), ERR_LIMIT above max_text_bytes or when it is made to blow up
 * (a real text's table is smaller than the text), or what a callback said; the
 * message gives the reason.  After -1 only table_build_free() may follow.
 */
int table_build_feed(struct table_build *build, const char *data, size_t len, struct err *err);

/* The text is complete: emits all values.  An empty text is ERR_INPUT. */
int table_build_finish(struct table_build *build, struct table_summary *ret_summary, struct err *err);

void table_build_free(struct table_build *build);

#endif
