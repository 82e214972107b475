/* SPDX-License-Identifier: MIT */
/* JSON text written without a check per byte: room for the worst case first, then plain stores. */
#ifndef PROTOCOL_JSON_WRITER_H
#define PROTOCOL_JSON_WRITER_H

#include "base/buf.h"
#include "base/json_text.h"

/*
 * writer_reserve() makes room; what is put then must fit: a literal takes its
 * length, a number at most WRITER_NUMBER_BYTES, a string WRITER_STRING_BYTES of
 * its length.  writer_end() gives the buffer its length.
 */
struct writer {
	struct buf *buf;
	char *at;
	enum json_charset charset;
};

enum { WRITER_NUMBER_BYTES = 24 };

/* No byte becomes more than six ("\u001f", "\ufffd"); behind it, room for stores that overshoot. */
#define WRITER_STRING_BYTES(length) ((size_t)(length) * 6 + 16)

static inline struct writer writer_begin(struct buf *buf, enum json_charset charset)
{
	return (struct writer){.buf = buf, .at = buf_reserve(buf, 1), .charset = charset};
}

static inline void writer_end(struct writer *writer)
{
	writer->buf->len = (size_t)(writer->at - writer->buf->data);
}

static inline void writer_reserve(struct writer *writer, size_t bytes)
{
	if ((size_t)(writer->buf->data + writer->buf->cap - writer->at) >= bytes)
		return;
	writer_end(writer);
	writer->at = buf_reserve(writer->buf, bytes);
}

static inline void put_byte(struct writer *writer, char byte)
{
	*writer->at++ = byte;
}

static inline void put_bytes(struct writer *writer, const char *bytes, size_t len)
{
	memcpy(writer->at, bytes, len);
	writer->at += len;
}

#define PUT_LITERAL(writer, text) put_bytes((writer), (text), sizeof(text) - 1)

void put_dec(struct writer *writer, uint64_t value);
void put_hex(struct writer *writer, uint64_t value); /* with 0x, lower case, not padded */

/* A string's inside: what json_add_escaped() writes. */
void put_escaped(struct writer *writer, struct slice text);

#endif
