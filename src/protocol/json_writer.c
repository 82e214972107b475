/* SPDX-License-Identifier: MIT */
/* JSON text written without a check per byte. */
#include "protocol/json_writer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

void put_dec(struct writer *writer, uint64_t value)
{
	char digits[20];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put_bytes(writer, digits + first, sizeof(digits) - first);
}

void put_hex(struct writer *writer, uint64_t value)
{
	int digits = (67 - __builtin_clzll(value | 1)) / 4;
	char *at = writer->at + 2 + digits;

	writer->at[0] = '0';
	writer->at[1] = 'x';
	writer->at = at;
	do {
		*--at = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
}

/*
 * Copies from the front of `text` what needs no escape and returns how much
 * that is.  Whole blocks only: the rest is the caller's, and so is what the
 * store of a block with an odd byte left behind `at`.
 */
#ifdef __SSE2__
static size_t copy_blocks(char *at, struct slice text)
{
	size_t done = 0;

	for (; text.len - done >= 16; done += 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)(text.data + done));
		/* Signed: what is not ASCII counts as below the blank, too. */
		__m128i odd = _mm_or_si128(
			_mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
				     _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f))),
			_mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
				     _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
		int mask = _mm_movemask_epi8(odd);

		_mm_storeu_si128((__m128i *)(void *)(at + done), block);
		if (mask)
			return done + (size_t)__builtin_ctz((unsigned)mask);
	}
	return done;
}
#else
static size_t copy_blocks(char *at, struct slice text)
{
	(void)at;
	(void)text;
	return 0;
}
#endif

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Hands over to the common writer, which finds the room already made. */
static void put_odd(struct writer *writer, struct slice text)
{
	writer_end(writer);
	json_add_escaped(writer->buf, text, writer->charset);
	writer->at = writer->buf->data + writer->buf->len;
}

void put_escaped(struct writer *writer, struct slice text)
{
	size_t done = copy_blocks(writer->at, text);

	for (; done < text.len && is_plain((unsigned char)text.data[done]); done++)
		writer->at[done] = text.data[done];
	writer->at += done;
	if (done < text.len)
		put_odd(writer, slice_make(text.data + done, text.len - done));
}
