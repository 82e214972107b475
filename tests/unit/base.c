/* SPDX-License-Identifier: MIT */
/* src/base: numbers, buffers, arenas, UTF-8, JSON text, files, locks. */
#include "tap.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void numbers_are_strict(void)
{
	uint64_t value = 7;

	CHECK(num_parse_hex(SLICE_LITERAL("FfffFFFFffffffff"), &value) && value == UINT64_MAX);
	CHECK(!num_parse_hex(SLICE_LITERAL("10000000000000000"), &value));
	CHECK(!num_parse_hex(SLICE_LITERAL(""), &value));
	CHECK(!num_parse_hex(SLICE_LITERAL("0x1"), &value));
	CHECK(!num_parse_hex(SLICE_LITERAL("+1"), &value));
	CHECK(num_parse_dec(SLICE_LITERAL("4294967295"), UINT32_MAX, &value) && value == UINT32_MAX);
	CHECK(!num_parse_dec(SLICE_LITERAL("4294967296"), UINT32_MAX, &value));
	CHECK(num_parse_dec(SLICE_LITERAL("18446744073709551615"), UINT64_MAX, &value) && value == UINT64_MAX);
	CHECK(!num_parse_dec(SLICE_LITERAL("18446744073709551616"), UINT64_MAX, &value));
	CHECK(!num_parse_dec(SLICE_LITERAL("-1"), UINT64_MAX, &value));
	CHECK(value == UINT64_MAX);
}

static void buffers_grow(void)
{
	struct buf buf = BUF_INIT;

	buf_add_text(&buf, "a");
	buf_add_hex(&buf, 0xdeadbeefu);
	buf_add_dec(&buf, 0);
	buf_addf(&buf, "-%s-%d", "x", 5);
	CHECK_TEXT(buf_slice(&buf), "adeadbeef0-x-5");
	for (int i = 0; i < 100000; i++)
		buf_add_byte(&buf, 'z');
	CHECK_INT(buf.len, 100014);
	CHECK_INT(strlen(buf_text(&buf)), 100014);
	buf_release(&buf);
}

static void arenas_keep_alignment(void)
{
	struct arena arena = ARENA_INIT;

	for (size_t i = 1; i < 3000; i += 37) {
		struct slice copy = arena_copy(&arena, SLICE_LITERAL("odd"));
		char *memory = arena_alloc(&arena, i);

		CHECK_INT((uintptr_t)memory % 16, 0);
		memset(memory, 1, i);
		CHECK_TEXT(copy, "odd");
	}
	CHECK(arena_alloc(&arena, 1000000) != NULL);
	arena_clear(&arena);
	CHECK(arena_copy(&arena, (struct slice){NULL, 0}).data != NULL);
	arena_release(&arena);
}

static void check_json(const char *bytes, size_t len, enum json_charset charset, const char *want)
{
	struct buf buf = BUF_INIT;

	json_add_string(&buf, slice_make(bytes, len), charset);
	CHECK_TEXT(buf_slice(&buf), want);
	buf_release(&buf);
}

static void json_strings_are_valid(void)
{
	check_json("a\"\\\n\x01/\x7f", 7, JSON_UTF8, "\"a\\\"\\\\\\n\\u0001/\x7f\"");
	check_json("\x7f", 1, JSON_ASCII, "\"\\u007f\"");
	check_json("\0x", 2, JSON_UTF8, "\"_x\"");
	check_json("\xc3\xa9", 2, JSON_UTF8, "\"\xc3\xa9\"");
	check_json("\xc3\xa9\xf0\x9f\x98\x80", 6, JSON_ASCII, "\"\\u00e9\\ud83d\\ude00\"");
	/* maximal subparts: E2 82 is one, the lone 80 another, ED A0 80 three */
	check_json("\xe2\x82" "A\x80", 4, JSON_UTF8, "\"\xef\xbf\xbd" "A\xef\xbf\xbd\"");
	check_json("\xed\xa0\x80", 3, JSON_ASCII, "\"\\ufffd\\ufffd\\ufffd\"");
	check_json("\xf4\x90", 2, JSON_ASCII, "\"\\ufffd\\ufffd\"");
}

static void utf8_prefix(void)
{
	CHECK_INT(utf8_valid_prefix(SLICE_LITERAL("ab\xc3\xa9")), 4);
	CHECK_INT(utf8_valid_prefix(SLICE_LITERAL("ab\xc3")), 2);
	CHECK_INT(utf8_valid_prefix(SLICE_LITERAL("\xc0\x80")), 0);
}

static void files_and_locks(void)
{
	struct err err = ERR_INIT;
	struct buf buf = BUF_INIT;
	char *dir = mem_printf("%s/a/b/c", tap_temp_dir());
	char *path = mem_printf("%s/file", dir);
	int one, two;

	CHECK_INT(file_make_dirs(dir, &err), 0);
	CHECK_INT(file_read(path, 10, &buf, &err), -1);
	CHECK_INT(err.code, ERR_NOT_FOUND);
	one = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	two = open(path, O_RDWR | O_CLOEXEC);
	CHECK_INT(file_write_all(one, "hello", 5, &err), 0);
	CHECK_INT(file_read(path, 4, &buf, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	buf_clear(&buf);
	CHECK_INT(file_read(path, 5, &buf, &err), 0);
	CHECK_TEXT(buf_slice(&buf), "hello");
	CHECK_INT(file_lock(one, 5, 1, FILE_LOCK_EXCLUSIVE, false, &err), 1);
	CHECK_INT(file_lock(two, 5, 1, FILE_LOCK_EXCLUSIVE, false, &err), 0);
	CHECK(file_is_locked(two, 5, 1));
	CHECK(!file_is_locked(two, 6, 1));
	file_unlock(one, 5, 1);
	CHECK(!file_is_locked(two, 5, 1));
	close(one);
	close(two);
	buf_release(&buf);
	free(path);
	free(dir);
}

/* Hashes are stored, so all ways to compute them must agree; these are the library's. */
static void hashes_are_the_same_everywhere(void)
{
	unsigned char bytes[5000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	CHECK(hash_seeded(5, bytes, 1000) == UINT64_C(0xb1575ffaed9e308c));
	CHECK(hash_seeded(5, bytes, 5000) == UINT64_C(0x7ffd25618d2f0118));
}

static const struct tap_case cases[] = {
	{"numbers are strict", numbers_are_strict},
	{"buffers grow", buffers_grow},
	{"arenas keep alignment", arenas_keep_alignment},
	{"JSON strings are valid whatever the bytes", json_strings_are_valid},
	{"the valid prefix of UTF-8", utf8_prefix},
	{"files and locks", files_and_locks},
	{"hashes are the same everywhere", hashes_are_the_same_everywhere},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
