/* SPDX-License-Identifier: MIT */
/* Eight digits at a time: numbers of ordinary records without a loop. */
#ifndef SYMBOLS_SYM_NUMBER_H
#define SYMBOLS_SYM_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * The `len` (1..8) bytes at `text`, the last one in the top byte, '0' before
 * the first: what follows the number must not take part, as digits would borrow
 * from it.  8 bytes can be read.
 */
static inline uint64_t number_load(const char *text, unsigned len)
{
	unsigned unused = 64 - 8 * len;
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return word << unused | (EVERY_BYTE(0x30) >> 1) >> (63 - unused);
}

/* The value of 8 decimal digits; sets *bad if one is something else. */
static inline uint32_t number_dec8(uint64_t digits, bool *bad)
{
	uint64_t low = digits ^ EVERY_BYTE(0x30);

	*bad |= ((low | (low + EVERY_BYTE(6))) & EVERY_BYTE(0xf0)) != 0;
	low = low * 10 + (low >> 8);
	low = (low & UINT64_C(0x00ff00ff00ff00ff)) * 100 + (low >> 16 & UINT64_C(0x00ff00ff00ff00ff));
	return (uint32_t)((low & UINT64_C(0xffff)) * 10000 + (low >> 32 & UINT64_C(0xffff)));
}

/*
 * The value of 8 hexadecimal digits of either case; sets *bad if one is something
 * else.  Bytes below 0x20 would pass for digits: the caller has seen to these.
 */
static inline uint32_t number_hex8(uint64_t digits, bool *bad)
{
	uint64_t lower = digits | EVERY_BYTE(0x20);
	uint64_t letter = lower >> 6 & EVERY_BYTE(1);
	uint64_t low = lower & EVERY_BYTE(0x0f);
	uint64_t value = low + letter * 9;

	/* digits are 3x with x <= 9, letters 6x with 1 <= x <= 6 */
	*bad |= ((lower & EVERY_BYTE(0xf0)) ^ (EVERY_BYTE(0x30) + letter * 0x30)) != 0;
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
	const __m128i nibble = _mm_set1_epi8(0x0f), digit = _mm_set1_epi8('0');
	__m128i lower = _mm_or_si128(_mm_set_epi64x((long long)b, (long long)a), _mm_set1_epi8(0x20));
	__m128i letter = _mm_cmpgt_epi8(lower, _mm_set1_epi8('9')); /* bytes from 0x80 on are negative */
	__m128i low = _mm_and_si128(lower, nibble);
	__m128i value = _mm_add_epi8(low, _mm_and_si128(letter, _mm_set1_epi8(9)));
	/* what the value would be written as must be what was read */
	__m128i written = _mm_add_epi8(_mm_add_epi8(value, digit),
				       _mm_and_si128(letter, _mm_set1_epi8('a' - '0' - 10)));
	__m128i good = _mm_and_si128(_mm_cmpeq_epi8(written, lower),
				     _mm_cmpeq_epi8(_mm_and_si128(value, nibble), value));
	__m128i decimal = _mm_cmpgt_epi8(value, _mm_set1_epi8(9));
	uint64_t packed;

	*bad |= _mm_movemask_epi8(_mm_and_si128(good, _mm_cmpeq_epi8(decimal, letter))) != 0xffff;
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
	__m128i digits = _mm_sub_epi8(_mm_set_epi64x((long long)b, (long long)a), _mm_set1_epi8('0'));
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
