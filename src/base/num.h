/* SPDX-License-Identifier: MIT */
/* Numbers from outside, parsed strictly and in one place. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/slice.h"

#include <stdint.h>

/* 1..16 hexadecimal digits of either case, nothing else.  *ret_value is written on success only. */
bool num_parse_hex(struct slice text, uint64_t *ret_value);

/* Decimal digits, no sign, nothing else, at most `max`. */
bool num_parse_dec(struct slice text, uint64_t max, uint64_t *ret_value);

/* The value 0..15 of a hexadecimal digit, or -1. */
int num_hex_digit(unsigned char c);

#endif
