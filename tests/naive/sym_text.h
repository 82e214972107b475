/* SPDX-License-Identifier: MIT */
/* Reads a Breakpad .sym text into plain arrays, rules R1-R11 and R30-R38 of symfile.md. Tests only. */
#ifndef NAIVE_SYM_TEXT_H
#define NAIVE_SYM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes inside the file's text, which outlives every slice. `at` is NULL where there is no such text. */
struct slice {
	const unsigned char *at;
	size_t len;
};

/* One FILE or INLINE_ORIGIN. Sorted by id, then by place in the file, once reading is over. */
struct sym_name {
	uint32_t id;
	size_t order;
	struct slice name;
};

/* A place as written: a negative number in either field becomes -1 (R5, R23, R24). */
struct sym_place {
	int64_t line;
	int64_t file;
};

struct sym_line {
	uint64_t start;
	uint64_t size;
	struct sym_place place;
};

/* One range of an INLINE record; in file order. */
struct sym_inline {
	uint64_t start;
	uint64_t size;
	uint32_t level;
	uint32_t origin;
	struct sym_place call;
	bool old_form; /* the call's file is that of the line record at pc (R30) */
};

/* The lines and inlines of a FUNC follow it in the text, so each FUNC owns one run of either array. */
struct sym_func {
	uint64_t start;
	uint64_t size;
	struct slice name;
	size_t first_line, line_count;
	size_t first_inline, inline_count;
};

struct sym_public {
	uint64_t address;
	struct slice name;
};

struct sym_module {
	struct slice os, arch, id, name;
	struct slice code_id, code_file;
};

enum skip_reason {
	SKIP_NONE,
	SKIP_UNKNOWN_RECORD,
	SKIP_TOO_FEW_FIELDS,
	SKIP_BAD_NUMBER,
	SKIP_NO_FUNCTION,
	SKIP_ADDRESS_OVERFLOW,
	SKIP_INLINE_PAIRS,
	SKIP_INLINE_LEVEL,
	SKIP_LINE_TOO_LONG,
	SKIP_EMPTY_FILE_NAME,
	SKIP_REASON_COUNT
};

/* Everything a file says, in file order except the two name tables. */
struct sym_text {
	unsigned char *bytes;
	size_t size;
	struct sym_module module;
	struct sym_func *funcs;
	size_t func_count;
	struct sym_line *lines;
	size_t line_count;
	struct sym_inline *inlines;
	size_t inline_count;
	struct sym_public *publics;
	size_t public_count;
	struct sym_name *files;
	size_t file_count;
	struct sym_name *origins;
	size_t origin_count;
	size_t skipped[SKIP_REASON_COUNT];
};

enum sym_status {
	SYM_OK,
	SYM_UNUSABLE,  /* R33: no MODULE line at the head */
	SYM_UNREADABLE /* the file could not be read; errno says why */
};

enum sym_status sym_text_read(struct sym_text *sym, const char *path);
void sym_text_release(struct sym_text *sym);

const char *skip_reason_name(enum skip_reason reason);

/* The first definition of `id`, or NULL. */
const struct slice *sym_file_name(const struct sym_text *sym, int64_t id);

/* Never NULL: `<name omitted>` stands for what is not defined (R25). */
const struct slice *sym_origin_name(const struct sym_text *sym, uint32_t id);

/* R34: equal without case and dashes. */
bool sym_id_equals(struct slice id, const char *other);

/* R5, whole slice: 1..16 hexadecimal digits. */
bool parse_hex(struct slice text, uint64_t *ret_value);

#endif
