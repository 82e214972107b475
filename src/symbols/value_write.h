/* SPDX-License-Identifier: MIT */
/* Handing finished values out. */
#ifndef SYMBOLS_VALUE_WRITE_H
#define SYMBOLS_VALUE_WRITE_H

#include "base/buf.h"
#include "symbols/bits.h"
#include "symbols/table_build.h"

/*
 * No real text makes a table as large as itself; a text that is made to may
 * reach a hundred times its size.  Such a build ends with ERR_LIMIT.
 */
enum { EXPANSION_MAX = 8, EXPANSION_FREE = 16 << 20 };

static inline bool expands_too_much(const struct table_summary *counts, uint64_t bytes)
{
	return bytes > EXPANSION_FREE && (bytes - EXPANSION_FREE) / EXPANSION_MAX > counts->text_bytes;
}

struct value_writer {
	const struct table_build_io *io;
	struct table_summary *counts;
};

/* Adds the checksum to `value` and emits it; `value` is empty afterwards. */
int value_emit(struct value_writer *writer, unsigned kind, uint64_t key, struct buf *value, struct err *err);

/* Bytes of any length: as a zstd frame, cut into values with keys 0, 1, ... */
int value_emit_stream(struct value_writer *writer, unsigned kind, struct slice bytes, struct err *err);

/* `count` entries of `width_bits`, packed into values with keys 0, 1, ...; see table_chunk_entries(). */
typedef void value_entry_fn(void *ctx, size_t index, struct bit_writer *bits);
int value_emit_array(struct value_writer *writer, unsigned kind, size_t count, unsigned width_bits,
		     unsigned extra, value_entry_fn *put, void *ctx, struct err *err);

#endif
