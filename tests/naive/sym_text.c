/* SPDX-License-Identifier: MIT */
/* The naive .sym reader: one pass over the lines, every record kept as it stands. */
#include "sym_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LIMIT = 1 << 20, MAX_LEVEL = 511, DECIMAL_DIGITS = 10, HEX_DIGITS = 16 };

static const struct slice NAME_OMITTED = {(const unsigned char *)"<name omitted>", 14};

/* ---- memory ---- */

static void *grow(void *array, size_t count, size_t item_size)
{
	if (count != 0 && (count < 64 || (count & (count - 1)) != 0))
		return array;
	size_t capacity = count < 64 ? 64 : count * 2;
	void *bigger = realloc(array, capacity * item_size);
	if (bigger == NULL) {
		fputs("naive: out of memory\n", stderr);
		exit(71);
	}
	return bigger;
}

/* Makes room for one more item at the end of `array` and evaluates to a pointer to it. */
#define APPEND(array, count) ((array) = grow((array), (count), sizeof *(array)), &(array)[(count)++])

/* ---- text ---- */

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(unsigned char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool slice_is(struct slice text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

static struct slice skip_blanks(struct slice text)
{
	while (text.len > 0 && is_blank(*text.at)) {
		text.at++;
		text.len--;
	}
	return text;
}

/* R2: what may stand between the last field and the LF without counting. */
static struct slice trim_end(struct slice text)
{
	while (text.len > 0 && (is_blank(text.at[text.len - 1]) || text.at[text.len - 1] == '\r'))
		text.len--;
	return text;
}

/* R3. Takes the next field off `rest`; false when there is none. */
static bool next_field(struct slice *rest, struct slice *ret_field)
{
	struct slice text = skip_blanks(*rest);
	size_t len = 0;
	while (len < text.len && !is_blank(text.at[len]))
		len++;
	*ret_field = (struct slice){text.at, len};
	*rest = (struct slice){text.at + len, text.len - len};
	return len > 0;
}

static size_t count_fields(struct slice rest)
{
	struct slice field;
	size_t count = 0;
	while (next_field(&rest, &field))
		count++;
	return count;
}

/* ---- numbers, R5 ---- */

bool parse_hex(struct slice text, uint64_t *ret_value)
{
	uint64_t value = 0;
	if (text.len < 1 || text.len > HEX_DIGITS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = hex_value(text.at[i]);
		if (digit < 0)
			return false;
		value = value << 4 | (uint64_t)digit;
	}
	*ret_value = value;
	return true;
}

static bool parse_decimal(struct slice text, uint32_t *ret_value)
{
	uint64_t value = 0;
	if (text.len < 1 || text.len > DECIMAL_DIGITS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.at[i]))
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
	}
	if (value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

/* Decision: any number behind a '-' counts as -1, "unknown"; so does -0. */
static bool parse_signed(struct slice text, int64_t *ret_value)
{
	bool negative = text.len > 0 && *text.at == '-';
	if (negative)
		text = (struct slice){text.at + 1, text.len - 1};
	uint32_t value;
	if (!parse_decimal(text, &value))
		return false;
	*ret_value = negative ? -1 : (int64_t)value;
	return true;
}

/* The next_* functions take a field and read it; they say what is wrong with the record, or SKIP_NONE. */

static enum skip_reason next_hex(struct slice *rest, uint64_t *ret_value)
{
	struct slice field;
	if (!next_field(rest, &field))
		return SKIP_TOO_FEW_FIELDS;
	return parse_hex(field, ret_value) ? SKIP_NONE : SKIP_BAD_NUMBER;
}

static enum skip_reason next_decimal(struct slice *rest, uint32_t *ret_value)
{
	struct slice field;
	if (!next_field(rest, &field))
		return SKIP_TOO_FEW_FIELDS;
	return parse_decimal(field, ret_value) ? SKIP_NONE : SKIP_BAD_NUMBER;
}

static enum skip_reason next_signed(struct slice *rest, int64_t *ret_value)
{
	struct slice field;
	if (!next_field(rest, &field))
		return SKIP_TOO_FEW_FIELDS;
	return parse_signed(field, ret_value) ? SKIP_NONE : SKIP_BAD_NUMBER;
}

/* R6: the end may be 2^64 itself, no more. */
static bool range_overflows(uint64_t start, uint64_t size)
{
	return size > 0 && size - 1 > UINT64_MAX - start;
}

/* R10 */
static struct slice name_or_omitted(struct slice rest)
{
	struct slice name = skip_blanks(rest);
	return name.len > 0 ? name : NAME_OMITTED;
}

/* ---- lines of text ---- */

struct reader {
	struct sym_text *sym;
	size_t position;
	bool has_func; /* R11: the last of sym->funcs is current */
	bool too_long; /* R37: the line at hand was cut */
};

/* How long a UTF-8 character its first byte promises; 1 for what starts none. */
static size_t promised_length(unsigned char c)
{
	if (c >= 0xf0 && c <= 0xf4)
		return 4;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xc2 && c <= 0xdf ? 2 : 1;
}

/* Decision for R37: the cut falls at 1 MiB, or before the character that would cross it. */
static size_t cut_length(const unsigned char *at)
{
	for (size_t back = 1; back <= 3; back++) {
		unsigned char c = at[LINE_LIMIT - back];
		if (c >= 0x80 && c <= 0xbf)
			continue;
		return promised_length(c) > back ? LINE_LIMIT - back : LINE_LIMIT;
	}
	return LINE_LIMIT;
}

/* R2, R37. Decision: the limit counts all bytes before the LF, and cutting comes before trimming. */
static bool next_line(struct reader *reader, struct slice *ret_line)
{
	const struct sym_text *sym = reader->sym;
	if (reader->position >= sym->size)
		return false;
	struct slice line = {sym->bytes + reader->position, sym->size - reader->position};
	const unsigned char *end = memchr(line.at, '\n', line.len);
	if (end != NULL)
		line.len = (size_t)(end - line.at);
	reader->position += line.len + 1;
	reader->too_long = line.len > LINE_LIMIT;
	if (reader->too_long)
		line.len = cut_length(line.at);
	*ret_line = trim_end(line);
	return true;
}

/* R2: what stands before the first space, from column 0; only a space, not a tab, ends a key. */
static struct slice split_key(struct slice line, struct slice *ret_rest)
{
	const unsigned char *space = memchr(line.at, ' ', line.len);
	size_t len = space == NULL ? line.len : (size_t)(space - line.at);
	*ret_rest = (struct slice){line.at + len, line.len - len};
	return (struct slice){line.at, len};
}

/* ---- records: each reads what follows its key ---- */

/* R9: `m` is the flag only as a whole field. */
static struct slice skip_multiple_flag(struct slice rest)
{
	struct slice after = rest, field;
	if (next_field(&after, &field) && slice_is(field, "m"))
		return after;
	return rest;
}

static enum skip_reason read_func(struct reader *reader, struct slice rest)
{
	struct sym_text *sym = reader->sym;
	struct sym_func func = {.first_line = sym->line_count, .first_inline = sym->inline_count};
	uint64_t param_size;
	enum skip_reason bad;
	reader->has_func = false;
	rest = skip_multiple_flag(rest);
	if (count_fields(rest) < 3)
		return SKIP_TOO_FEW_FIELDS;
	if ((bad = next_hex(&rest, &func.start)) || (bad = next_hex(&rest, &func.size)) ||
		(bad = next_hex(&rest, &param_size)))
		return bad;
	if (range_overflows(func.start, func.size))
		return SKIP_ADDRESS_OVERFLOW;
	func.name = name_or_omitted(rest);
	*APPEND(sym->funcs, sym->func_count) = func;
	reader->has_func = true;
	return SKIP_NONE;
}

static enum skip_reason read_public(struct reader *reader, struct slice rest)
{
	struct sym_text *sym = reader->sym;
	struct sym_public public;
	uint64_t param_size;
	enum skip_reason bad;
	reader->has_func = false;
	rest = skip_multiple_flag(rest);
	if (count_fields(rest) < 2)
		return SKIP_TOO_FEW_FIELDS;
	if ((bad = next_hex(&rest, &public.address)) || (bad = next_hex(&rest, &param_size)))
		return bad;
	public.name = name_or_omitted(rest);
	if (public.address != 0) /* R17: dropped, not bad */
		*APPEND(sym->publics, sym->public_count) = public;
	return SKIP_NONE;
}

static enum skip_reason read_line(struct reader *reader, struct slice rest)
{
	struct sym_text *sym = reader->sym;
	struct sym_line line;
	enum skip_reason bad;
	if (reader->too_long)
		return SKIP_LINE_TOO_LONG;
	if (!reader->has_func)
		return SKIP_NO_FUNCTION;
	if (count_fields(rest) < 4)
		return SKIP_TOO_FEW_FIELDS;
	if ((bad = next_hex(&rest, &line.start)) || (bad = next_hex(&rest, &line.size)) ||
		(bad = next_signed(&rest, &line.place.line)) || (bad = next_signed(&rest, &line.place.file)))
		return bad;
	if (range_overflows(line.start, line.size))
		return SKIP_ADDRESS_OVERFLOW;
	*APPEND(sym->lines, sym->line_count) = line;
	sym->funcs[sym->func_count - 1].line_count++;
	return SKIP_NONE;
}

/* Reads the (address size)+ of an INLINE; what it appends counts only if every pair is good (R32). */
static enum skip_reason read_inline_ranges(struct sym_text *sym, struct sym_inline range, struct slice rest)
{
	enum skip_reason bad, overflow = SKIP_NONE;
	while (skip_blanks(rest).len > 0) {
		if ((bad = next_hex(&rest, &range.start)) || (bad = next_hex(&rest, &range.size)))
			return bad;
		if (range_overflows(range.start, range.size))
			overflow = SKIP_ADDRESS_OVERFLOW;
		*APPEND(sym->inlines, sym->inline_count) = range;
	}
	return overflow;
}

/* An even number of fields is the new form, an odd one the old (R30), so the pairs of five and more are always whole. */
static enum skip_reason read_inline_record(struct sym_text *sym, struct slice rest)
{
	struct sym_inline range = {.call.file = -1};
	size_t fields = count_fields(rest);
	enum skip_reason bad;
	if (fields < 5)
		return SKIP_TOO_FEW_FIELDS;
	range.old_form = fields % 2 == 1;
	if ((bad = next_decimal(&rest, &range.level)) || (bad = next_signed(&rest, &range.call.line)))
		return bad;
	if (!range.old_form && (bad = next_signed(&rest, &range.call.file)))
		return bad;
	if ((bad = next_decimal(&rest, &range.origin)))
		return bad;
	bad = read_inline_ranges(sym, range, rest);
	if (bad != SKIP_NONE)
		return bad;
	return range.level > MAX_LEVEL ? SKIP_INLINE_LEVEL : SKIP_NONE;
}

static enum skip_reason read_inline(struct reader *reader, struct slice rest)
{
	struct sym_text *sym = reader->sym;
	if (reader->too_long)
		return SKIP_LINE_TOO_LONG;
	if (!reader->has_func)
		return SKIP_NO_FUNCTION;
	size_t before = sym->inline_count;
	enum skip_reason bad = read_inline_record(sym, rest);
	if (bad != SKIP_NONE)
		sym->inline_count = before;
	sym->funcs[sym->func_count - 1].inline_count += sym->inline_count - before;
	return bad;
}

static enum skip_reason read_file(struct reader *reader, struct slice rest)
{
	struct sym_text *sym = reader->sym;
	struct sym_name file = {.order = sym->file_count};
	enum skip_reason bad = next_decimal(&rest, &file.id);
	if (bad != SKIP_NONE)
		return bad;
	file.name = skip_blanks(rest);
	if (file.name.len == 0) /* the id stays free for a later FILE */
		return SKIP_EMPTY_FILE_NAME;
	*APPEND(sym->files, sym->file_count) = file;
	return SKIP_NONE;
}

static bool all_digits(struct slice word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!is_digit(word.at[i]))
			return false;
	return word.len > 0;
}

/* R30. Decision: "digits" is any number of them, never checked as a number. */
static struct slice skip_old_file_id(struct slice rest)
{
	struct slice after = rest, word;
	if (!next_field(&after, &word) || skip_blanks(after).len == 0)
		return rest;
	return all_digits(word) || slice_is(word, "-1") ? after : rest;
}

static enum skip_reason read_origin(struct reader *reader, struct slice rest)
{
	struct sym_text *sym = reader->sym;
	struct sym_name origin = {.order = sym->origin_count};
	enum skip_reason bad = next_decimal(&rest, &origin.id);
	if (bad != SKIP_NONE)
		return bad;
	origin.name = name_or_omitted(skip_old_file_id(rest));
	*APPEND(sym->origins, sym->origin_count) = origin;
	return SKIP_NONE;
}

/* R38. Of INFO only CODE_ID says something; nothing in it is ever bad (R7). */
static enum skip_reason read_info(struct reader *reader, struct slice rest)
{
	struct sym_module *module = &reader->sym->module;
	struct slice word, id;
	if (module->code_id.at != NULL)
		return SKIP_NONE;
	if (!next_field(&rest, &word) || !slice_is(word, "CODE_ID") || !next_field(&rest, &id))
		return SKIP_NONE;
	module->code_id = id;
	struct slice code_file = skip_blanks(rest);
	if (code_file.len > 0)
		module->code_file = code_file;
	return SKIP_NONE;
}

static enum skip_reason read_nothing(struct reader *reader, struct slice rest)
{
	(void)reader;
	(void)rest;
	return SKIP_NONE;
}

struct record_kind {
	const char *key;
	enum skip_reason (*read)(struct reader *reader, struct slice rest);
};

static const struct record_kind RECORD_KINDS[] = {
	{"FUNC", read_func},
	{"INLINE", read_inline},
	{"PUBLIC", read_public},
	{"FILE", read_file},
	{"INLINE_ORIGIN", read_origin},
	{"INFO", read_info},
	{"STACK", read_nothing},
	{"MODULE", read_nothing},
};

/* Decision: a line record, good or bad, is a line with a first field, at column 0, of hexadecimal digits only. */
static bool looks_like_line_record(struct slice line)
{
	size_t len = 0;
	while (len < line.len && hex_value(line.at[len]) >= 0)
		len++;
	return len > 0 && (len == line.len || is_blank(line.at[len]));
}

static enum skip_reason read_record(struct reader *reader, struct slice line)
{
	struct slice rest;
	struct slice key = split_key(line, &rest);
	for (size_t i = 0; i < sizeof RECORD_KINDS / sizeof *RECORD_KINDS; i++)
		if (slice_is(key, RECORD_KINDS[i].key))
			return RECORD_KINDS[i].read(reader, rest);
	if (looks_like_line_record(line))
		return read_line(reader, line);
	return SKIP_UNKNOWN_RECORD;
}

/* ---- the head of the file ---- */

/* Decision: hexid is hexadecimal digits, at least one, among which dashes may stand (R34 compares without them). */
static bool is_hex_id(struct slice id)
{
	size_t digits = 0;
	for (size_t i = 0; i < id.len; i++) {
		if (hex_value(id.at[i]) >= 0)
			digits++;
		else if (id.at[i] != '-')
			return false;
	}
	return digits > 0;
}

/* R33, R35 */
static bool read_module(struct sym_module *module, struct slice line)
{
	struct slice rest;
	if (!slice_is(split_key(line, &rest), "MODULE"))
		return false;
	if (!next_field(&rest, &module->os) || !next_field(&rest, &module->arch) || !next_field(&rest, &module->id))
		return false;
	struct slice name = skip_blanks(rest);
	if (name.len > 0)
		module->name = name;
	return is_hex_id(module->id);
}

static void skip_byte_order_mark(struct reader *reader)
{
	const struct sym_text *sym = reader->sym;
	if (sym->size >= 3 && memcmp(sym->bytes, "\xef\xbb\xbf", 3) == 0)
		reader->position = 3;
}

static int compare_names(const void *left, const void *right)
{
	const struct sym_name *a = left, *b = right;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void sort_names(struct sym_name *names, size_t count)
{
	if (count > 0)
		qsort(names, count, sizeof *names, compare_names);
}

static enum sym_status read_records(struct sym_text *sym)
{
	struct reader reader = {.sym = sym};
	struct slice line = {NULL, 0};
	skip_byte_order_mark(&reader);
	while (next_line(&reader, &line) && line.len == 0)
		continue;
	if (line.len == 0 || !read_module(&sym->module, line))
		return SYM_UNUSABLE;
	while (next_line(&reader, &line))
		if (line.len > 0)
			sym->skipped[read_record(&reader, line)]++;
	sort_names(sym->files, sym->file_count);
	sort_names(sym->origins, sym->origin_count);
	return SYM_OK;
}

/* ---- the file itself ---- */

static bool read_stream(struct sym_text *sym, FILE *stream)
{
	size_t capacity = 1 << 16, got;
	sym->bytes = malloc(capacity);
	while (sym->bytes != NULL && (got = fread(sym->bytes + sym->size, 1, capacity - sym->size, stream)) > 0) {
		sym->size += got;
		if (sym->size < capacity)
			continue;
		capacity *= 2;
		unsigned char *bigger = realloc(sym->bytes, capacity);
		if (bigger == NULL)
			return false;
		sym->bytes = bigger;
	}
	return sym->bytes != NULL && !ferror(stream);
}

enum sym_status sym_text_read(struct sym_text *sym, const char *path)
{
	*sym = (struct sym_text){0};
	FILE *stream = fopen(path, "rb");
	if (stream == NULL)
		return SYM_UNREADABLE;
	bool whole = read_stream(sym, stream);
	int read_errno = errno;
	fclose(stream);
	errno = read_errno;
	return whole ? read_records(sym) : SYM_UNREADABLE;
}

void sym_text_release(struct sym_text *sym)
{
	free(sym->bytes);
	free(sym->funcs);
	free(sym->lines);
	free(sym->inlines);
	free(sym->publics);
	free(sym->files);
	free(sym->origins);
	*sym = (struct sym_text){0};
}

/* ---- asking ---- */

const char *skip_reason_name(enum skip_reason reason)
{
	static const char *const NAMES[SKIP_REASON_COUNT] = {
		[SKIP_NONE] = "none",
		[SKIP_UNKNOWN_RECORD] = "unknown_record",
		[SKIP_TOO_FEW_FIELDS] = "too_few_fields",
		[SKIP_BAD_NUMBER] = "bad_number",
		[SKIP_NO_FUNCTION] = "no_function",
		[SKIP_ADDRESS_OVERFLOW] = "address_overflow",
		[SKIP_INLINE_PAIRS] = "inline_pairs",
		[SKIP_INLINE_LEVEL] = "inline_level",
		[SKIP_LINE_TOO_LONG] = "line_too_long",
		[SKIP_EMPTY_FILE_NAME] = "empty_file_name",
	};
	return NAMES[reason];
}

/* The names are sorted by id and then by place, so the first with the id is the first definition. */
static const struct slice *find_name(const struct sym_name *names, size_t count, uint32_t id)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (names[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && names[low].id == id ? &names[low].name : NULL;
}

const struct slice *sym_file_name(const struct sym_text *sym, int64_t id)
{
	return id < 0 ? NULL : find_name(sym->files, sym->file_count, (uint32_t)id);
}

const struct slice *sym_origin_name(const struct sym_text *sym, uint32_t id)
{
	const struct slice *name = find_name(sym->origins, sym->origin_count, id);
	return name != NULL ? name : &NAME_OMITTED;
}

static size_t strip_dashes(struct slice text, unsigned char *out, size_t room)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len && len < room; i++) {
		unsigned char c = text.at[i];
		if (c != '-')
			out[len++] = c >= 'a' && c <= 'f' ? (unsigned char)(c - 'a' + 'A') : c;
	}
	return len;
}

bool sym_id_equals(struct slice id, const char *other)
{
	struct slice wanted = {(const unsigned char *)other, strlen(other)};
	size_t room = id.len + wanted.len;
	unsigned char *both = malloc(2 * room + 1);
	if (both == NULL)
		return false;
	size_t id_len = strip_dashes(id, both, room);
	size_t wanted_len = strip_dashes(wanted, both + room, room);
	bool equal = id_len == wanted_len && memcmp(both, both + room, id_len) == 0;
	free(both);
	return equal;
}
