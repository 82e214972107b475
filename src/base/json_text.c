/* SPDX-License-Identifier: MIT */
/* JSON text: escaping. */
#include "base/json_text.h"

#include "base/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

/* The letter after the backslash of a short escape, or 0. */
static char short_escape(unsigned char c)
{
	switch (c) {
	case '"': return '"';
	case '\\': return '\\';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	default: return 0;
	}
}

static void add_unicode_escape(struct buf *buf, uint32_t unit)
{
	char text[6] = {'\\', 'u', hex_digits[unit >> 12 & 15], hex_digits[unit >> 8 & 15],
			hex_digits[unit >> 4 & 15], hex_digits[unit & 15]};

	buf_add(buf, text, sizeof(text));
}

static void add_ascii_code(struct buf *buf, uint32_t code)
{
	if (code >= 0x10000) {
		add_unicode_escape(buf, 0xd800 + ((code - 0x10000) >> 10));
		add_unicode_escape(buf, 0xdc00 + ((code - 0x10000) & 0x3ff));
	} else {
		add_unicode_escape(buf, code);
	}
}

static void add_low_byte(struct buf *buf, unsigned char c, enum json_charset charset)
{
	char letter = short_escape(c);

	if (letter) {
		buf_add_byte(buf, '\\');
		buf_add_byte(buf, letter);
	} else if (c == 0) {
		buf_add_byte(buf, '_');
	} else if (c < 0x20 || (c == 0x7f && charset == JSON_ASCII)) {
		add_unicode_escape(buf, c);
	} else {
		buf_add_byte(buf, (char)c);
	}
}

static size_t add_multibyte(struct buf *buf, struct slice rest, enum json_charset charset)
{
	uint32_t code;
	size_t len = utf8_decode(rest, &code);
	char out[4];

	if (code == UINT32_MAX)
		code = 0xfffd;
	if (charset == JSON_ASCII)
		add_ascii_code(buf, code);
	else
		buf_add(buf, out, utf8_encode(code, out));
	return len;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_add_escaped(struct buf *buf, struct slice text, enum json_charset charset)
{
	size_t at = 0;

	while (at < text.len) {
		size_t plain = at;

		while (plain < text.len && is_plain((unsigned char)text.data[plain]))
			plain++;
		buf_add(buf, text.data + at, plain - at);
		at = plain;
		if (at == text.len)
			break;
		if ((unsigned char)text.data[at] < 0x80)
			add_low_byte(buf, (unsigned char)text.data[at++], charset);
		else
			at += add_multibyte(buf, slice_make(text.data + at, text.len - at), charset);
	}
}

void json_add_string(struct buf *buf, struct slice text, enum json_charset charset)
{
	buf_reserve(buf, text.len + 2);
	buf_add_byte(buf, '"');
	json_add_escaped(buf, text, charset);
	buf_add_byte(buf, '"');
}
