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

/* Lengths less one of the fields read so far, ORed: whether one is not 1..8 is looked at once. */
struct field_lengths {
	size_t all;
};

static inline uint64_t load_field(const char *from, const char *end, struct field_lengths *lengths)
{
	size_t len = (size_t)(end - from);

	lengths->all |= len - 1;
	return number_load(from, len);
}

static inline bool are_loadable(struct field_lengths lengths)
{
	return lengths.all <= 7;
}

/* "address size line file\n": returns the next line, or NULL if it has another form. */
static inline const char *fast_line(struct sym_scan *scan, const char *text)
{
	uint32_t blanks = blanks32(text);
	uint32_t second = blanks & (blanks - 1), third = second & (second - 1), fourth = third & (third - 1);
	struct field_lengths lengths = {0};
	const char *ends[4];
	uint32_t address, size, number, file;
	bool bad = false;

	if (fourth == 0)
		return NULL;
	ends[0] = text + __builtin_ctz(blanks);
	ends[1] = text + __builtin_ctz(second);
	ends[2] = text + __builtin_ctz(third);
	ends[3] = text + __builtin_ctz(fourth);
	bad |= *ends[0] + *ends[1] + *ends[2] != 3 * ' ' || *ends[3] != '\n'; /* none is above ' ' */
	number_hex8_pair(load_field(text, ends[0], &lengths), load_field(ends[0] + 1, ends[1], &lengths),
			 &bad, &address, &size);
	number_dec8_pair(load_field(ends[1] + 1, ends[2], &lengths),
			 load_field(ends[2] + 1, ends[3], &lengths), &bad, &number, &file);
	if (bad || !are_loadable(lengths))
		return NULL;
	*sym_scan_add_line(scan) =
		(struct sym_line){.address = address, .size = size, .file = file, .line = number};
	return ends[3] + 1;
}

/* Goes through the blanks of a line 64 bytes at a time. */
struct blank_cursor {
	const char *text, *end; /* no bytes from `end` on are read */
	uint64_t mask;          /* blanks not passed yet, of the 64 bytes at `text` */
};

/* There is one in the mask. */
static inline const char *take_blank(struct blank_cursor *cursor)
{
	const char *blank = cursor->text + __builtin_ctzll(cursor->mask);

	cursor->mask &= cursor->mask - 1;
	return blank;
}

/* The next blank or control byte; NULL near the end of the text: 8 bytes can be read from each one on. */
static inline const char *next_blank(struct blank_cursor *cursor)
{
	while (cursor->mask == 0) {
		if (cursor->end - cursor->text < 2 * 64 + 8)
			return NULL;
		cursor->text += 64;
		cursor->mask = blanks64(cursor->text);
	}
	return take_blank(cursor);
}

/* Pairs up to the end of the line; returns the next line or NULL. */
static inline const char *fast_ranges(struct sym_scan *scan, struct blank_cursor *cursor, const char *at,
				      uint32_t level)
{
	for (;;) {
		const char *first = next_blank(cursor), *second = first ? next_blank(cursor) : NULL;
		struct field_lengths lengths = {0};
		uint32_t address, size;
		bool bad = false;

		if (second == NULL || *first != ' ')
			return NULL;
		number_hex8_pair(load_field(at, first, &lengths), load_field(first + 1, second, &lengths),
				 &bad, &address, &size);
		if (bad || !are_loadable(lengths))
			return NULL;
		sym_scan_add_range(scan, address, size, level);
		at = second + 1;
		if (*second == '\n')
			return at;
		if (*second != ' ')
			return NULL;
	}
}

/* "level call_line call_file origin ": returns what comes behind, or NULL. */
static inline const char *fast_call(struct blank_cursor *cursor, const char *at, uint32_t *ret_level,
				    struct sym_inline *inlined)
{
	struct field_lengths lengths = {0};
	const char *ends[4];
	uint32_t call_file;
	bool bad = false;

	for (unsigned i = 0; i < 4; i++) {
		if (cursor->mask == 0)
			return NULL;
		ends[i] = take_blank(cursor);
	}
	bad |= *ends[0] + *ends[1] + *ends[2] + *ends[3] != 4 * ' ';
	number_dec8_pair(load_field(at, ends[0], &lengths), load_field(ends[0] + 1, ends[1], &lengths), &bad,
			 ret_level, &inlined->call_line);
	number_dec8_pair(load_field(ends[1] + 1, ends[2], &lengths),
			 load_field(ends[2] + 1, ends[3], &lengths), &bad, &call_file, &inlined->origin);
	inlined->call_file = call_file;
	return bad || !are_loadable(lengths) || *ret_level > SYM_LEVEL_MAX ? NULL : ends[3] + 1;
}

/* "INLINE level call_line call_file origin (address size)+\n". */
static inline const char *fast_inline(struct sym_scan *scan, const char *text, const char *end)
{
	struct blank_cursor cursor = {.text = text, .end = end, .mask = blanks64(text)};
	size_t ranges_before = scan->function.range_count;
	uint64_t written_before = scan->function.ranges_written;
	const char *at = take_blank(&cursor) + 1; /* the one behind the key */
	struct sym_inline inlined;
	uint32_t level;

	at = fast_call(&cursor, at, &level, &inlined);
	if (at == NULL)
		return NULL;
	at = fast_ranges(scan, &cursor, at, level);
	if (at == NULL) {
		sym_scan_drop_ranges(scan, ranges_before, written_before);
		return NULL;
	}
	*sym_scan_add_inline(scan) = inlined;
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
