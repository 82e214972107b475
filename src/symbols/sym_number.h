/* SPDX-License-Identifier: MIT */
/* Eight digits at a time: numbers of ordinary records without a loop. */
#ifndef SYMBOLS_SYM_NUMBER_H
#define SYMBOLS_SYM_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * The `len` (1..8) bytes at `text`, the last one in the top byte, each XOR '0':
 * digits become their values, and what is missing before the first a zero.
 * What follows the number does not take part, as digits would borrow from it.
 * 8 bytes can be read; another `len` gives something else, but is no error.
 */
static inline uint64_t number_load(const char *text, size_t len)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return (word ^ EVERY_BYTE(0x30)) << (-8 * len & 63);
}

/* The value of 8 decimal digits as loaded; sets *bad if one is something else. */
static inline uint32_t number_dec8(uint64_t low, bool *bad)
{
	*bad |= ((low | (low + EVERY_BYTE(6))) & EVERY_BYTE(0xf0)) != 0;
	low = low * 10 + (low >> 8);
	low = (low & UINT64_C(0x00ff00ff00ff00ff)) * 100 + (low >> 16 & UINT64_C(0x00ff00ff00ff00ff));
	return (uint32_t)((low & UINT64_C(0xffff)) * 10000 + (low >> 32 & UINT64_C(0xffff)));
}

/*
 * The value of 8 hexadecimal digits of either case, as loaded; sets *bad if one is
 * something else.  Bytes below 0x20 would pass for digits: the caller has seen to these.
 */
static inline uint32_t number_hex8(uint64_t digits, bool *bad)
{
	uint64_t lower = digits | EVERY_BYTE(0x20);
	uint64_t letter = lower >> 6 & EVERY_BYTE(1);
	uint64_t low = lower & EVERY_BYTE(0x0f);
	uint64_t value = low + letter * 9;

	/* digits are 2x with x <= 9, letters 7x with 1 <= x <= 6 */
	*bad |= ((lower & EVERY_BYTE(0xf0)) ^ (EVERY_BYTE(0x20) + letter * 0x50)) != 0;
	*bad |= ((low + EVERY_BYTE(6) + letter * 3) & EVERY_BYTE(0x10)) != 0;
	*bad |= ((low + EVERY_BYTE(0x0f)) >> 4 & letter) != letter;
	value = (value & UINT64_C(0x000f000f000f000f)) << 4 | (value >> 8 & UINT64_C(0x000f000f000f000f));
	value = (value & UINT64_C(0x000000ff000000ff)) << 8 | (value >> 16 & UINT64_C(0x000000ff000000ff));
	return (uint32_t)(value << 16 | value >> 32);
}

/* Two numbers at once, otherwise as number_hex8() and number_dec8(). */
static inline void number_hex8_pair(uint64_t a, uint64_t b, bool *bad, uint32_t *ret_a, uint32_t *ret_b)
{
#ifdef __SSE2__
	__m128i lower = _mm_or_si128(_mm_set_epi64x((long long)b, (long long)a), _mm_set1_epi8(0x20));
	/* what is no digit, or no letter, becomes a large byte in the one or the other */
	__m128i digit = _mm_sub_epi8(lower, _mm_set1_epi8(0x20));
	__m128i letter = _mm_sub_epi8(lower, _mm_set1_epi8(0x71));
	__m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
	__m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
	__m128i value = _mm_min_epu8(digit, _mm_add_epi8(letter, _mm_set1_epi8(10)));
	uint64_t packed;

	*bad |= _mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) != 0xffff;
	value = _mm_or_si128(_mm_slli_epi16(value, 4), _mm_srli_epi16(value, 8));
	value = _mm_and_si128(value, _mm_set1_epi16(0xff));
	packed = __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(value, value)));
	*ret_a = (uint32_t)(packed >> 32);
	*ret_b = (uint32_t)packed;
#else
	*ret_a = number_hex8(a, bad);
	*ret_b = number_hex8(b, bad);
#endif
}

static inline void number_dec8_pair(uint64_t a, uint64_t b, bool *bad, uint32_t *ret_a, uint32_t *ret_b)
{
#ifdef __SSE2__
	__m128i digits = _mm_set_epi64x((long long)b, (long long)a);
	__m128i nine = _mm_set1_epi8(9);
	__m128i value;
	uint64_t packed;

	*bad |= _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine)) != 0xffff;
	value = _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
	value = _mm_add_epi16(value, _mm_srli_epi16(digits, 8));
	value = _mm_madd_epi16(value, _mm_set1_epi32(1 << 16 | 100));
	value = _mm_madd_epi16(_mm_packs_epi32(value, value), _mm_set1_epi32(1 << 16 | 10000));
	packed = (uint64_t)_mm_cvtsi128_si64(value);
	*ret_a = (uint32_t)packed;
	*ret_b = (uint32_t)(packed >> 32);
#else
	*ret_a = number_dec8(a, bad);
	*ret_b = number_dec8(b, bad);
#endif
}

#endif
