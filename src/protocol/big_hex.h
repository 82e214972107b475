/* SPDX-License-Identifier: MIT */
/* Integers of any size, from decimal text to hexadecimal. */
#ifndef PROTOCOL_BIG_HEX_H
#define PROTOCOL_BIG_HEX_H

#include "base/buf.h"

/*
 * Appends Python 3's hex() of a well-formed JSON integer: "-3" -> "-0x3".  At
 * most READER_DIGITS_MAX digits; the time grows with their square (about 30 us
 * for the longest).
 */
void big_add_hex(struct buf *buf, struct slice decimal);

#endif
