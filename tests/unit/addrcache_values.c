/* SPDX-License-Identifier: MIT */
/* src/addrcache: keys and values, and values that somebody else wrote. */
#include "tap.h"

#include "addrcache/addrcache.h"
#include "addrcache/frame_value.h"

#include <stdlib.h>

static bool frames_equal(const struct symbol_frame *a, const struct symbol_frame *b)
{
	return slice_equal(a->function, b->function) && slice_equal(a->file, b->file) && a->line == b->line &&
	       !a->file.data == !b->file.data;
}

static bool values_equal(const struct frame_value *a, const struct frame_value *b)
{
	if (a->found != b->found || !slice_equal(a->code_file, b->code_file) ||
	    !a->code_file.data != !b->code_file.data ||
	    a->answer.function_start != b->answer.function_start ||
	    a->answer.inline_count != b->answer.inline_count ||
	    !frames_equal(&a->answer.outer, &b->answer.outer))
		return false;
	for (uint32_t i = 0; i < a->answer.inline_count; i++)
		if (!frames_equal(&a->answer.inlines[i], &b->answer.inlines[i]))
			return false;
	return true;
}

static struct frame_value rich_value(void)
{
	static const struct symbol_frame inlines[] = {
		{{"std::move", 9}, {"/usr/include/move.h", 19}, 77},
		{{"inner(int)", 10}, {NULL, 0}, 0},
		{{"", 0}, {"", 0}, UINT32_MAX},
	};

	return (struct frame_value){
		.found = true,
		.answer = {.function_start = UINT64_MAX,
			   .outer = {{"outer()", 7}, {"a.cpp", 5}, 300},
			   .inlines = inlines,
			   .inline_count = 3},
		.code_file = SLICE_LITERAL("xul.dll"),
	};
}

static void check_round_trip(const struct frame_value *value)
{
	struct arena arena = ARENA_INIT;
	struct buf buf = BUF_INIT;
	struct frame_value got;

	frame_value_encode(&buf, value);
	CHECK(frame_value_decode(buf_slice(&buf), &arena, &got) && values_equal(value, &got));
	buf_release(&buf);
	arena_release(&arena);
}

static void values_come_back(void)
{
	struct frame_value rich = rich_value(), plain = rich, none = {.found = false};
	struct symbol_frame many[512] = {0};

	check_round_trip(&rich);
	check_round_trip(&none);
	none.code_file = SLICE_LITERAL("a.dll");
	check_round_trip(&none);
	plain.answer.inline_count = 0;
	plain.code_file = (struct slice){NULL, 0};
	check_round_trip(&plain);
	for (size_t i = 0; i < 512; i++)
		many[i].function = SLICE_LITERAL("recursive template");
	rich.answer.inlines = many;
	rich.answer.inline_count = 512;
	check_round_trip(&rich);
}

/* A copy of exactly these bytes on the heap, so that a sanitizer sees any byte read beyond. */
static bool decodes(const char *data, size_t len, struct frame_value *ret)
{
	struct arena arena = ARENA_INIT;
	char *exact = malloc(len ? len : 1);
	bool ok;

	memcpy(exact, data, len);
	ok = frame_value_decode(slice_make(exact, len), &arena, ret);
	if (ok) { /* what was decoded can be read */
		struct buf buf = BUF_INIT;

		frame_value_encode(&buf, ret);
		ok = buf.len > 0;
		buf_release(&buf);
	}
	free(exact);
	arena_release(&arena);
	return ok;
}

static void cut_values_are_refused(void)
{
	struct frame_value value = rich_value(), got;
	struct buf buf = BUF_INIT;

	frame_value_encode(&buf, &value);
	for (size_t len = 0; len < buf.len; len++)
		CHECK(!decodes(buf.data, len, &got));
	buf_add_byte(&buf, 0);
	CHECK(!decodes(buf.data, buf.len, &got));
	buf_release(&buf);
}

static void changed_bytes_do_no_harm(void)
{
	struct frame_value value = rich_value(), got;
	struct buf buf = BUF_INIT;
	unsigned refused = 0;

	frame_value_encode(&buf, &value);
	for (size_t i = 0; i < buf.len; i++) {
		char was = buf.data[i];

		for (int byte = 0; byte < 256; byte++) {
			buf.data[i] = (char)byte;
			refused += !decodes(buf.data, buf.len, &got);
		}
		buf.data[i] = was;
	}
	tap_note("%u of %zu refused", refused, buf.len * 256);
	CHECK(refused > 0);
	buf_release(&buf);
}

static void limits_of_values(void)
{
	struct symbol_frame many[513] = {0};
	struct frame_value value = {.found = true, .answer = {.inlines = many, .inline_count = 513}}, got;
	struct buf buf = BUF_INIT;

	frame_value_encode(&buf, &value);
	CHECK(!decodes(buf.data, buf.len, &got));
	buf_release(&buf);
	CHECK(!decodes("\x02\x00\x00", 3, &got)); /* another schema version */
	CHECK(!decodes("\x01\x02\x00", 3, &got)); /* neither found nor not */
	CHECK(decodes("\x01\x00\x00", 3, &got) && !got.found);
	/* a length near 2^64, and numbers that do not fit */
	CHECK(!decodes("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, &got));
	CHECK(!decodes("\x01\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00", 17, &got));
	CHECK(decodes("\x01\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x00", 17, &got));
	CHECK(!decodes("\x01\x01\x00\x00\x00\x00\x80\x80\x80\x80\x10\x00", 12, &got)); /* line 2^32 */
}

static void check_key(struct slice module_key, uint64_t generation, bool nearest, uint64_t offset,
		      const char *want)
{
	struct buf buf = BUF_INIT;

	frame_key_add(&buf, module_key, generation, nearest, offset);
	CHECK_TEXT(buf_slice(&buf), want);
	buf_release(&buf);
}

static void keys_tell_everything_apart(void)
{
	check_key(SLICE_LITERAL("xul.pdb/ABC1"), 0, false, 0x1f3a, "sym1e:0:1f3a:xul.pdb/ABC1");
	check_key(SLICE_LITERAL("xul.pdb/ABC1"), 0, true, 0x1f3a, "sym1n:0:1f3a:xul.pdb/ABC1");
	check_key(SLICE_LITERAL("xul.pdb/ABC1"), 0xbeef, false, UINT64_MAX,
		  "sym1e:beef:ffffffffffffffff:xul.pdb/ABC1");
}

static void long_keys_are_hashed(void)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	char module_key[830];

	for (size_t len = 1; len <= sizeof(module_key); len++) {
		memset(module_key, 'm', sizeof(module_key));
		buf_clear(&one);
		buf_clear(&two);
		frame_key_add(&one, slice_make(module_key, len), UINT64_MAX, false, UINT64_MAX);
		module_key[len - 1] = 'x';
		frame_key_add(&two, slice_make(module_key, len), UINT64_MAX, false, UINT64_MAX);
		CHECK(one.len <= ADDRCACHE_KEY_MAX && !slice_equal(buf_slice(&one), buf_slice(&two)));
	}
	CHECK_INT(one.len, ADDRCACHE_KEY_MAX);
	buf_release(&one);
	buf_release(&two);
}

static const struct tap_case cases[] = {
	{"values come back as they were", values_come_back},
	{"cut values are refused", cut_values_are_refused},
	{"changed bytes do no harm", changed_bytes_do_no_harm},
	{"limits of values", limits_of_values},
	{"keys tell everything apart", keys_tell_everything_apart},
	{"long keys are hashed", long_keys_are_hashed},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
