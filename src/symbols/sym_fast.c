/* SPDX-License-Identifier: MIT */
/* Ordinary line and INLINE records, found by their blanks and read eight digits at a time. */
#include "symbols/sym_fast.h"

#include "symbols/sym_number.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { FIELDS_MAX = 20 };

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
	uint32_t mask = blanks32(text);
	unsigned ends[4];
	struct sym_line line;
	struct sym_line *added;
	bool bad = false;

	if (__builtin_popcount(mask) < 4)
		return NULL;
	for (unsigned i = 0; i < 4; i++, mask &= mask - 1)
		ends[i] = (unsigned)__builtin_ctz(mask);
	bad |= text[ends[0]] != ' ' || text[ends[1]] != ' ' || text[ends[2]] != ' ' || text[ends[3]] != '\n';
	line.address = field_hex(text, 0, ends[0], &bad);
	line.size = field_hex(text, ends[0] + 1, ends[1], &bad);
	line.line = field_dec(text, ends[1] + 1, ends[2], &bad);
	line.file = field_dec(text, ends[2] + 1, ends[3], &bad);
	if (bad)
		return NULL;
	added = sym_scan_add_line(scan);
	*added = line;
	return text + ends[3] + 1;
}

/* Where the fields of a line end whose LF is among its first 64 bytes; 0 fields if it is not. */
static inline unsigned field_ends(const char *text, unsigned ends[static FIELDS_MAX])
{
	uint64_t mask = blanks64(text);
	unsigned count = 0;

	for (; mask && count < FIELDS_MAX; mask &= mask - 1) {
		unsigned at = (unsigned)__builtin_ctzll(mask);

		ends[count++] = at;
		if (text[at] == '\n')
			return count;
		if (text[at] != ' ')
			return 0;
	}
	return 0;
}

/* "INLINE level call_line call_file origin (address size)+\n". */
static const char *fast_inline(struct sym_scan *scan, const char *text)
{
	unsigned ends[FIELDS_MAX];
	unsigned count = field_ends(text, ends);
	uint32_t index = (uint32_t)scan->function.inline_count;
	uint32_t level, call_line, call_file, origin;
	size_t ranges_before = scan->function.range_count;
	bool bad = false;

	if (count < 7 || count % 2 == 0)
		return NULL;
	level = field_dec(text, ends[0] + 1, ends[1], &bad);
	call_line = field_dec(text, ends[1] + 1, ends[2], &bad);
	call_file = field_dec(text, ends[2] + 1, ends[3], &bad);
	origin = field_dec(text, ends[3] + 1, ends[4], &bad);
	for (unsigned i = 5; i < count; i += 2)
		*sym_scan_add_range(scan) = (struct sym_range){
			.address = field_hex(text, ends[i - 1] + 1, ends[i], &bad),
			.size = field_hex(text, ends[i] + 1, ends[i + 1], &bad),
			.inlined = index,
		};
	if (bad || level > SYM_LEVEL_MAX) {
		scan->function.range_count = ranges_before;
		return NULL;
	}
	*sym_scan_add_inline(scan) = (struct sym_inline){
		.call_file = call_file, .call_line = call_line, .origin = origin, .level = (uint16_t)level};
	return text + ends[count - 1] + 1;
}

const char *sym_fast_records(struct sym_scan *scan, const char *at, const char *end)
{
	while (end - at >= SYM_FAST_ROOM) {
		const char *next;

		if (*at == 'I')
			next = memcmp(at, "INLINE ", 7) == 0 ? fast_inline(scan, at) : NULL;
		else
			next = *at != 'F' && *at != 'P' && *at != 'S' ? fast_line(scan, at) : NULL;
		if (next == NULL)
			break;
		at = next;
	}
	return at;
}
