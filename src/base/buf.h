/* SPDX-License-Identifier: MIT */
/* A growing byte buffer: text being written, bodies being read. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

#include <stdint.h>

/* `data` may be NULL while empty and is not NUL-terminated; see buf_text(). */
struct buf {
	char *data;
	size_t len, cap;
};

#define BUF_INIT { .data = NULL }

void buf_init(struct buf *buf);
void buf_release(struct buf *buf);               /* frees; the buffer is as after buf_init */
static inline void buf_clear(struct buf *buf) { buf->len = 0; } /* keeps the memory */

/* Makes room for `more` bytes behind the content and returns where they go; `len` is unchanged. */
char *buf_reserve(struct buf *buf, size_t more);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_slice(struct buf *buf, struct slice s);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_dec(struct buf *buf, uint64_t value);
void buf_add_hex(struct buf *buf, uint64_t value); /* lower case, no 0x, no padding */
void buf_addf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The content as a NUL-terminated string (the NUL is not counted); valid until the next change. */
const char *buf_text(struct buf *buf);

static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){buf->data, buf->len};
}

#endif
