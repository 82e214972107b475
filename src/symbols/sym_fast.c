/* SPDX-License-Identifier: MIT */
/* Ordinary line and INLINE records, found by their blanks and read eight digits at a time. */
#include "symbols/sym_fast.h"

#include "symbols/sym_number.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* One bit for each of 16 bytes that is a blank or a control byte. */
static inline uint64_t blanks16(const char *text)
{
#ifdef __SSE2__
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
	__m128i blanks = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(' ')), bytes);

	return (uint64_t)(unsigned)_mm_movemask_epi8(blanks);
#else
	uint64_t mask = 0;

	for (unsigned i = 0; i < 16; i++)
		mask |= (uint64_t)((unsigned char)text[i] <= ' ') << i;
	return mask;
#endif
}

static inline uint32_t blanks32(const char *text)
{
	return (uint32_t)(blanks16(text) | blanks16(text + 16) << 16);
}

static inline uint64_t blanks64(const char *text)
{
	return blanks32(text) | (uint64_t)blanks32(text + 32) << 32;
}

/* The digits of a field of 1..8 bytes. */
static inline uint64_t load_field(const char *from, const char *end, bool *bad)
{
	unsigned len = (unsigned)(end - from);

	*bad |= len - 1 > 7;
	return number_load(from, ((len - 1) & 7) + 1);
}

/* "address size line file\n": returns the next line, or NULL if it has another form. */
static inline const char *fast_line(struct sym_scan *scan, const char *text)
{
	uint32_t blanks = blanks32(text);
	uint32_t second = blanks & (blanks - 1), third = second & (second - 1), fourth = third & (third - 1);
	const char *ends[4];
	struct sym_line *line;
	uint32_t address, size, number, file;
	bool bad = false;

	if (fourth == 0)
		return NULL;
	ends[0] = text + __builtin_ctz(blanks);
	ends[1] = text + __builtin_ctz(second);
	ends[2] = text + __builtin_ctz(third);
	ends[3] = text + __builtin_ctz(fourth);
	bad |= *ends[0] != ' ' || *ends[1] != ' ' || *ends[2] != ' ' || *ends[3] != '\n';
	number_hex8_pair(load_field(text, ends[0], &bad), load_field(ends[0] + 1, ends[1], &bad), &bad,
			 &address, &size);
	number_dec8_pair(load_field(ends[1] + 1, ends[2], &bad), load_field(ends[2] + 1, ends[3], &bad), &bad,
			 &number, &file);
	if (bad)
		return NULL;
	line = sym_scan_add_line(scan);
	*line = (struct sym_line){.address = address, .size = size, .file = file, .line = number};
	return ends[3] + 1;
}

/* Goes through the blanks of a line 64 bytes at a time. */
struct blank_cursor {
	const char *text, *end; /* no bytes from `end` on are read */
	uint64_t mask;          /* blanks not passed yet, of the 64 bytes at `text` */
};

/* The next blank or control byte, or NULL near the end of the text. */
static inline const char *next_blank(struct blank_cursor *cursor)
{
	const char *blank;

	while (cursor->mask == 0) {
		if (cursor->end - cursor->text < 2 * 64)
			return NULL;
		cursor->text += 64;
		cursor->mask = blanks64(cursor->text);
	}
	blank = cursor->text + __builtin_ctzll(cursor->mask);
	cursor->mask &= cursor->mask - 1;
	return cursor->end - blank < 8 ? NULL : blank; /* a number before it is loaded by 8 bytes */
}

/* The end of the field at hand, which a space must follow; NULL if it is another byte. */
static inline const char *field_end(struct blank_cursor *cursor)
{
	const char *blank = next_blank(cursor);

	return blank && *blank == ' ' ? blank : NULL;
}

/* Two decimal fields, both followed by a space; returns what comes behind, or NULL. */
static inline const char *fast_dec_pair(struct blank_cursor *cursor, const char *at, uint32_t *ret_a,
					uint32_t *ret_b)
{
	const char *first = field_end(cursor), *second = first ? field_end(cursor) : NULL;
	bool bad = false;

	if (second == NULL)
		return NULL;
	number_dec8_pair(load_field(at, first, &bad), load_field(first + 1, second, &bad), &bad, ret_a,
			 ret_b);
	return bad ? NULL : second + 1;
}

/* Pairs up to the end of the line; returns the next line or NULL. */
static inline const char *fast_ranges(struct sym_scan *scan, struct blank_cursor *cursor, const char *at)
{
	uint32_t index = (uint32_t)scan->function.inline_count, address, size;
	bool bad = false;

	for (;;) {
		const char *first = field_end(cursor), *second = first ? next_blank(cursor) : NULL;

		if (second == NULL || (*second != ' ' && *second != '\n'))
			return NULL;
		number_hex8_pair(load_field(at, first, &bad), load_field(first + 1, second, &bad), &bad,
				 &address, &size);
		if (bad)
			return NULL;
		*sym_scan_add_range(scan) =
			(struct sym_range){.address = address, .size = size, .inlined = index};
		at = second + 1;
		if (*second == '\n')
			return at;
	}
}

/* "INLINE level call_line call_file origin (address size)+\n". */
static const char *fast_inline(struct sym_scan *scan, const char *text, const char *end)
{
	struct blank_cursor cursor = {.text = text, .end = end, .mask = blanks64(text)};
	size_t ranges_before = scan->function.range_count;
	uint32_t level, call_line, call_file, origin;
	const char *at = field_end(&cursor);

	if (at == NULL || (at = fast_dec_pair(&cursor, at + 1, &level, &call_line)) == NULL ||
	    (at = fast_dec_pair(&cursor, at, &call_file, &origin)) == NULL || level > SYM_LEVEL_MAX)
		return NULL;
	at = fast_ranges(scan, &cursor, at);
	if (at == NULL) {
		scan->function.range_count = ranges_before;
		return NULL;
	}
	*sym_scan_add_inline(scan) = (struct sym_inline){
		.call_file = call_file, .call_line = call_line, .origin = origin, .level = (uint16_t)level};
	return at;
}

const char *sym_fast_records(struct sym_scan *scan, const char *at, const char *end)
{
	while (end - at >= SYM_FAST_ROOM) {
		const char *next;

		if (*at == 'I')
			next = memcmp(at, "INLINE ", 7) == 0 ? fast_inline(scan, at, end) : NULL;
		else
			next = *at != 'F' && *at != 'P' && *at != 'S' ? fast_line(scan, at) : NULL;
		if (next == NULL)
			break;
		at = next;
	}
	return at;
}
