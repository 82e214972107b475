/* SPDX-License-Identifier: MIT */
/* Values with their checksums; streams and arrays cut into values. */
#include "symbols/value_write.h"

#include "symbols/table_format.h"

#include <zstd.h>

enum { STREAM_LEVEL = -1 };

int value_emit(struct value_writer *writer, unsigned kind, uint64_t key, struct buf *value, struct err *err)
{
	uint32_t checksum = table_checksum(kind, key, value->data, value->len);
	int result;

	buf_add(value, &checksum, sizeof(checksum));
	assert(value->len <= TABLE_VALUE_MAX);
	writer->counts->values++;
	writer->counts->value_bytes += value->len;
	if (expands_too_much(writer->counts, writer->counts->value_bytes))
		return err_set(err, ERR_LIMIT, "the symbol table is many times larger than its text");
	result = writer->io->emit(writer->io->ctx, kind, key, buf_slice(value), err);
	buf_clear(value);
	return result;
}

static int emit_chunks(struct value_writer *writer, unsigned kind, struct slice bytes, struct err *err)
{
	const size_t room = TABLE_VALUE_MAX - TABLE_CHECKSUM_BYTES;
	struct buf value = BUF_INIT;
	int result = 0;

	for (uint64_t key = 0; bytes.len && result == 0; key++) {
		size_t len = bytes.len < room ? bytes.len : room;

		buf_add(&value, bytes.data, len);
		bytes = slice_make(bytes.data + len, bytes.len - len);
		result = value_emit(writer, kind, key, &value, err);
	}
	buf_release(&value);
	return result;
}

int value_emit_stream(struct value_writer *writer, unsigned kind, struct slice bytes, struct err *err)
{
	struct buf stored = BUF_INIT;
	struct stream_head head = {.decoded_bytes = bytes.len};
	size_t bound = ZSTD_compressBound(bytes.len), len;
	int result;

	buf_add(&stored, &head, sizeof(head));
	len = ZSTD_compress(buf_reserve(&stored, bound), bound, bytes.data, bytes.len, STREAM_LEVEL);
	if (ZSTD_isError(len)) {
		buf_release(&stored);
		return err_set(err, ERR_SYSTEM, "zstd: %s", ZSTD_getErrorName(len));
	}
	stored.len += len;
	head.stored_bytes = len;
	memcpy(stored.data, &head, sizeof(head));
	result = emit_chunks(writer, kind, buf_slice(&stored), err);
	buf_release(&stored);
	return result;
}

int value_emit_array(struct value_writer *writer, unsigned kind, size_t count, unsigned width_bits,
		     unsigned extra, value_entry_fn *put, void *ctx, struct err *err)
{
	size_t per_chunk = table_chunk_entries(width_bits, extra);
	struct buf value = BUF_INIT;
	int result = 0;

	for (size_t first = 0; first < count && result == 0; first += per_chunk) {
		size_t end = first + per_chunk < count ? first + per_chunk : count;
		struct bit_writer bits = {.buf = &value};

		for (size_t i = first; i < end + extra; i++)
			put(ctx, i, &bits);
		bits_finish(&bits);
		memset(buf_reserve(&value, TABLE_SLACK_BYTES), 0, TABLE_SLACK_BYTES);
		value.len += TABLE_SLACK_BYTES;
		result = value_emit(writer, kind, first / per_chunk, &value, err);
	}
	buf_release(&value);
	return result;
}
