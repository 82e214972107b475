/* SPDX-License-Identifier: MIT */
/* Groups of names, the dictionary made of samples of them, and the values. */
#include "symbols/names_write.h"

#include "base/mem.h"
#include "symbols/grow.h"
#include "symbols/table_format.h"

#include <stdlib.h>
#include <zdict.h>
#include <zstd.h>

enum {
	LEVEL = 3,
	MAGIC_BYTES = 4,          /* of a zstd frame; not stored */
	DICTIONARY_GROUPS_MIN = 8,
	CONTENT_PER_GROUP = 64,   /* small tables get a small dictionary */
	CONTENT_PIECE = 256,      /* from the head of a group */
	SAMPLES = 300,
	SAMPLE_BYTES = 4096,
	TABLES_BYTES = 8192,      /* zstd's entropy tables before the content */
};

struct names_writer {
	struct value_writer *values;
	const struct name_pool *pool;
	const uint32_t *sorted;
	uint32_t count;
	uint32_t *groups; /* first ordinal of each, and the end */
	size_t group_count, group_cap;
	uint32_t *prefixes; /* of each name: bytes in common with the one before; 0 at the head of a group */
	struct buf group, frame, dictionary;
	ZSTD_CCtx *cctx;
	ZSTD_CDict *cdict;
	/* the value being filled */
	struct names_group table[TABLE_VALUE_MAX / sizeof(struct names_group)];
	size_t table_count;
	uint32_t first;
	struct buf frames, value;
};

static const struct name *name_at(const struct names_writer *writer, uint32_t ordinal)
{
	return &writer->pool->names[writer->sorted[ordinal]];
}

static size_t common_prefix(const struct name *a, const struct name *b)
{
	size_t len = a->len < b->len ? a->len : b->len, at = 0;

	for (; at + 8 <= len; at += 8) {
		uint64_t x, y;

		memcpy(&x, a->data + at, 8);
		memcpy(&y, b->data + at, 8);
		if (x != y)
			return at + (size_t)__builtin_ctzll(x ^ y) / 8;
	}
	while (at < len && a->data[at] == b->data[at])
		at++;
	return at;
}

static size_t varint_bytes(uint64_t value)
{
	size_t bytes = 1;

	for (; value >= 0x80; value >>= 7)
		bytes++;
	return bytes;
}

/* Groups */

static void add_group(struct names_writer *writer, uint32_t first)
{
	writer->groups = grow_array(writer->groups, &writer->group_cap, writer->group_count + 2,
				    sizeof(*writer->groups));
	writer->groups[writer->group_count++] = first;
}

/* Where groups begin: they end at 16 names or before they decode to more than NAMES_GROUP_BYTES. */
static void divide(struct names_writer *writer)
{
	size_t bytes = 0;

	writer->prefixes = mem_calloc(writer->count, sizeof(*writer->prefixes));
	for (uint32_t i = 0; i < writer->count; i++) {
		const struct name *name = name_at(writer, i);
		bool full = i == 0 || i - writer->groups[writer->group_count - 1] == NAMES_PER_GROUP;

		if (!full) {
			size_t prefix = common_prefix(name_at(writer, i - 1), name);

			bytes += varint_bytes(prefix) + varint_bytes(name->len - prefix) + name->len - prefix;
			full = bytes > NAMES_GROUP_BYTES;
			writer->prefixes[i] = full ? 0 : (uint32_t)prefix;
		}
		if (full) {
			add_group(writer, i);
			bytes = 1 + varint_bytes(name->len) + name->len;
		}
	}
	if (writer->count)
		writer->groups[writer->group_count] = writer->count;
}

/* The group front-coded: (common prefix, rest) of all, then the rests. */
static void encode_group(struct names_writer *writer, size_t group)
{
	uint32_t first = writer->groups[group], end = writer->groups[group + 1];

	buf_clear(&writer->group);
	for (uint32_t i = first; i < end; i++) {
		varint_put(&writer->group, writer->prefixes[i]);
		varint_put(&writer->group, name_at(writer, i)->len - writer->prefixes[i]);
	}
	for (uint32_t i = first; i < end; i++) {
		uint32_t prefix = writer->prefixes[i];

		buf_add(&writer->group, name_at(writer, i)->data + prefix, name_at(writer, i)->len - prefix);
	}
}

/* The dictionary: heads of evenly spaced groups, with entropy tables made for some of the groups */

static void collect_content(struct names_writer *writer, struct buf *content)
{
	size_t bytes = writer->group_count * CONTENT_PER_GROUP;
	size_t pieces;

	if (bytes > NAMES_DICTIONARY_BYTES)
		bytes = NAMES_DICTIONARY_BYTES;
	pieces = bytes / CONTENT_PIECE;
	for (size_t i = 0; i < pieces; i++) {
		encode_group(writer, i * writer->group_count / pieces);
		buf_add(content, writer->group.data,
			writer->group.len < CONTENT_PIECE ? writer->group.len : CONTENT_PIECE);
	}
}

static size_t collect_samples(struct names_writer *writer, struct buf *samples, size_t *sizes)
{
	size_t count = writer->group_count < SAMPLES ? writer->group_count : SAMPLES;

	for (size_t i = 0; i < count; i++) {
		encode_group(writer, i * writer->group_count / count);
		sizes[i] = writer->group.len < SAMPLE_BYTES ? writer->group.len : SAMPLE_BYTES;
		buf_add(samples, writer->group.data, sizes[i]);
	}
	return count;
}

/* Without a dictionary where one cannot be made: names are then larger, not wrong. */
static void make_dictionary(struct names_writer *writer)
{
	struct buf content = BUF_INIT, samples = BUF_INIT;
	size_t sizes[SAMPLES], count, len, room;
	ZDICT_params_t params = {.compressionLevel = LEVEL};

	if (writer->group_count < DICTIONARY_GROUPS_MIN)
		return;
	collect_content(writer, &content);
	count = collect_samples(writer, &samples, sizes);
	room = content.len + TABLES_BYTES;
	len = ZDICT_finalizeDictionary(buf_reserve(&writer->dictionary, room), room, content.data,
				       content.len, samples.data, sizes, (unsigned)count, params);
	if (!ZDICT_isError(len))
		writer->dictionary.len = len;
	buf_release(&content);
	buf_release(&samples);
}

static int set_up_zstd(struct names_writer *writer, struct err *err)
{
	writer->cctx = ZSTD_createCCtx();
	if (writer->cctx == NULL)
		return err_set(err, ERR_SYSTEM, "zstd: no context");
	ZSTD_CCtx_setParameter(writer->cctx, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(writer->cctx, ZSTD_c_dictIDFlag, 0);
	ZSTD_CCtx_setParameter(writer->cctx, ZSTD_c_checksumFlag, 0);
	if (writer->dictionary.len == 0)
		return 0;
	writer->cdict = ZSTD_createCDict(writer->dictionary.data, writer->dictionary.len, LEVEL);
	if (writer->cdict == NULL || ZSTD_isError(ZSTD_CCtx_refCDict(writer->cctx, writer->cdict)))
		return err_set(err, ERR_SYSTEM, "zstd: the dictionary of names is refused");
	return 0;
}

/* Values */

static int compress_group(struct names_writer *writer, struct slice *ret_frame, struct err *err)
{
	size_t bound = ZSTD_compressBound(writer->group.len), len;

	buf_clear(&writer->frame);
	len = ZSTD_compress2(writer->cctx, buf_reserve(&writer->frame, bound), bound, writer->group.data,
			     writer->group.len);
	if (ZSTD_isError(len))
		return err_set(err, ERR_SYSTEM, "zstd: %s", ZSTD_getErrorName(len));
	*ret_frame = slice_make(writer->frame.data + MAGIC_BYTES, len - MAGIC_BYTES);
	return 0;
}

static int emit_value(struct names_writer *writer, uint32_t end, struct err *err)
{
	struct names_head head = {.first = writer->first,
				  .groups = (uint16_t)writer->table_count,
				  .parts = 1,
				  .frame_bytes = (uint32_t)writer->frames.len};

	if (writer->table_count == 0)
		return 0;
	buf_add(&writer->value, &head, sizeof(head));
	buf_add(&writer->value, writer->table, writer->table_count * sizeof(writer->table[0]));
	buf_add_slice(&writer->value, buf_slice(&writer->frames));
	writer->table_count = 0;
	buf_clear(&writer->frames);
	return value_emit(writer->values, TABLE_NAMES, (uint64_t)(end - 1) << NAMES_PART_SHIFT,
			  &writer->value, err);
}

static bool fits(const struct names_writer *writer, size_t frame_len)
{
	return sizeof(struct names_head) + (writer->table_count + 1) * sizeof(struct names_group) +
		       writer->frames.len + frame_len + TABLE_CHECKSUM_BYTES <= TABLE_VALUE_MAX;
}

/* A frame that exceeds a value: its own values, keyed by the one name in it and the part. */
static int emit_parts(struct names_writer *writer, uint32_t ordinal, struct slice frame, struct err *err)
{
	const size_t room = TABLE_VALUE_MAX - sizeof(struct names_head) - TABLE_CHECKSUM_BYTES;
	struct names_head head = {.first = ordinal, .groups = 1, .frame_bytes = (uint32_t)frame.len};

	head.parts = (uint16_t)((frame.len + room - 1) / room);
	for (uint64_t part = 0; part < head.parts; part++) {
		size_t len = frame.len < room ? frame.len : room;

		buf_add(&writer->value, &head, sizeof(head));
		buf_add(&writer->value, frame.data, len);
		frame = slice_make(frame.data + len, frame.len - len);
		if (value_emit(writer->values, TABLE_NAMES, (uint64_t)ordinal << NAMES_PART_SHIFT | part,
			       &writer->value, err) < 0)
			return -1;
	}
	return 0;
}

static int write_group(struct names_writer *writer, size_t group, struct err *err)
{
	uint32_t first = writer->groups[group];
	struct slice frame;

	encode_group(writer, group);
	if (compress_group(writer, &frame, err) < 0)
		return -1;
	if (!fits(writer, frame.len) && emit_value(writer, first, err) < 0)
		return -1;
	if (!fits(writer, frame.len))
		return emit_parts(writer, first, frame, err);
	if (writer->table_count == 0)
		writer->first = first;
	buf_add_slice(&writer->frames, frame);
	writer->table[writer->table_count++] = (struct names_group){
		.first = (uint16_t)(first - writer->first), .end = (uint16_t)writer->frames.len};
	return 0;
}

static int write_all(struct names_writer *writer, struct err *err)
{
	divide(writer);
	make_dictionary(writer);
	if (set_up_zstd(writer, err) < 0)
		return -1;
	for (size_t group = 0; group < writer->group_count; group++)
		if (write_group(writer, group, err) < 0)
			return -1;
	if (emit_value(writer, writer->count, err) < 0)
		return -1;
	if (writer->dictionary.len == 0)
		return 0;
	return value_emit_stream(writer->values, TABLE_NAME_DICTIONARY, buf_slice(&writer->dictionary), err);
}

int names_write(struct value_writer *values, const struct name_pool *pool, const uint32_t *sorted,
		uint32_t count, struct err *err)
{
	struct names_writer *writer = mem_zalloc(sizeof(*writer));
	int result;

	writer->values = values;
	writer->pool = pool;
	writer->sorted = sorted;
	writer->count = count;
	result = write_all(writer, err);
	free(writer->groups);
	free(writer->prefixes);
	buf_release(&writer->group);
	buf_release(&writer->frame);
	buf_release(&writer->dictionary);
	buf_release(&writer->frames);
	buf_release(&writer->value);
	ZSTD_freeCCtx(writer->cctx);
	ZSTD_freeCDict(writer->cdict);
	free(writer);
	return result;
}
