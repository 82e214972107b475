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

/* A field of 1..8 digits from `from` up to `to`. */
static inline uint32_t field_hex(const char *line, unsigned from, unsigned to, bool *bad)
{
	unsigned len = to - from;

	*bad |= len - 1 > 7;
	return number_hex8(number_load(line + from, ((len - 1) & 7) + 1), bad);
}

static inline uint32_t field_dec(const char *line, unsigned from, unsigned to, bool *bad)
{
	unsigned len = to - from;

	*bad |= len - 1 > 7;
	return number_dec8(number_load(line + from, ((len - 1) & 7) + 1), bad);
}

/* "address size line file\n": returns the next line, or NULL if it has another form. */
static inline const char *fast_line(struct sym_scan *scan, const char *text)
{
	uint32_t blanks = blanks32(text);
	uint32_t second = blanks & (blanks - 1), third = second & (second - 1), fourth = third & (third - 1);
	unsigned ends[4];
	struct sym_line line;
	bool bad = false;

	if (fourth == 0)
		return NULL;
	ends[0] = (unsigned)__builtin_ctz(blanks);
	ends[1] = (unsigned)__builtin_ctz(second);
	ends[2] = (unsigned)__builtin_ctz(third);
	ends[3] = (unsigned)__builtin_ctz(fourth);
	bad |= text[ends[0]] != ' ' || text[ends[1]] != ' ' || text[ends[2]] != ' ' || text[ends[3]] != '\n';
	line.address = field_hex(text, 0, ends[0], &bad);
	line.size = field_hex(text, ends[0] + 1, ends[1], &bad);
	line.line = field_dec(text, ends[1] + 1, ends[2], &bad);
	line.file = field_dec(text, ends[2] + 1, ends[3], &bad);
	if (bad)
		return NULL;
	*sym_scan_add_line(scan) = line;
	return text + ends[3] + 1;
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

/* Cuts off the field that begins at *at and is ended by a space. */
static inline struct slice fast_field(struct blank_cursor *cursor, const char **at, bool *bad)
{
	const char *from = *at, *blank = next_blank(cursor);

	if (blank == NULL || *blank != ' ')
		*bad = true;
	else
		*at = blank + 1;
	return slice_make(from, (size_t)(*at - from) - 1);
}

static inline uint32_t fast_dec(struct blank_cursor *cursor, const char **at, bool *bad)
{
	struct slice field = fast_field(cursor, at, bad);

	return *bad ? 0 : field_dec(field.data, 0, (unsigned)field.len, bad);
}

/* Pairs up to the end of the line; returns the next line or NULL. */
static inline const char *fast_ranges(struct sym_scan *scan, struct blank_cursor *cursor, const char *at)
{
	uint32_t index = (uint32_t)scan->function.inline_count;
	bool bad = false;

	for (;;) {
		struct slice address = fast_field(cursor, &at, &bad);
		const char *end = bad ? NULL : next_blank(cursor);

		if (end == NULL || (*end != ' ' && *end != '\n'))
			return NULL;
		*sym_scan_add_range(scan) = (struct sym_range){
			.address = field_hex(address.data, 0, (unsigned)address.len, &bad),
			.size = field_hex(at, 0, (unsigned)(end - at), &bad),
			.inlined = index,
		};
		if (bad)
			return NULL;
		at = end + 1;
		if (*end == '\n')
			return at;
	}
}

/* "INLINE level call_line call_file origin (address size)+\n". */
static const char *fast_inline(struct sym_scan *scan, const char *text, const char *end)
{
	struct blank_cursor cursor = {.text = text, .end = end, .mask = blanks64(text)};
	size_t ranges_before = scan->function.range_count;
	struct sym_inline inlined;
	const char *at = text, *next;
	bool bad = false;
	uint32_t level;

	fast_field(&cursor, &at, &bad);
	level = fast_dec(&cursor, &at, &bad);
	inlined.call_line = fast_dec(&cursor, &at, &bad);
	inlined.call_file = fast_dec(&cursor, &at, &bad);
	inlined.origin = fast_dec(&cursor, &at, &bad);
	if (bad || level > SYM_LEVEL_MAX)
		return NULL;
	inlined.level = (uint16_t)level;
	next = fast_ranges(scan, &cursor, at);
	if (next == NULL)
		scan->function.range_count = ranges_before;
	else
		*sym_scan_add_inline(scan) = inlined;
	return next;
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
