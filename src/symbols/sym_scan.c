/* SPDX-License-Identifier: MIT */
/* The .sym text: lines out of chunks, fields out of lines, records out of fields. */
#include "symbols/sym_scan.h"

#include "base/num.h"
#include "symbols/module.h"
#include "symbols/sym_fast.h"

#include <stdlib.h>

static const struct slice name_omitted = {"<name omitted>", 14};

const char *const sym_skip_names[SKIP_REASONS] = {
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

void sym_scan_init(struct sym_scan *scan, const struct sym_sink *sink, struct slice expected_id,
		   struct table_summary *counts)
{
	*scan = (struct sym_scan){.sink = *sink, .expected_id = expected_id, .counts = counts};
}

void sym_scan_release(struct sym_scan *scan)
{
	buf_release(&scan->carry);
	buf_release(&scan->function.name);
	free(scan->function.lines);
	free(scan->function.inlines);
	free(scan->function.ranges);
	scan->function = (struct sym_function){.address = 0};
}

/* Fields */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts the next field off `rest`; empty when there is none. */
static struct slice next_field(struct slice *rest)
{
	size_t from = 0, to;
	struct slice field;

	while (from < rest->len && is_blank(rest->data[from]))
		from++;
	for (to = from; to < rest->len && !is_blank(rest->data[to]); to++)
		;
	field = slice_make(rest->data + from, to - from);
	*rest = slice_make(rest->data + to, rest->len - to);
	return field;
}

/* What is left, without the blanks before it; those at the end of the line are cut already. */
static struct slice last_field(struct slice rest)
{
	while (rest.len && is_blank(rest.data[0]))
		rest = slice_make(rest.data + 1, rest.len - 1);
	return rest;
}

/* What stands before the first space. */
static struct slice record_key(struct slice line)
{
	const char *space = memchr(line.data, ' ', line.len);

	return slice_make(line.data, space ? (size_t)(space - line.data) : line.len);
}

/* The SKIP_ reasons as results: negative is a good field. */
enum { GOOD = -1 };

static int take_hex(struct slice *rest, uint64_t *ret)
{
	struct slice field = next_field(rest);

	if (field.len == 0)
		return SKIP_TOO_FEW_FIELDS;
	return num_parse_hex(field, ret) ? GOOD : SKIP_BAD_NUMBER;
}

static bool parse_dec(struct slice field, uint64_t *ret)
{
	return field.len <= 10 && num_parse_dec(field, UINT32_MAX, ret);
}

static int take_dec(struct slice *rest, uint32_t *ret)
{
	struct slice field = next_field(rest);
	uint64_t value;

	if (field.len == 0)
		return SKIP_TOO_FEW_FIELDS;
	if (!parse_dec(field, &value))
		return SKIP_BAD_NUMBER;
	*ret = (uint32_t)value;
	return GOOD;
}

/* A number that may be negative: *ret is then `negative`. */
static int take_signed(struct slice *rest, uint64_t negative, uint64_t *ret)
{
	struct slice field = next_field(rest);
	bool minus = field.len > 0 && field.data[0] == '-';

	if (field.len == 0)
		return SKIP_TOO_FEW_FIELDS;
	if (minus)
		field = slice_make(field.data + 1, field.len - 1);
	if (!parse_dec(field, ret))
		return SKIP_BAD_NUMBER;
	if (minus)
		*ret = negative;
	return GOOD;
}

static bool is_hex(struct slice field)
{
	for (size_t i = 0; i < field.len; i++)
		if (num_hex_digit((unsigned char)field.data[i]) < 0)
			return false;
	return field.len > 0;
}

/* How many of `enough` fields there are: a name of many words need not be read through. */
static size_t count_fields(struct slice rest, size_t enough)
{
	size_t count = 0;

	while (count < enough && next_field(&rest).len)
		count++;
	return count;
}

static bool range_overflows(uint64_t address, uint64_t size)
{
	return size > 0 && address > UINT64_MAX - (size - 1);
}

static void skip(struct sym_scan *scan, int reason)
{
	scan->counts->skipped[reason]++;
}

/* Records; each returns GOOD or why it is bad */

/* The flag `m`, a whole first field, says that several symbols share the address. */
static void take_multiple(struct slice *rest)
{
	struct slice after = *rest;

	if (slice_is(next_field(&after), "m"))
		*rest = after;
}

static struct slice symbol_name(struct slice rest)
{
	struct slice name = last_field(rest);

	return name.len ? name : name_omitted;
}

static int end_function(struct sym_scan *scan, struct err *err)
{
	struct sym_function *f = &scan->function;
	int result;

	if (!scan->has_function)
		return 0;
	scan->has_function = false;
	scan->counts->lines += f->line_count;
	scan->counts->inline_ranges += f->ranges_written;
	result = scan->sink.function(scan->sink.ctx, f, err);
	f->line_count = f->inline_count = f->range_count = 0;
	f->ranges_written = 0;
	return result;
}

static int read_func(struct sym_scan *scan, struct slice rest)
{
	struct sym_function *f = &scan->function;
	uint64_t address, size, parameters;
	int reason;

	take_multiple(&rest);
	if (count_fields(rest, 3) < 3)
		return SKIP_TOO_FEW_FIELDS;
	if ((reason = take_hex(&rest, &address)) != GOOD || (reason = take_hex(&rest, &size)) != GOOD ||
	    (reason = take_hex(&rest, &parameters)) != GOOD)
		return reason;
	if (range_overflows(address, size))
		return SKIP_ADDRESS_OVERFLOW;
	f->address = address;
	f->size = size;
	buf_clear(&f->name);
	buf_add_slice(&f->name, symbol_name(rest));
	scan->has_function = true;
	scan->counts->functions++;
	return GOOD;
}

static int read_public(struct sym_scan *scan, struct slice rest)
{
	uint64_t address, parameters;
	int reason;

	take_multiple(&rest);
	if (count_fields(rest, 2) < 2)
		return SKIP_TOO_FEW_FIELDS;
	if ((reason = take_hex(&rest, &address)) != GOOD || (reason = take_hex(&rest, &parameters)) != GOOD)
		return reason;
	scan->counts->publics++;
	scan->sink.public_symbol(scan->sink.ctx, address, symbol_name(rest));
	return GOOD;
}

static int read_file(struct sym_scan *scan, struct slice rest)
{
	uint32_t id;
	int reason = take_dec(&rest, &id);
	struct slice name = last_field(rest);

	if (reason != GOOD)
		return reason;
	if (name.len == 0)
		return SKIP_EMPTY_FILE_NAME;
	scan->counts->files++;
	scan->sink.file(scan->sink.ctx, id, name);
	return GOOD;
}

static bool is_old_file_id(struct slice word)
{
	if (slice_is(word, "-1"))
		return true;
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
	return word.len > 0;
}

static int read_origin(struct sym_scan *scan, struct slice rest)
{
	uint32_t id;
	int reason = take_dec(&rest, &id);
	struct slice after = rest;

	if (reason != GOOD)
		return reason;
	if (is_old_file_id(next_field(&after)) && last_field(after).len > 0)
		rest = after;
	scan->counts->origins++;
	scan->sink.origin(scan->sink.ctx, id, symbol_name(rest));
	return GOOD;
}

static int read_ranges(struct sym_scan *scan, struct slice rest, size_t count, uint32_t level)
{
	bool overflows = false; /* told only where no number is bad */

	for (size_t i = 0; i < count; i++) {
		uint64_t address, size;
		int reason;

		if ((reason = take_hex(&rest, &address)) != GOOD || (reason = take_hex(&rest, &size)) != GOOD)
			return reason;
		overflows |= range_overflows(address, size);
		sym_scan_add_range(scan, address, size, level);
	}
	return overflows ? SKIP_ADDRESS_OVERFLOW : GOOD;
}

static int read_call_site(struct slice *rest, bool old, uint32_t *ret_level, struct sym_inline *inlined)
{
	uint64_t line;
	int reason;

	inlined->call_file = SYM_FILE_AS_PLACE;
	if ((reason = take_dec(rest, ret_level)) != GOOD || (reason = take_signed(rest, 0, &line)) != GOOD ||
	    (!old && (reason = take_signed(rest, SYM_NO_FILE, &inlined->call_file)) != GOOD) ||
	    (reason = take_dec(rest, &inlined->origin)) != GOOD)
		return reason;
	inlined->call_line = inlined->call_file == SYM_NO_FILE ? 0 : (uint32_t)line;
	return GOOD;
}

static int read_inline(struct sym_scan *scan, struct slice rest)
{
	size_t fields = count_fields(rest, SIZE_MAX);
	bool old = fields % 2 == 1; /* the parity is all that tells (rule R30) */
	size_t ranges_before = scan->function.range_count;
	uint64_t written_before = scan->function.ranges_written;
	struct sym_inline inlined;
	uint32_t level;
	int reason;

	if (!scan->has_function)
		return SKIP_NO_FUNCTION;
	if (fields < 5)
		return SKIP_TOO_FEW_FIELDS;
	reason = read_call_site(&rest, old, &level, &inlined);
	if (reason == GOOD)
		reason = read_ranges(scan, rest, (fields - (old ? 3 : 4)) / 2, level);
	if (reason == GOOD && level > SYM_LEVEL_MAX)
		reason = SKIP_INLINE_LEVEL;
	if (reason != GOOD) {
		sym_scan_drop_ranges(scan, ranges_before, written_before);
		return reason;
	}
	*sym_scan_add_inline(scan) = inlined;
	return GOOD;
}

/* A line record is told by its first field: hexadecimal digits, however many. */
static bool is_line_record(struct slice line)
{
	return !is_blank(line.data[0]) && is_hex(next_field(&line));
}

static int read_line(struct sym_scan *scan, struct slice rest)
{
	struct sym_line line;
	uint64_t number;
	int reason;

	if (!scan->has_function)
		return SKIP_NO_FUNCTION;
	if (count_fields(rest, 4) < 4)
		return SKIP_TOO_FEW_FIELDS;
	if ((reason = take_hex(&rest, &line.address)) != GOOD ||
	    (reason = take_hex(&rest, &line.size)) != GOOD ||
	    (reason = take_signed(&rest, 0, &number)) != GOOD ||
	    (reason = take_signed(&rest, SYM_NO_FILE, &line.file)) != GOOD)
		return reason;
	if (range_overflows(line.address, line.size))
		return SKIP_ADDRESS_OVERFLOW;
	line.line = (uint32_t)number;
	*sym_scan_add_line(scan) = line;
	return GOOD;
}

static void read_info(struct sym_scan *scan, struct slice rest)
{
	if (scan->has_code_id || !slice_is(next_field(&rest), "CODE_ID") || next_field(&rest).len == 0)
		return;
	scan->has_code_id = true;
	rest = last_field(rest);
	if (rest.len)
		scan->sink.code_file(scan->sink.ctx, rest);
}

/* MODULE (rules R33, R34) */

/* Dashes may be among the digits, as rule R34 compares ids without them. */
static bool is_hex_id(struct slice id)
{
	size_t digits = 0;

	for (size_t i = 0; i < id.len; i++) {
		if (id.data[i] == '-')
			continue;
		if (num_hex_digit((unsigned char)id.data[i]) < 0)
			return false;
		digits++;
	}
	return digits > 0;
}

static int refuse_text(struct slice line, struct err *err)
{
	if (line.data[0] == '<')
		return err_set(err, ERR_INPUT, "a web page came instead of a symbol file");
	return err_set(err, ERR_INPUT, "not a symbol file: it does not start with a MODULE line");
}

static int read_module(struct sym_scan *scan, struct slice line, struct err *err)
{
	struct slice key = record_key(line);
	struct slice rest = slice_make(line.data + key.len, line.len - key.len);
	struct slice os = next_field(&rest), arch = next_field(&rest), id = next_field(&rest);

	if (!slice_is(key, "MODULE"))
		return refuse_text(line, err);
	if (os.len == 0 || arch.len == 0 || !is_hex_id(id))
		return err_set(err, ERR_INPUT, "the MODULE line has no valid debug id");
	if (scan->expected_id.data && !module_id_equal(id, scan->expected_id))
		return err_set(err, ERR_INPUT, "the symbol file is of debug id %.*s", SLICE_PRINT(id));
	scan->has_module = true;
	return 0;
}

/* Lines */

struct record_kind {
	struct slice key;
	bool ends_function;
	int (*read)(struct sym_scan *scan, struct slice rest);
};

static const struct record_kind record_kinds[] = {
	{{"FUNC", 4}, true, read_func},
	{{"PUBLIC", 6}, true, read_public},
	{{"INLINE", 6}, false, read_inline},
	{{"INLINE_ORIGIN", 13}, false, read_origin},
	{{"FILE", 4}, false, read_file},
};

static bool is_ignored(struct slice key)
{
	return slice_is(key, "STACK") || slice_is(key, "MODULE");
}

/* The bytes that a character with this lead byte takes. */
static size_t character_bytes(unsigned char lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

/* What was kept of a long line, less a character that lost its last bytes (rule R37). */
static struct slice cut_at_character(struct slice line)
{
	for (size_t back = 1; back <= 3 && back < line.len; back++) {
		unsigned char c = (unsigned char)line.data[line.len - back];

		if ((c & 0xc0) == 0x80)
			continue;
		return character_bytes(c) > back ? slice_make(line.data, line.len - back) : line;
	}
	return line;
}

static struct slice trim_end(struct slice line)
{
	while (line.len && (is_blank(line.data[line.len - 1]) || line.data[line.len - 1] == '\r'))
		line.len--;
	return line;
}

static int read_record(struct sym_scan *scan, struct slice line, bool is_long, struct err *err)
{
	struct slice key = record_key(line);
	struct slice rest = slice_make(line.data + key.len, line.len - key.len);
	int reason;

	for (size_t i = 0; i < sizeof(record_kinds) / sizeof(record_kinds[0]); i++) {
		const struct record_kind *kind = &record_kinds[i];

		if (!slice_equal(key, kind->key))
			continue;
		if (kind->ends_function && end_function(scan, err) < 0)
			return -1;
		reason = is_long && kind->read == read_inline ? SKIP_LINE_TOO_LONG : kind->read(scan, rest);
		if (reason != GOOD)
			skip(scan, reason);
		return 0;
	}
	if (slice_is(key, "INFO")) {
		read_info(scan, rest);
	} else if (!is_ignored(key)) {
		reason = !is_line_record(line) ? SKIP_UNKNOWN_RECORD
			 : is_long	       ? SKIP_LINE_TOO_LONG
					       : read_line(scan, line);
		if (reason != GOOD)
			skip(scan, reason);
	}
	return 0;
}

static struct slice skip_bom(struct slice line)
{
	static const struct slice bom = {"\xef\xbb\xbf", 3};

	return slice_starts_with(line, bom) ? slice_make(line.data + bom.len, line.len - bom.len) : line;
}

/* A line without its LF. */
static int take_line(struct sym_scan *scan, const char *data, size_t len, bool is_long, struct err *err)
{
	struct slice line = {data, len};

	if (len > SYM_LINE_MAX) {
		line.len = SYM_LINE_MAX;
		is_long = true;
	}
	if (is_long)
		line = cut_at_character(line);
	line = trim_end(line);
	if (!scan->has_module)
		line = skip_bom(line);
	if (line.len == 0)
		return 0;
	if (!scan->has_module)
		return read_module(scan, line, err);
	return read_record(scan, line, is_long, err);
}

static void carry(struct sym_scan *scan, const char *data, size_t len)
{
	size_t room = SYM_LINE_MAX - scan->carry.len;

	if (len > room)
		scan->carry_is_long = true;
	buf_add(&scan->carry, data, len < room ? len : room);
}

static int take_carried(struct sym_scan *scan, struct err *err)
{
	int result = take_line(scan, scan->carry.data, scan->carry.len, scan->carry_is_long, err);

	buf_clear(&scan->carry);
	scan->carry_is_long = false;
	return result;
}

/* Before the first line is whole: whether it cannot become a MODULE line any more. */
static int check_first_line(const struct sym_scan *scan, struct err *err)
{
	static const struct slice start = {"MODULE ", 7};
	struct slice line = skip_bom(buf_slice(&scan->carry));
	size_t len = line.len < start.len ? line.len : start.len;

	if (len == 0 || memcmp(line.data, start.data, len) == 0 || trim_end(line).len == 0 ||
	    (unsigned char)line.data[0] == 0xef)
		return 0;
	return refuse_text(line, err);
}

int sym_scan_feed(struct sym_scan *scan, const char *data, size_t len, struct err *err)
{
	const char *at = data, *end = data + len;

	while (at < end) {
		const char *lf;

		if (scan->has_function && scan->carry.len == 0)
			at = sym_fast_records(scan, at, end);
		lf = memchr(at, '\n', (size_t)(end - at));
		if (lf == NULL) {
			carry(scan, at, (size_t)(end - at));
			return scan->has_module ? 0 : check_first_line(scan, err);
		}
		if (scan->carry.len)
			carry(scan, at, (size_t)(lf - at));
		if (scan->carry.len ? take_carried(scan, err)
				    : take_line(scan, at, (size_t)(lf - at), false, err))
			return -1;
		at = lf + 1;
	}
	return 0;
}

int sym_scan_finish(struct sym_scan *scan, struct err *err)
{
	if (scan->carry.len && take_carried(scan, err) < 0)
		return -1;
	if (!scan->has_module)
		return err_set(err, ERR_INPUT, "the symbol file is empty");
	return end_function(scan, err);
}
