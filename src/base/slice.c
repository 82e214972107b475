/* SPDX-License-Identifier: MIT */
/* Borrowed runs of bytes. */
#include "base/slice.h"

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower((unsigned char)a.data[i]) != lower((unsigned char)b.data[i]))
			return false;
	return true;
}
