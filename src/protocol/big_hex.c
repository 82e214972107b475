/* SPDX-License-Identifier: MIT */
/* Integers of any size, from decimal text to hexadecimal. */
#include "protocol/big_hex.h"

#include "protocol/json_reader.h"

enum { LIMB_DIGITS = 9, LIMBS_MAX = READER_DIGITS_MAX / LIMB_DIGITS + 1 };

/* Little-endian limbs of 32 bits; the highest is not 0. */
struct big {
	uint32_t limbs[LIMBS_MAX];
	size_t count;
};

/* big = big * factor + more */
static void multiply_add(struct big *big, uint32_t factor, uint32_t more)
{
	uint64_t carry = more;

	for (size_t i = 0; i < big->count; i++) {
		carry += (uint64_t)big->limbs[i] * factor;
		big->limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry)
		big->limbs[big->count++] = (uint32_t)carry;
}

static void add_digits(struct big *big, const char *digits, size_t len)
{
	uint32_t factor = 1, value = 0;

	for (size_t i = 0; i < len; i++) {
		factor *= 10;
		value = value * 10 + (uint32_t)(digits[i] - '0');
	}
	multiply_add(big, factor, value);
}

static void add_limbs(struct buf *buf, const struct big *big)
{
	size_t i = big->count;

	if (i == 0) {
		buf_add_byte(buf, '0');
		return;
	}
	buf_add_hex(buf, big->limbs[--i]);
	while (i-- > 0)
		buf_addf(buf, "%08x", big->limbs[i]);
}

void big_add_hex(struct buf *buf, struct slice decimal)
{
	struct big big;
	bool negative = decimal.len && decimal.data[0] == '-';
	const char *at = decimal.data + negative, *end = decimal.data + decimal.len;

	big.count = 0;
	while (at < end) {
		size_t len = (size_t)(end - at) % LIMB_DIGITS;

		if (len == 0)
			len = LIMB_DIGITS;
		add_digits(&big, at, len);
		at += len;
	}
	buf_add_text(buf, negative ? "-0x" : "0x");
	add_limbs(buf, &big);
}
