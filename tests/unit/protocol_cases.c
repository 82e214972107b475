/* SPDX-License-Identifier: MIT */
/* Runs the text-table cases of tests/cases/protocol; their format is in the README there. */
#include "tap.h"

#include "base/mem.h"
#include "base/num.h"
#include "protocol/protocol.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES_MAX = 64, FILES_MAX = 32 };

/* A case is its lines, in the order of the file. */
struct text_case {
	struct slice name;
	struct { struct slice key, value; } lines[LINES_MAX];
	size_t count;
};

static const char *const api_names[] = {"snappy", "v4", "v5", "DiskCache"};
static const char *const verdict_names[] = {"request", "debug", "invalid", "too-large"};
static const char *const state_names[] = {"unasked", "found", "absent", "unsettled"};
static const char *const action_names[] = {
	"outputCacheHits", "cacheEvict", "cacheAddRaw", "cacheGet", "cacheExists", "unknown",
};

static glob_t files;
static size_t next_file;

/* Splits at the first `separator`; without one, the rest becomes empty. */
static struct slice cut(struct slice *rest, const char *separator)
{
	struct slice head = *rest;
	const char *at = memmem(rest->data, rest->len, separator, strlen(separator));

	if (at == NULL) {
		*rest = slice_make(rest->data + rest->len, 0);
		return head;
	}
	head.len = (size_t)(at - rest->data);
	*rest = slice_make(at + strlen(separator), rest->len - head.len - strlen(separator));
	return head;
}

static int find_name(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(name, names[i]))
			return (int)i;
	fprintf(stderr, "unknown word: %.*s\n", SLICE_PRINT(name));
	abort();
}

#define FIND_NAME(name, names) find_name((name), (names), TAP_COUNT(names))

static uint64_t number_of(struct slice text)
{
	uint64_t value = 0;

	if (!num_parse_dec(text, UINT64_MAX, &value)) {
		fprintf(stderr, "not a number: %.*s\n", SLICE_PRINT(text));
		abort();
	}
	return value;
}

/* \xNN stands for that byte: JSON has no such escape. */
static struct slice unescape_bytes(struct arena *arena, struct slice text)
{
	char *copy = arena_alloc(arena, text.len + 1), *out = copy;
	uint64_t byte;

	for (size_t i = 0; i < text.len; i++) {
		if (i + 3 < text.len && text.data[i] == '\\' && text.data[i + 1] == 'x' &&
		    num_parse_hex(slice_make(text.data + i + 2, 2), &byte)) {
			*out++ = (char)byte;
			i += 3;
		} else {
			*out++ = text.data[i];
		}
	}
	return slice_make(copy, (size_t)(out - copy));
}

static const struct slice *find_line(const struct text_case *text_case, const char *key)
{
	for (size_t i = 0; i < text_case->count; i++)
		if (slice_is(text_case->lines[i].key, key))
			return &text_case->lines[i].value;
	return NULL;
}

static bool has_flag(const struct text_case *text_case, const char *flag)
{
	const struct slice *line = find_line(text_case, "flags");
	struct slice rest = line ? *line : slice_make("", 0);

	while (rest.len)
		if (slice_is(cut(&rest, " "), flag))
			return true;
	return false;
}

static void set_limit(struct protocol_limits *limits, struct slice setting)
{
	struct slice name = cut(&setting, "=");
	uint32_t value = (uint32_t)number_of(setting);

	if (slice_is(name, "jobs"))
		limits->max_jobs = value;
	else if (slice_is(name, "modules"))
		limits->max_modules = value;
	else if (slice_is(name, "stacks"))
		limits->max_stacks = value;
	else if (slice_is(name, "frames"))
		limits->max_frames = value;
}

static struct protocol_options options_of(const struct text_case *text_case)
{
	const struct slice *limits = find_line(text_case, "limits"), *api = find_line(text_case, "api");
	struct protocol_options options = {
		.api = (enum protocol_api)FIND_NAME(*api, api_names),
		.debug_allowed = has_flag(text_case, "debug"),
		.lenient = !has_flag(text_case, "strict"),
		.limits = {10, 1000, 1000, 10000},
	};
	struct slice rest = limits ? *limits : slice_make("", 0);

	while (rest.len)
		set_limit(&options.limits, cut(&rest, " "));
	return options;
}

static struct job_module *module_of(const struct request *request, struct slice place)
{
	uint64_t job = number_of(cut(&place, ".")), module = number_of(place);

	if (job >= request->job_count || module >= request->jobs[job].module_count) {
		fprintf(stderr, "no such module\n");
		abort();
	}
	return &request->jobs[job].modules[module];
}

static struct slice field(struct slice *rest)
{
	struct slice text = cut(rest, " | ");

	return slice_is(text, "-") ? slice_make(NULL, 0) : text;
}

static struct symbol_frame place_field(struct slice *rest)
{
	struct slice function = field(rest), file = field(rest);

	return (struct symbol_frame){
		.function = function, .file = file, .line = (uint32_t)number_of(cut(rest, " | "))};
}

/* "<frame> | <start> | <function> | <file> | <line>" and three more fields per inline. */
static void set_answer(struct arena *arena, struct request *request, struct slice rest)
{
	uint64_t frame = number_of(cut(&rest, " | "));
	struct symbol_answer *answer = arena_calloc(arena, 1, sizeof(*answer));
	struct symbol_frame *inlines = arena_calloc(arena, 16, sizeof(*inlines));

	answer->function_start = number_of(cut(&rest, " | "));
	answer->outer = place_field(&rest);
	while (rest.len)
		inlines[answer->inline_count++] = place_field(&rest);
	answer->inlines = inlines;
	CHECK(frame < request->frame_count);
	request->answers[frame] = answer;
}

/* "<job>.<module> <state> [resolved] [<code file>]" */
static void set_module(const struct request *request, struct slice rest)
{
	struct job_module *module = module_of(request, cut(&rest, " "));

	module->state = (enum module_state)FIND_NAME(cut(&rest, " "), state_names);
	if (slice_starts_with(rest, SLICE_LITERAL("resolved"))) {
		module->resolved_any = true;
		cut(&rest, " ");
	}
	module->code_file = rest;
}

static void default_states(const struct request *request)
{
	for (uint32_t i = 0; i < request->job_count; i++)
		for (uint32_t m = 0; m < request->jobs[i].module_count; m++)
			if (request->jobs[i].modules[m].askable)
				request->jobs[i].modules[m].state = MODULE_ABSENT;
}

static void play_resolver(const struct text_case *text_case, struct arena *arena, struct request *request)
{
	default_states(request);
	if (has_flag(text_case, "hits"))
		request->cache_hits = arena_calloc(arena, request->frame_count, sizeof(bool));
	for (size_t i = 0; i < text_case->count; i++) {
		struct slice value = text_case->lines[i].value;

		if (slice_is(text_case->lines[i].key, "module"))
			set_module(request, value);
		else if (slice_is(text_case->lines[i].key, "answer"))
			set_answer(arena, request, value);
		else if (slice_is(text_case->lines[i].key, "hit"))
			request->cache_hits[number_of(value)] = true;
	}
}

static double seconds_field(struct slice *rest)
{
	struct slice text = cut(rest, " ");

	return slice_is(text, "-") ? -1 : strtod(text.data, NULL);
}

/* "<job>.<module> <download> <failed download> <parse> <save> <bytes> <jobs>" */
static struct module_timing timing_of(const struct request *request, struct slice rest)
{
	struct module_timing timing = {.module = module_of(request, cut(&rest, " "))};

	timing.download_s = seconds_field(&rest);
	timing.download_failed_s = seconds_field(&rest);
	timing.parse_s = seconds_field(&rest);
	timing.save_s = seconds_field(&rest);
	timing.download_bytes = number_of(cut(&rest, " "));
	timing.jobs = (uint32_t)number_of(rest);
	return timing;
}

/* "time: <total> <cache lookup time> <lookups> <hits> <modules>" and "timing:" per module; NULL without. */
static const struct request_timing *timing_lines(const struct text_case *text_case, struct arena *arena,
						 const struct request *request)
{
	const struct slice *line = find_line(text_case, "time");
	struct request_timing *timing = arena_calloc(arena, 1, sizeof(*timing));
	struct module_timing *modules = arena_calloc(arena, LINES_MAX, sizeof(*modules));
	struct slice rest;

	if (line == NULL)
		return NULL;
	rest = *line;
	timing->total_s = seconds_field(&rest);
	timing->cache_lookup_s = seconds_field(&rest);
	timing->cache_lookups = (uint32_t)number_of(cut(&rest, " "));
	timing->cache_hits = (uint32_t)number_of(cut(&rest, " "));
	timing->module_count = (uint32_t)number_of(rest);
	timing->modules = modules;
	for (size_t i = 0; i < text_case->count; i++)
		if (slice_is(text_case->lines[i].key, "timing"))
			modules[timing->timing_count++] = timing_of(request, text_case->lines[i].value);
	return timing;
}

static void add_askable(struct buf *buf, const struct request *request)
{
	for (uint32_t i = 0; i < request->job_count; i++)
		for (uint32_t m = 0; m < request->jobs[i].module_count; m++)
			if (request->jobs[i].modules[m].askable)
				buf_addf(buf, "%s%u.%u", buf->len ? " " : "", i, m);
}

static void check_request(const struct text_case *text_case, struct arena *arena, struct request *request)
{
	const struct slice *askable = find_line(text_case, "askable"),
			   *response = find_line(text_case, "response");
	struct buf buf = BUF_INIT;

	if (askable) {
		add_askable(&buf, request);
		CHECK_SLICE(buf_slice(&buf), *askable);
		buf_clear(&buf);
	}
	play_resolver(text_case, arena, request);
	protocol_encode(&buf, request, timing_lines(text_case, arena, request));
	if (response)
		CHECK_SLICE(buf_slice(&buf), unescape_bytes(arena, *response));
	buf_release(&buf);
}

static void add_debug(struct buf *buf, const struct debug_request *debug)
{
	buf_add_text(buf, action_names[debug->action]);
	if (debug->has_enabled)
		buf_addf(buf, " enabled=%d", debug->enabled);
	if (debug->has_module)
		buf_addf(buf, " module=%.*s/%.*s", SLICE_PRINT(debug->module.debug_file),
			 SLICE_PRINT(debug->module.debug_id));
	if (debug->has_offset && debug->offset_odd)
		buf_add_text(buf, " offset=odd");
	else if (debug->has_offset)
		buf_addf(buf, " offset=%llu", (unsigned long long)debug->offset);
}

static void check_debug(const struct text_case *text_case, const struct debug_request *debug)
{
	const struct slice *want = find_line(text_case, "action");
	struct buf buf = BUF_INIT;

	add_debug(&buf, debug);
	if (want)
		CHECK_SLICE(buf_slice(&buf), *want);
	buf_release(&buf);
}

static void run_case(const struct text_case *text_case)
{
	const struct slice *body = find_line(text_case, "body"), *verdict = find_line(text_case, "verdict");
	const struct slice *text = find_line(text_case, "text");
	struct protocol_options options = options_of(text_case);
	struct arena arena = ARENA_INIT;
	struct request request;
	struct debug_request debug;
	struct err err = ERR_INIT;
	enum protocol_verdict got;
	bool ok;

	got = protocol_decode(&options, unescape_bytes(&arena, *body), &arena, &request, &debug, &err);
	ok = CHECK_TEXT(slice_of(verdict_names[got]),
			verdict_names[verdict ? FIND_NAME(*verdict, verdict_names) : 0]);
	if (text)
		CHECK_SLICE(slice_of(err.msg), *text);
	if (ok && got == PROTOCOL_REQUEST)
		check_request(text_case, &arena, &request);
	if (ok && got == PROTOCOL_DEBUG)
		check_debug(text_case, &debug);
	arena_release(&arena);
}

/* Reads the lines up to the next "== name"; false at the end of the file. */
static bool read_case(struct slice *rest, struct text_case *ret_case)
{
	ret_case->count = 0;
	while (rest->len && !slice_starts_with(*rest, SLICE_LITERAL("== ")))
		cut(rest, "\n");
	if (rest->len == 0)
		return false;
	ret_case->name = cut(rest, "\n");
	while (rest->len && !slice_starts_with(*rest, SLICE_LITERAL("== "))) {
		struct slice line = cut(rest, "\n"), key;

		if (line.len == 0 || line.data[0] == '#')
			continue;
		key = cut(&line, ": ");
		if (key.len && key.data[key.len - 1] == ':')
			key.len--; /* "body:" is an empty one */
		if (ret_case->count == LINES_MAX)
			abort();
		ret_case->lines[ret_case->count].key = key;
		ret_case->lines[ret_case->count++].value = line;
	}
	return true;
}

static struct slice read_whole(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct buf buf = BUF_INIT;
	struct slice text;
	char block[4096];
	size_t len;

	if (file == NULL) {
		perror(path);
		abort();
	}
	while ((len = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(&buf, block, len);
	fclose(file);
	text = arena_copy(arena, buf_slice(&buf));
	buf_release(&buf);
	return text;
}

static void run_next_file(void)
{
	struct arena arena = ARENA_INIT;
	struct slice rest = read_whole(&arena, files.gl_pathv[next_file++]);
	struct text_case text_case;
	unsigned count = 0;

	while (read_case(&rest, &text_case)) {
		tap_note("%.*s", SLICE_PRINT(text_case.name));
		run_case(&text_case);
		count++;
	}
	CHECK(count > 0);
	arena_release(&arena);
}

int main(void)
{
	const char *source = getenv("top_srcdir");
	char *pattern = mem_printf("%s/tests/cases/protocol/*.case", source ? source : ".");
	struct tap_case cases[FILES_MAX];
	size_t count = 0;
	int status;

	if (glob(pattern, 0, NULL, &files) != 0) {
		fprintf(stderr, "no cases: %s\n", pattern);
		return 1;
	}
	for (; count < files.gl_pathc && count < FILES_MAX; count++)
		cases[count] = (struct tap_case){strrchr(files.gl_pathv[count], '/') + 1, run_next_file};
	status = tap_run(cases, count);
	globfree(&files);
	free(pattern);
	return status;
}
