/* SPDX-License-Identifier: MIT */
/* JSON text written without a check per byte: room for the worst case first, then plain stores. */
#ifndef PROTOCOL_JSON_WRITER_H
#define PROTOCOL_JSON_WRITER_H

#include "base/buf.h"
#include "base/json_text.h"

/*
 * writer_reserve() makes room and returns where to put; what is put then must
 * fit: a literal takes its length, a number at most WRITER_NUMBER_BYTES, a
 * string WRITER_STRING_BYTES of its length.  Each put_*() returns the place
 * behind what it put, which goes back into `at` at the end: kept in a local
 * variable meanwhile, since every byte stored might else have changed it.
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

/* Gives the buffer its length. */
static inline void writer_end(struct writer *writer)
{
	writer->buf->len = (size_t)(writer->at - writer->buf->data);
}

static inline char *writer_reserve(struct writer *writer, size_t bytes)
{
	if ((size_t)(writer->buf->data + writer->buf->cap - writer->at) < bytes) {
		writer_end(writer);
		writer->at = buf_reserve(writer->buf, bytes);
	}
	return writer->at;
}

static inline char *put_byte(char *at, char byte)
{
	*at = byte;
	return at + 1;
}

#define PUT_LITERAL(at, text) ((char *)memcpy((at), (text), sizeof(text) - 1) + sizeof(text) - 1)

char *put_word(char *at, const char *word);
char *put_dec(char *at, uint64_t value);
char *put_hex(char *at, uint64_t value); /* with 0x, lower case, not padded */

/* A string's inside: what json_add_escaped() writes. */
char *put_escaped(struct writer *writer, char *at, struct slice text);

#endif
