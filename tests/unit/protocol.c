/* SPDX-License-Identifier: MIT */
/* src/protocol beyond the text tables: hostile sizes, real requests, big integers, the limits of memory. */
#include "tap.h"

#include "base/json_text.h"
#include "base/mem.h"
#include "protocol/big_hex.h"
#include "protocol/json_reader.h"
#include "protocol/protocol.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	MILLION = 1000000,
	MEMORY_SLACK = 256 * 1024, /* chunks of the arena, begun and not full */
};

static enum protocol_verdict decode(enum protocol_api api, struct slice body, struct arena *arena,
				    struct request *ret_request, struct err *err)
{
	struct protocol_options options = {
		.api = api, .lenient = true, .limits = {10, 100000, 100000, 2 * MILLION},
	};
	struct debug_request debug;

	return protocol_decode(&options, body, arena, ret_request, &debug, err);
}

static void add_repeated(struct buf *buf, const char *text, size_t times)
{
	size_t len = strlen(text);
	char *at = buf_reserve(buf, len * times);

	for (size_t i = 0; i < times; i++)
		memcpy(at + i * len, text, len);
	buf->len += len * times;
}

/* Heap in use; always 0 under the sanitizers' allocator, where the bounds hold trivially. */
static size_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* front, `middle` so many times, back: the verdict, and memory of at most `factor` times the body. */
struct hostile {
	const char *front, *middle;
	size_t times;
	const char *back;
	enum protocol_api api;
	enum protocol_verdict verdict;
	unsigned factor;
};

static void check_hostile(const struct hostile *hostile)
{
	struct buf body = BUF_INIT;
	struct arena arena = ARENA_INIT;
	struct request request;
	struct err err = ERR_INIT;
	size_t before, used;

	buf_add_text(&body, hostile->front);
	add_repeated(&body, hostile->middle, hostile->times);
	buf_add_text(&body, hostile->back);
	before = heap_bytes();
	CHECK_INT(decode(hostile->api, buf_slice(&body), &arena, &request, &err), hostile->verdict);
	used = heap_bytes() - before;
	if (!CHECK(used <= hostile->factor * body.len + MEMORY_SLACK))
		tap_note("%s%s...: %zu bytes for a body of %zu", hostile->front, hostile->middle, used,
			 body.len);
	arena_release(&arena);
	buf_release(&body);
}

static void hostile_sizes_end_early(void)
{
	static const struct hostile table[] = {
		{"", "[", MILLION, "", API_SYMBOLICATE_V5, PROTOCOL_INVALID, 0},
		{"{\"x\":", "[", MILLION, "", API_SNAPPY, PROTOCOL_INVALID, 0},
		{"", "{\"a\":", MILLION, "", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"stacks\":", "[", MILLION, "", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 1},
		{"{\"stacks\":[[[", "[1,2],", MILLION, "1]]]}", API_SNAPPY, PROTOCOL_INVALID, 1},
		{"[", "[],", 10 * MILLION, "0]", API_SYMBOLICATE_V5, PROTOCOL_INVALID, 0},
		{"{\"x\":[", "[],", 10 * MILLION, "0]}", API_SNAPPY, PROTOCOL_INVALID, 0},
		{"{\"jobs\":[", "[],", 10 * MILLION, "0]}", API_SYMBOLICATE_V5, PROTOCOL_INVALID, 0},
		{"{\"jobs\":{", "\"\":{},", 5 * MILLION, "\"\":0}}", API_SYMBOLICATE_V5, PROTOCOL_INVALID, 0},
		{"{\"stacks\":[", "[],", 10 * MILLION, "[]]}", API_SNAPPY, PROTOCOL_TOO_LARGE, 1},
		{"{\"stacks\":[[", "[],", 10 * MILLION, "[]]]}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"stacks\":[[", "[0,1],", 3 * MILLION, "[0,1]]]}", API_SYMBOLICATE_V4, PROTOCOL_TOO_LARGE,
		 4},
		{"{\"stacks\":[[", "[0,-1],", 3 * MILLION, "[0,1]]]}", API_SNAPPY, PROTOCOL_TOO_LARGE, 8},
		{"{\"memoryMap\":[", "[],", 10 * MILLION, "[]]}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"memoryMap\":[", "[\"\",\"\"],", 5 * MILLION, "[]]}", API_SNAPPY, PROTOCOL_TOO_LARGE, 1},
		{"{\"memoryMap\":[", "[\"\",\"\"],", 90000, "[\"\",\"\"]],\"stacks\":[[]]}",
		 API_SYMBOLICATE_V4, PROTOCOL_REQUEST, 32},
		{"{\"memoryMap\":[", "[\"\\n\",\"\\n\"],", 90000, "[\"\",\"\"]],\"stacks\":[[]]}",
		 API_SYMBOLICATE_V4, PROTOCOL_REQUEST, 32},
		{"{", "\"stacks\":[[[0,1]]],", MILLION, "\"memoryMap\":[]}", API_SYMBOLICATE_V4,
		 PROTOCOL_INVALID, 1},
		{"{", "\"x\":\"\\n\",", MILLION, "\"y\":0}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"x\":\"", "0123456789", 2 * MILLION, "\"}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"x\":\"", "\\u0041", 3 * MILLION, "\"}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"x\":\"", "\xc3\xa4", 10 * MILLION, "\"}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"x\":\"", "0123456789", 2 * MILLION, "", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"", "\\u0041", 3 * MILLION, "\":0}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 1},
		{"{\"stacks\":[[]],\"memoryMap\":[[\"", "\\u0041", 3 * MILLION, "\",\"\"]]}",
		 API_SYMBOLICATE_V4, PROTOCOL_REQUEST, 1},
		{"{\"x\":", "9", 4300, "}", API_SYMBOLICATE_V4, PROTOCOL_INVALID, 0},
		{"{\"stacks\":[[[0,", "9", 4300, "]]],\"memoryMap\":[[\"\",\"\"]]}", API_SYMBOLICATE_V4,
		 PROTOCOL_REQUEST, 0},
		{"{\"stacks\":[[[0,", "9", 4301, "]]],\"memoryMap\":[[\"\",\"\"]]}", API_SYMBOLICATE_V4,
		 PROTOCOL_INVALID, 0},
		{"{\"version\":4.", "0", 10 * MILLION, ",\"stacks\":[[]],\"memoryMap\":[]}", API_SNAPPY,
		 PROTOCOL_REQUEST, 1},
	};

	for (size_t i = 0; i < TAP_COUNT(table); i++)
		check_hostile(&table[i]);
}

static struct slice nested(struct buf *body, unsigned depth)
{
	buf_clear(body);
	add_repeated(body, "[{\"a\":", depth / 2);
	add_repeated(body, "[", depth % 2);
	add_repeated(body, "]", depth % 2);
	add_repeated(body, depth % 2 ? "}]" : "0}]", depth / 2 ? 1 : 0);
	if (depth / 2 > 1)
		add_repeated(body, "}]", depth / 2 - 1);
	return buf_slice(body);
}

static bool is_json(struct slice text)
{
	struct arena arena = ARENA_INIT;
	struct json_reader reader;
	bool good;

	reader_init(&reader, text, &arena);
	reader_skip(&reader);
	good = reader_finish(&reader);
	arena_release(&arena);
	return good;
}

static void depth_has_a_limit(void)
{
	struct buf body = BUF_INIT;

	CHECK(is_json(nested(&body, 2)));
	CHECK(is_json(nested(&body, 63)));
	CHECK(is_json(nested(&body, 64)));
	CHECK(is_json(nested(&body, 65)));
	CHECK(is_json(nested(&body, READER_DEPTH_MAX)));
	CHECK(!is_json(nested(&body, READER_DEPTH_MAX + 2)));
	buf_release(&body);
}

/* What is read must not depend on where blocks of 16 bytes end. */
static void strings_of_every_length(void)
{
	static const char *const odd[] = {"\\n", "\xc3\xa4", "\\u00e4", "\x7f", "\\ud83d\\ude00"};
	static const char *const plain[] = {"\n", "\xc3\xa4", "\xc3\xa4", "\x7f", "\xf0\x9f\x98\x80"};

	for (size_t kind = 0; kind < TAP_COUNT(odd); kind++) {
		for (size_t at = 0; at < 70; at++) {
			struct arena arena = ARENA_INIT;
			struct buf source = BUF_INIT, want = BUF_INIT;
			struct json_reader reader;
			struct value value;

			buf_add_byte(&source, '"');
			add_repeated(&source, "x", at);
			add_repeated(&want, "x", at);
			buf_add_text(&source, odd[kind]);
			buf_add_text(&want, plain[kind]);
			add_repeated(&source, "y", 70 - at);
			add_repeated(&want, "y", 70 - at);
			buf_add_byte(&source, '"');
			reader_init(&reader, buf_slice(&source), &arena);
			reader_value(&reader, &value);
			CHECK(value.kind == VALUE_STRING && reader_finish(&reader));
			CHECK_SLICE(value.text, buf_slice(&want));
			buf_release(&source);
			buf_release(&want);
			arena_release(&arena);
		}
	}
}

/* Ten jobs of 60,000 frames, and the order of all of them. */
static void ten_large_jobs(void)
{
	struct arena arena = ARENA_INIT;
	struct buf body = BUF_INIT;
	struct request request;
	struct err err = ERR_INIT;
	bool in_order = true;

	buf_add_text(&body, "{\"jobs\":[");
	for (unsigned job = 0; job < 10; job++) {
		buf_addf(&body, "%s{\"stacks\":[[", job ? "," : "");
		for (unsigned i = 0; i < 60000; i++)
			buf_addf(&body, "%s[0,%u]", i ? "," : "", job * 60000 + i);
		buf_addf(&body, "]],\"memoryMap\":[[\"m%u\",\"A\"]]}", job);
	}
	buf_add_text(&body, "]}");
	CHECK_INT(decode(API_SYMBOLICATE_V5, buf_slice(&body), &arena, &request, &err), PROTOCOL_REQUEST);
	CHECK_INT(request.frame_count, 600000);
	for (uint32_t i = 0; i < request.frame_count; i++)
		in_order &= request.frames[i].offset == i && request.frames[i].module == 0;
	CHECK(in_order);
	CHECK_INT(request.jobs[9].first_frame, 540000);
	CHECK_TEXT(request.jobs[9].modules[0].name.debug_file, "m9");
	buf_release(&body);
	arena_release(&arena);
}

/* Ten thousand modules of one frame each, and every name a second time without one. */
static void many_modules(void)
{
	struct arena arena = ARENA_INIT;
	struct buf body = BUF_INIT;
	struct request request;
	struct err err = ERR_INIT;
	bool good = true;

	buf_add_text(&body, "{\"stacks\":[[");
	for (unsigned i = 0; i < 10000; i++)
		buf_addf(&body, "%s[%u,%u]", i ? "," : "", i, i);
	buf_add_text(&body, "]],\"memoryMap\":[");
	for (unsigned i = 0; i < 20000; i++)
		buf_addf(&body, "%s[\"m%u\",\"A%u\"]", i ? "," : "", i % 10000, i % 10000);
	buf_add_text(&body, "]}");
	CHECK_INT(decode(API_SYMBOLICATE_V5, buf_slice(&body), &arena, &request, &err), PROTOCOL_REQUEST);
	for (unsigned i = 0; i < 20000; i++)
		good &= request.jobs[0].modules[i].askable &&
			request.jobs[0].modules[i].repeated == (i >= 10000);
	CHECK(good);
	buf_release(&body);
	arena_release(&arena);
}

static void double_decimal(char *digits, size_t len)
{
	unsigned carry = 0;

	for (size_t i = len; i-- > 0;) {
		unsigned digit = (unsigned)(digits[i] - '0') * 2 + carry;

		digits[i] = (char)('0' + digit % 10);
		carry = digit / 10;
	}
}

static void check_power_of_sixteen(struct slice decimal, unsigned power)
{
	struct buf hex = BUF_INIT, want = BUF_INIT;

	big_add_hex(&hex, decimal);
	buf_add_text(&want, "0x1");
	add_repeated(&want, "0", power);
	CHECK_SLICE(buf_slice(&hex), buf_slice(&want));
	buf_release(&hex);
	buf_release(&want);
}

/* Powers of sixteen, by doubling decimal text, up to the longest integer there may be. */
static void big_integers_to_hex(void)
{
	char digits[READER_DIGITS_MAX];
	struct buf hex = BUF_INIT;
	size_t first = sizeof(digits) - 1;

	memset(digits, '0', sizeof(digits));
	digits[first] = '1';
	for (unsigned power = 0; first > 1; power++) {
		if (power % 97 == 0 || power < 40 || first < 4)
			check_power_of_sixteen(slice_make(digits + first, sizeof(digits) - first), power);
		for (int i = 0; i < 4; i++)
			double_decimal(digits, sizeof(digits));
		for (first = 0; digits[first] == '0';)
			first++;
	}
	big_add_hex(&hex, SLICE_LITERAL("-340282366920938463463374607431768211455"));
	CHECK_TEXT(buf_slice(&hex), "-0xffffffffffffffffffffffffffffffff");
	buf_clear(&hex);
	big_add_hex(&hex, SLICE_LITERAL("0"));
	CHECK_TEXT(buf_slice(&hex), "0x0");
	buf_release(&hex);
}

static bool read_file(const char *path, struct buf *buf)
{
	FILE *file = fopen(path, "rb");
	char block[65536];
	size_t len;

	if (file == NULL)
		return false;
	while ((len = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(buf, block, len);
	fclose(file);
	return true;
}

/* Counts of the Firefox Profiler's posts kept by samply. */
static const struct { const char *name; uint32_t modules, stacks, frames; } real_requests[] = {
	{"linux64-ci-xul.json", 1, 1, 10251},
	{"macos-ci-nonxul-2.json", 17, 17, 1353},
	{"linux64-ci-nonxul.json", 35, 35, 1438},
	{"win64-ci-nonxul.json", 49, 49, 4021},
};

static void check_real_request(const char *folder, size_t number)
{
	char *path = mem_printf("%s/%s", folder, real_requests[number].name);
	struct arena arena = ARENA_INIT;
	struct buf body = BUF_INIT, answer = BUF_INIT;
	struct request request;
	struct err err = ERR_INIT;

	if (CHECK(read_file(path, &body)) &&
	    CHECK_INT(decode(API_SYMBOLICATE_V5, buf_slice(&body), &arena, &request, &err),
		      PROTOCOL_REQUEST)) {
		CHECK_INT(request.jobs[0].module_count, real_requests[number].modules);
		CHECK_INT(request.jobs[0].stack_count, real_requests[number].stacks);
		CHECK_INT(request.frame_count, real_requests[number].frames);
		protocol_encode(&answer, &request, NULL);
		CHECK(is_json(buf_slice(&answer)));
	}
	free(path);
	buf_release(&answer);
	buf_release(&body);
	arena_release(&arena);
}

static void real_requests_are_read(void)
{
	const char *folder = getenv("SYMBOLICATE_REQUESTS");

	if (folder == NULL)
		tap_skip("SYMBOLICATE_REQUESTS names no folder of recorded requests");
	for (size_t i = 0; i < TAP_COUNT(real_requests); i++)
		check_real_request(folder, i);
}

static void errors_are_titles(void)
{
	struct buf buf = BUF_INIT;

	protocol_encode_error(&buf, API_SYMBOLICATE_V5, SLICE_LITERAL("Payload is not valid JSON"));
	CHECK_TEXT(buf_slice(&buf), "{\"title\": \"Payload is not valid JSON\"}");
	buf_clear(&buf);
	protocol_encode_error(&buf, API_SNAPPY, SLICE_LITERAL("a\"\xc3\xa4"));
	CHECK_TEXT(buf_slice(&buf), "{\"title\": \"a\\\"\\u00e4\"}");
	buf_clear(&buf);
	protocol_encode_error(&buf, API_SYMBOLICATE_V4, SLICE_LITERAL("\xc3\xa4"));
	CHECK_TEXT(buf_slice(&buf), "{\"title\": \"\xc3\xa4\"}");
	buf_release(&buf);
}

/* Symbols of every byte and every length around the writer's blocks, against the plain writer of base. */
static void escapes_agree_with_base(void)
{
	struct arena arena = ARENA_INIT;
	struct request request;
	struct err err = ERR_INIT;
	struct symbol_answer answer = {.function_start = 0};
	struct buf got = BUF_INIT, want = BUF_INIT;
	char symbol[40];

	CHECK_INT(decode(API_SYMBOLICATE_V4,
			 SLICE_LITERAL("{\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\",\"1\"]]}"), &arena,
			 &request, &err),
		  PROTOCOL_REQUEST);
	request.answers[0] = &answer;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t len = 1; len <= sizeof(symbol); len++) {
			memset(symbol, 'x', sizeof(symbol));
			symbol[len * 7 % len] = (char)byte;
			symbol[len - 1] = (char)byte;
			answer.outer.function = slice_make(symbol, len);
			buf_clear(&got);
			buf_clear(&want);
			protocol_encode(&got, &request, NULL);
			buf_add_text(&want, "{\"symbolicatedStacks\":[[\"");
			json_add_escaped(&want, answer.outer.function, JSON_UTF8);
			buf_add_text(&want, " (in a)\"]],\"knownModules\":[false]}");
			CHECK_SLICE(buf_slice(&got), buf_slice(&want));
		}
	}
	buf_release(&got);
	buf_release(&want);
	arena_release(&arena);
}

int main(void)
{
	static const struct tap_case cases[] = {
		{"hostile sizes end early, in bounded memory", hostile_sizes_end_early},
		{"depth has a limit", depth_has_a_limit},
		{"strings of every length", strings_of_every_length},
		{"ten jobs of 60,000 frames", ten_large_jobs},
		{"ten thousand modules", many_modules},
		{"big integers to hexadecimal", big_integers_to_hex},
		{"escapes agree with base", escapes_agree_with_base},
		{"errors are titles", errors_are_titles},
		{"real requests are read", real_requests_are_read},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
