/* SPDX-License-Identifier: MIT */
/* Writes one answer as one line of compact JSON on stdout. */
#include "naive_json.h"

#include <stdio.h>

/* The second byte's bounds after a first byte, the only ones that differ (Unicode, table 3-7). */
static bool second_byte_fits(unsigned char first, unsigned char second)
{
	unsigned char low = 0x80, high = 0xbf;
	if (first == 0xe0)
		low = 0xa0;
	if (first == 0xed)
		high = 0x9f;
	if (first == 0xf0)
		low = 0x90;
	if (first == 0xf4)
		high = 0x8f;
	return second >= low && second <= high;
}

/* How many bytes follow this first byte; -1 where it cannot be a first byte. */
static int bytes_after(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first >= 0xc2 && first <= 0xdf)
		return 1;
	if (first >= 0xe0 && first <= 0xef)
		return 2;
	return first >= 0xf0 && first <= 0xf4 ? 3 : -1;
}

/* The length of the character at the head of `text`, or of the maximal ill-formed part there (R36). */
static size_t character_length(struct slice text, bool *ret_good)
{
	int after = bytes_after(text.at[0]);
	size_t len = 1;
	*ret_good = false;
	if (after < 0)
		return 1;
	while (after > 0 && len < text.len) {
		unsigned char c = text.at[len];
		if (len == 1 ? !second_byte_fits(text.at[0], c) : (c & 0xc0) != 0x80)
			return len;
		len++;
		after--;
	}
	*ret_good = after == 0;
	return len;
}

static void put_ascii(unsigned char c)
{
	static const char SHORT[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	if (c == '\0')
		putchar('_');
	else if (c == '"' || c == '\\')
		printf("\\%c", c);
	else if (c < sizeof SHORT && SHORT[c] != 0)
		printf("\\%c", SHORT[c]);
	else if (c < 0x20)
		printf("\\u%04x", c);
	else
		putchar(c);
}

void naive_put_string(struct slice text)
{
	putchar('"');
	while (text.len > 0) {
		bool good;
		size_t len = character_length(text, &good);
		if (!good)
			fputs("\xef\xbf\xbd", stdout);
		else if (len == 1)
			put_ascii(*text.at);
		else
			fwrite(text.at, 1, len, stdout);
		text = (struct slice){text.at + len, text.len - len};
	}
	putchar('"');
}

static void put_place(const struct naive_frame *frame)
{
	if (frame->file == NULL)
		return;
	fputs(",\"file\":", stdout);
	naive_put_string(*frame->file);
	if (frame->line != 0)
		printf(",\"line\":%u", (unsigned)frame->line);
}

static void put_inlines(const struct naive_answer *answer)
{
	for (size_t i = 0; i < answer->inline_count; i++) {
		fputs(i == 0 ? ",\"inlines\":[" : ",", stdout);
		fputs("{\"function\":", stdout);
		naive_put_string(*answer->inlines[i].function);
		put_place(&answer->inlines[i]);
		putchar('}');
	}
	if (answer->inline_count > 0)
		putchar(']');
}

void naive_put_answer(uint64_t address, const struct naive_answer *answer)
{
	printf("{\"address\":\"0x%llx\"", (unsigned long long)address);
	if (answer->function.function != NULL) {
		fputs(",\"function\":", stdout);
		naive_put_string(*answer->function.function);
		printf(",\"function_offset\":\"0x%llx\"", (unsigned long long)answer->function_offset);
		put_place(&answer->function);
		put_inlines(answer);
	}
	fputs("}\n", stdout);
}
