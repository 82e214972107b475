/* SPDX-License-Identifier: MIT */
/* Groups of names: found, decompressed, walked up to the one that is wanted. */
#include "symbols/names_read.h"

#include "symbols/table_format.h"
#include "symbols/table_open.h"

#include <stdlib.h>

static const unsigned char zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd}; /* not stored */

int names_reader_init(struct names_reader *reader, uint32_t count, struct names_ring *ring,
		      struct slice dictionary, struct err *err)
{
	reader->count = count;
	reader->ring = ring;
	reader->era = names_ring_era(ring);
	ticket_map_init(&reader->tickets, count);
	if (dictionary.len == 0)
		return 0;
	reader->ddict = ZSTD_createDDict(dictionary.data, dictionary.len);
	return reader->ddict ? 0 : table_corrupt(err, "the dictionary of names is refused");
}

void names_reader_release(struct names_reader *reader)
{
	ticket_map_release(&reader->tickets);
	ZSTD_freeDDict(reader->ddict);
	key_set_release(&reader->verified);
	buf_release(&reader->frame);
	buf_release(&reader->decoded);
	buf_release(&reader->name);
}

bool names_recall(struct names_reader *reader, uint32_t ordinal, struct slice *ret)
{
	if (reader->era != names_ring_era(reader->ring)) {
		ticket_map_clear(&reader->tickets);
		reader->era = names_ring_era(reader->ring);
	}
	return names_ring_get(reader->ring, ticket_map_get(&reader->tickets, ordinal), ret);
}

/* Values */

/* The first value with a key >= *key; verified once.  *key is then the one found. */
static int get_value(struct names_reader *reader, const struct table_source *source, uint64_t *key,
		     struct slice *ret, struct err *err)
{
	int found = source->get(source->ctx, TABLE_NAMES, *key, key, ret, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return table_corrupt(err, "names are missing");
	if (!key_set_has(&reader->verified, *key)) {
		if (table_verify(TABLE_NAMES, *key, *ret, err) < 0)
			return -1;
		key_set_add(&reader->verified, *key);
	}
	if (ret->len < sizeof(struct names_head) + TABLE_CHECKSUM_BYTES)
		return table_corrupt(err, "a value of names is short");
	ret->len -= TABLE_CHECKSUM_BYTES;
	return 0;
}

static struct names_head head_of(struct slice value)
{
	struct names_head head;

	memcpy(&head, value.data, sizeof(head));
	return head;
}

static struct slice after_head(struct slice value)
{
	return slice_make(value.data + sizeof(struct names_head), value.len - sizeof(struct names_head));
}

static struct names_group group_at(struct slice table, unsigned index)
{
	struct names_group group;

	memcpy(&group, table.data + index * sizeof(group), sizeof(group));
	return group;
}

/* Finds the group in an ordinary value; `last` is the ordinal in its key. */
static int find_group(struct names_reader *reader, struct slice value, uint32_t ordinal, uint32_t last,
		      struct slice *ret_frame)
{
	struct names_head head = head_of(value);
	struct slice body = after_head(value);
	size_t table_bytes = head.groups * sizeof(struct names_group), from, end;
	unsigned low = 0, high = head.groups;
	uint32_t next;

	if (head.groups == 0 || table_bytes > body.len || ordinal < head.first)
		return -1;
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (group_at(body, middle).first <= ordinal - head.first)
			low = middle;
		else
			high = middle;
	}
	from = low ? group_at(body, low - 1).end : 0;
	end = group_at(body, low).end;
	next = low + 1U < head.groups ? head.first + group_at(body, low + 1).first : last + 1;
	reader->group_first = head.first + group_at(body, low).first;
	if (from >= end || end > body.len - table_bytes || ordinal < reader->group_first || ordinal >= next ||
	    next - reader->group_first > NAMES_PER_GROUP)
		return -1;
	reader->group_count = next - reader->group_first;
	*ret_frame = slice_make(body.data + table_bytes + from, end - from);
	return 0;
}

/* The frame of one long name: all parts, behind the magic that reader->frame already holds. */
static int join_parts(struct names_reader *reader, const struct table_source *source, uint32_t ordinal,
		      struct slice value, struct err *err)
{
	struct names_head head = head_of(value);

	if (head.first != ordinal || head.frame_bytes > 2 * (uint64_t)NAME_BYTES_MAX)
		return table_corrupt(err, "a long name is damaged");
	for (uint64_t part = 0;;) {
		uint64_t key, want = (uint64_t)ordinal << NAMES_PART_SHIFT | ++part;

		buf_add_slice(&reader->frame, after_head(value));
		if (part >= head.parts)
			break;
		key = want;
		if (get_value(reader, source, &key, &value, err) < 0)
			return -1;
		if (key != want)
			return table_corrupt(err, "a part of a long name is missing");
	}
	if (reader->frame.len != sizeof(zstd_magic) + head.frame_bytes)
		return table_corrupt(err, "a long name is damaged");
	reader->group_first = ordinal;
	reader->group_count = 1;
	return 0;
}

/* Groups */

static int decompress(struct names_reader *reader, struct err *err)
{
	size_t cap = reader->group_count > 1 ? NAMES_GROUP_BYTES : NAME_BYTES_MAX + 2 * VARINT_MAX, len;
	unsigned long long size = ZSTD_getFrameContentSize(reader->frame.data, reader->frame.len);

	if (size > cap) /* also when it is unknown or an error: both are near 2^64 */
		return table_corrupt(err, "a group of names is too large");
	buf_clear(&reader->decoded);
	buf_reserve(&reader->decoded, (size_t)size + 1);
	len = ZSTD_decompress_usingDDict(names_ring_decompressor(reader->ring), reader->decoded.data,
					 (size_t)size, reader->frame.data, reader->frame.len, reader->ddict);
	if (ZSTD_isError(len))
		return table_corrupt(err, "a group of names cannot be decompressed");
	reader->decoded.len = len;
	return 0;
}

static const uint8_t *read_lengths(const struct names_reader *reader, const uint8_t *at, uint64_t *prefix,
				   uint64_t *rest)
{
	const uint8_t *end = (const uint8_t *)reader->decoded.data + reader->decoded.len;

	at = varint_get(at, end, prefix);
	return at ? varint_get(at, end, rest) : NULL;
}

/* Where the rests begin: behind the lengths of all names. */
static int start_walk(struct names_reader *reader)
{
	const uint8_t *start = (const uint8_t *)reader->decoded.data, *at = start;
	uint64_t prefix, rest;

	for (uint32_t i = 0; i < reader->group_count; i++)
		if ((at = read_lengths(reader, at, &prefix, &rest)) == NULL)
			return -1;
	reader->lengths_at = 0;
	reader->rest_at = (size_t)(at - start);
	reader->walked = 0;
	buf_clear(&reader->name);
	return 0;
}

/* Takes names up to and including the one with that index in the group. */
static int walk_to(struct names_reader *reader, uint32_t index)
{
	const uint8_t *start = (const uint8_t *)reader->decoded.data;

	for (; reader->walked <= index; reader->walked++) {
		uint64_t prefix, rest;
		const uint8_t *at = read_lengths(reader, start + reader->lengths_at, &prefix, &rest);

		if (at == NULL || prefix > reader->name.len || rest > reader->decoded.len - reader->rest_at)
			return -1;
		reader->name.len = (size_t)prefix;
		buf_add(&reader->name, start + reader->rest_at, (size_t)rest);
		reader->lengths_at = (size_t)(at - start);
		reader->rest_at += (size_t)rest;
	}
	return 0;
}

static int open_group(struct names_reader *reader, const struct table_source *source, uint32_t ordinal,
		      struct err *err)
{
	uint64_t key = (uint64_t)ordinal << NAMES_PART_SHIFT;
	struct slice value, frame;

	reader->group_count = 0;
	if (get_value(reader, source, &key, &value, err) < 0)
		return -1;
	buf_clear(&reader->frame);
	buf_add(&reader->frame, zstd_magic, sizeof(zstd_magic));
	if (head_of(value).parts > 1) {
		if (join_parts(reader, source, ordinal, value, err) < 0)
			return -1;
	} else {
		if (find_group(reader, value, ordinal, (uint32_t)(key >> NAMES_PART_SHIFT), &frame) < 0)
			return table_corrupt(err, "a value of names is damaged");
		buf_add_slice(&reader->frame, frame);
	}
	if (decompress(reader, err) < 0)
		return -1;
	return start_walk(reader) < 0 ? table_corrupt(err, "a group of names is damaged") : 0;
}

int names_decode(struct names_reader *reader, const struct table_source *source, uint32_t ordinal,
		 struct slice *ret, struct err *err)
{
	/* a group whose walk has passed the name is decoded anew; below group_first the difference is huge */
	uint32_t index = ordinal - reader->group_first;

	if (index >= reader->group_count || index + 1 < reader->walked) {
		if (open_group(reader, source, ordinal, err) < 0) {
			reader->group_count = 0;
			return -1;
		}
		index = ordinal - reader->group_first;
	}
	if (walk_to(reader, index) < 0) {
		reader->group_count = 0;
		return table_corrupt(err, "a group of names is damaged");
	}
	*ret = buf_slice(&reader->name);
	ticket_map_put(&reader->tickets, ordinal, names_ring_put(reader->ring, *ret));
	return 0;
}
