/* SPDX-License-Identifier: MIT */
/* A growing byte buffer. */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf)
{
	*buf = (struct buf)BUF_INIT;
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	buf_init(buf);
}

char *buf_reserve(struct buf *buf, size_t more)
{
	size_t need = buf->len + more;

	if (need > buf->cap || buf->data == NULL) {
		size_t cap = buf->cap < 128 ? 128 : buf->cap * 2;

		buf->cap = cap < need ? need : cap;
		buf->data = mem_realloc(buf->data, buf->cap);
	}
	return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_reserve(buf, len), data, len);
	buf->len += len;
}

void buf_add_slice(struct buf *buf, struct slice s)
{
	buf_add(buf, s.data, s.len);
}

void buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, char byte)
{
	*buf_reserve(buf, 1) = byte;
	buf->len++;
}

static void add_number(struct buf *buf, uint64_t value, unsigned base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_add_dec(struct buf *buf, uint64_t value)
{
	add_number(buf, value, 10);
}

void buf_add_hex(struct buf *buf, uint64_t value)
{
	add_number(buf, value, 16);
}

void buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	text = buf_reserve(buf, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
}

const char *buf_text(struct buf *buf)
{
	*buf_reserve(buf, 1) = '\0';
	return buf->data;
}
