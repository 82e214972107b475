/* SPDX-License-Identifier: MIT */
/* UTF-8 by the table of well-formed sequences (Unicode 15, table 3-7). */
#include "base/utf8.h"

struct lead {
	unsigned char first, last;          /* lead bytes of this row */
	unsigned char second_min, second_max;
	unsigned char length;
};

static const struct lead leads[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct lead *find_lead(unsigned char c)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_decode(struct slice s, uint32_t *ret_code)
{
	const unsigned char *p = (const unsigned char *)s.data;
	const struct lead *lead;
	uint32_t code;

	if (p[0] < 0x80) {
		*ret_code = p[0];
		return 1;
	}
	*ret_code = UINT32_MAX;
	lead = find_lead(p[0]);
	if (lead == NULL || s.len < 2 || p[1] < lead->second_min || p[1] > lead->second_max)
		return 1;
	code = (p[0] & (0x7fu >> lead->length)) << 6 | (p[1] & 0x3fu);
	for (size_t i = 2; i < lead->length; i++) {
		if (i >= s.len || (p[i] & 0xc0) != 0x80)
			return i;
		code = code << 6 | (p[i] & 0x3fu);
	}
	*ret_code = code;
	return lead->length;
}

size_t utf8_valid_prefix(struct slice s)
{
	size_t at = 0;

	while (at < s.len) {
		uint32_t code;
		size_t len;

		if ((unsigned char)s.data[at] < 0x80) {
			at++;
			continue;
		}
		len = utf8_decode(slice_make(s.data + at, s.len - at), &code);
		if (code == UINT32_MAX)
			break;
		at += len;
	}
	return at;
}

size_t utf8_encode(uint32_t code, char out[static 4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}
