/* SPDX-License-Identifier: MIT */
/* Eight digits at a time: numbers of ordinary records without a loop. */
#ifndef SYMBOLS_SYM_NUMBER_H
#define SYMBOLS_SYM_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

#endif
