/* SPDX-License-Identifier: MIT */
/* What tables look like in store: docs/table-format.md in C. */
#ifndef SYMBOLS_TABLE_FORMAT_H
#define SYMBOLS_TABLE_FORMAT_H

#include "symbols/table.h"

#include <assert.h>

enum {
	TABLE_MAGIC = 0x424d5953, /* "SYMB" */
	TABLE_FORMAT_VERSION = 2,
	TABLE_CHECKSUM_BYTES = 4, /* at the end of every value */
	TABLE_SLACK_BYTES = 4,    /* zeros before it, so that 8 bytes can be read where any byte can */
	TABLE_TAIL_BYTES = TABLE_SLACK_BYTES + TABLE_CHECKSUM_BYTES,
};

/* How places and call sites name their file. */
enum {
	FILE_NONE = 0,     /* id -1, or no line record */
	FILE_AS_PLACE = 1, /* call sites of old INLINE records: the file of the line record (rule R30) */
	FILE_FIRST = 2,    /* path number + 2 */
};

/* Kind 0, key 0. */
struct table_header {
	uint32_t magic, version;
	uint64_t text_bytes, functions, publics, lines, inline_ranges;
	uint64_t last_start; /* the last symbol: what lies beyond all values is nearest to it */
	uint32_t last_name;  /* its ordinal + 1, or 0 in a table without symbols */
	uint32_t names, files, origins, places, calls;
	/* widths in bits; name_bytes: of an ordinal in a block */
	uint8_t name_bits, name_bytes, file_bits, line_bits, call_line_bits, origin_bits, place_bits,
		call_bits;
	uint32_t zero;
	uint32_t checksum;
};
static_assert(sizeof(struct table_header) == 96, "stored");

/* Kind 1, key: the last address covered.  Then `count` starts, count + 1 ends of heads, the entries. */
struct record_head {
	uint64_t first;        /* address of the first entry */
	uint64_t before_start; /* the symbol that starts last before `first` */
	uint32_t before_name;  /* its ordinal + 1, or 0 */
	uint16_t count;
	uint16_t wide; /* 1: starts are 32 bits, 0: 16 */
};
static_assert(sizeof(struct record_head) == 24, "stored");

/* The first byte of an entry. */
enum {
	BLOCK_CONTINUED = 1, /* does not begin where its function does */
	BLOCK_NODES = 2,
	BLOCK_PLACES = 4,
	BLOCK_PUBLICS = 8,
	BLOCK_SIZE_SHIFT = 4, /* two bits: sizes take 1 << these bytes */
};

enum {
	BLOCK_SEGMENTS = 64,
	BLOCK_NODES_MAX = 1024, /* two chains of the deepest level (rule R31) */
	INLINE_DEPTH_MAX = 512,
};

/* Kind 5, key: ordinal of the last name << 16 | part. */
struct names_head {
	uint32_t first;       /* ordinal of the first name */
	uint16_t groups;      /* then groups x struct names_group, and the frames */
	uint16_t parts;       /* > 1: one frame that continues in that many values */
	uint32_t frame_bytes; /* of all parts */
};
static_assert(sizeof(struct names_head) == 12, "stored");

struct names_group {
	uint16_t first; /* ordinal less names_head.first */
	uint16_t end;   /* where its frame ends, from the first frame */
};
static_assert(sizeof(struct names_group) == 4, "stored");

enum {
	NAMES_PER_GROUP = 16,
	NAMES_GROUP_BYTES = 8192, /* decoded; a longer name stands alone */
	NAMES_PART_SHIFT = 16,
	NAME_BYTES_MAX = 1 << 20, /* rule R37 */
	NAMES_DICTIONARY_BYTES = 32768,
};

/* Kinds 6 and 7, chunk 0: then a zstd frame, cut into chunks. */
struct stream_head {
	uint64_t stored_bytes, decoded_bytes;
};
static_assert(sizeof(struct stream_head) == 16, "stored");

/* The low half of a hash of kind, key and what stands before the checksum. */
uint32_t table_checksum(unsigned kind, uint64_t key, const void *data, size_t len);

/*
 * Origins, places and calls are fixed-width entries, packed into values of
 * this many; `extra`: entries of the next value that are repeated at the end.
 */
static inline uint32_t table_chunk_entries(unsigned width_bits, unsigned extra)
{
	return (TABLE_VALUE_MAX - TABLE_TAIL_BYTES) * 8U / (width_bits ? width_bits : 1) - extra;
}

/* Bits of one entry. */
static inline unsigned table_origin_bits(const struct table_header *header)
{
	return (unsigned)header->name_bits + header->place_bits + header->call_bits;
}

static inline unsigned table_place_bits(const struct table_header *header)
{
	return (unsigned)header->file_bits + header->line_bits;
}

static inline unsigned table_call_bits(const struct table_header *header)
{
	return (unsigned)header->origin_bits + header->file_bits + header->call_line_bits;
}

#endif
