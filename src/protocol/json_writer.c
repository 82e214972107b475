/* SPDX-License-Identifier: MIT */
/* JSON text written without a check per byte. */
#include "protocol/json_writer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

char *put_word(char *at, const char *word)
{
	size_t len = strlen(word);

	memcpy(at, word, len);
	return at + len;
}

static unsigned count_digits(uint64_t value)
{
	unsigned count = 1;

	for (; value >= 100; value /= 100)
		count += 2;
	return count + (value >= 10);
}

char *put_dec(char *at, uint64_t value)
{
	char *end = at + count_digits(value);

	for (at = end; value >= 10; value /= 10)
		*--at = (char)('0' + value % 10);
	*--at = (char)('0' + value);
	return end;
}

static int count_hex_digits(uint64_t value)
{
	return (67 - __builtin_clzll(value | 1)) / 4;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#ifdef __SSE2__
/* All sixteen digits at once, moved up so that the first one that counts comes first. */
char *put_hex(char *at, uint64_t value)
{
	const __m128i low = _mm_set1_epi8(0x0f);
	int digits = count_hex_digits(value);
	uint64_t first_on_top = value << (64 - 4 * digits);
	__m128i bytes = _mm_cvtsi64_si128((long long)__builtin_bswap64(first_on_top));
	__m128i nibbles = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), low),
					    _mm_and_si128(bytes, low));
	__m128i letters = _mm_and_si128(_mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9)),
					_mm_set1_epi8('a' - '0' - 10));

	at = PUT_LITERAL(at, "0x");
	_mm_storeu_si128((__m128i *)(void *)at,
			 _mm_add_epi8(_mm_add_epi8(nibbles, letters), _mm_set1_epi8('0')));
	return at + digits;
}

/* A bit for each byte that must not be copied as it is. */
static unsigned odd_bytes(__m128i block)
{
	/* Signed: what is not ASCII counts as below the blank, too. */
	__m128i outside = _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
				       _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
	__m128i special = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
				       _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(outside, special));
}

static __m128i load(const char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static void store(char *at, __m128i block)
{
	_mm_storeu_si128((__m128i *)(void *)at, block);
}

/* 8 to 15 bytes as two halves that overlap; false, with nothing copied, if some byte is odd. */
static bool copy_short(char *at, const char *text, size_t len)
{
	uint64_t head, tail;

	memcpy(&head, text, sizeof(head));
	memcpy(&tail, text + len - sizeof(tail), sizeof(tail));
	if (odd_bytes(_mm_set_epi64x((long long)tail, (long long)head)))
		return false;
	memcpy(at, &head, sizeof(head));
	memcpy(at + len - sizeof(tail), &tail, sizeof(tail));
	return true;
}

/*
 * Copies from the front of `text` what needs no escape and returns how much
 * that is at least; what it leaves is short or begins with an odd byte.
 */
static size_t copy_plain(char *at, struct slice text)
{
	size_t done = 0;

	if (text.len < 16)
		return text.len >= 8 && copy_short(at, text.data, text.len) ? text.len : 0;
	for (; text.len - done >= 16; done += 16) {
		__m128i block = load(text.data + done);
		unsigned odd = odd_bytes(block);

		store(at + done, block);
		if (odd)
			return done + (size_t)__builtin_ctz(odd);
	}
	if (odd_bytes(load(text.data + text.len - 16)))
		return done;
	store(at + text.len - 16, load(text.data + text.len - 16));
	return text.len;
}
#else
char *put_hex(char *at, uint64_t value)
{
	char *end = at + 2 + count_hex_digits(value);

	memcpy(at, "0x", 2);
	at = end;
	do {
		*--at = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	return end;
}

static size_t copy_plain(char *at, struct slice text)
{
	(void)at;
	(void)text;
	return 0;
}
#endif

/* Hands over to the common writer, which finds the room already made. */
static char *put_odd(struct writer *writer, char *at, struct slice text)
{
	writer->at = at;
	writer_end(writer);
	json_add_escaped(writer->buf, text, writer->charset);
	return writer->buf->data + writer->buf->len;
}

char *put_escaped(struct writer *writer, char *at, struct slice text)
{
	size_t done = copy_plain(at, text);

	for (; done < text.len && is_plain((unsigned char)text.data[done]); done++)
		at[done] = text.data[done];
	at += done;
	return done == text.len ? at : put_odd(writer, at, slice_make(text.data + done, text.len - done));
}
