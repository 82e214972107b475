/* SPDX-License-Identifier: MIT */
/* Bit-packed fields and variable-length numbers, as tables store them (little endian). */
#ifndef SYMBOLS_BITS_H
#define SYMBOLS_BITS_H

#include "base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are read and written in place");

enum { VARINT_MAX = 10 }; /* bytes of a 64-bit number */

/* The bits that the values 0..max need. */
static inline unsigned bits_for(uint64_t max)
{
	return max ? 64 - (unsigned)__builtin_clzll(max) : 0;
}

/* A field of at most 32 bits.  Reads 8 bytes from the one in which the field starts. */
static inline uint32_t bits_get(const uint8_t *base, uint64_t bit, unsigned width)
{
	uint64_t word;

	memcpy(&word, base + (bit >> 3), sizeof(word));
	return (uint32_t)(word >> (bit & 7) & ((UINT64_C(1) << width) - 1));
}

/* Appends fields of at most 32 bits; bits_finish() fills the last byte with zeros. */
struct bit_writer {
	struct buf *buf;
	uint64_t pending; /* what is not a whole byte yet; it also stands behind the buffer's content */
	unsigned count;   /* its bits, below 8 between calls */
};

/* Always stores eight bytes, of which the next call overwrites those not counted: no branch to mispredict. */
static inline void bits_put(struct bit_writer *writer, uint32_t value, unsigned width)
{
	struct buf *buf = writer->buf;

	writer->pending |= (uint64_t)value << writer->count;
	writer->count += width;
	if (buf->cap - buf->len < sizeof(writer->pending))
		buf_reserve(buf, sizeof(writer->pending));
	memcpy(buf->data + buf->len, &writer->pending, sizeof(writer->pending));
	buf->len += writer->count / 8;
	writer->pending >>= writer->count & ~7U;
	writer->count %= 8;
}

static inline void bits_finish(struct bit_writer *writer)
{
	writer->buf->len += writer->count > 0;
	writer->pending = 0;
	writer->count = 0;
}

/* Seven bits a byte, lowest first; the top bit says that more follow. */
static inline void varint_put(struct buf *buf, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buf_add_byte(buf, (char)(value | 0x80));
	buf_add_byte(buf, (char)value);
}

/* Returns the byte after the number, or NULL if it does not end before `end`. */
static inline const uint8_t *varint_get(const uint8_t *at, const uint8_t *end, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
		value |= (uint64_t)(*at & 0x7f) << shift;
		if (!(*at++ & 0x80)) {
			*ret_value = value;
			return at;
		}
	}
	return NULL;
}

#endif
