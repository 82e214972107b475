/* SPDX-License-Identifier: MIT */
/* Fuzz target: a request body through the decoders of all APIs, and what is accepted through the encoders. */
#include "tests/fuzz/fuzz.h"

#include "protocol/json_reader.h"
#include "protocol/protocol.h"

#include <stdlib.h>

static const struct symbol_frame inlined = {.function = {"in\"l\xff", 5}, .file = {"/i.h", 4}, .line = 3};
static const struct symbol_answer answer = {
	.outer = {.function = {"outer<\xc3\xa4>()", 11}, .file = {"C:\\a.c", 6}, .line = 9},
	.inlines = &inlined,
	.inline_count = 1,
};

/* Every other frame of a module gets a symbol, and states go round. */
static void resolve(struct request *request)
{
	for (uint32_t i = 0; i < request->frame_count; i++)
		if (request->frames[i].module >= 0 && request->frames[i].odd == 0 && i % 2 == 0)
			request->answers[i] = &answer;
	for (uint32_t i = 0; i < request->job_count; i++)
		for (uint32_t m = 0; m < request->jobs[i].module_count; m++)
			request->jobs[i].modules[m].state = (enum module_state)(m % 4);
}

static void check_json(struct slice text)
{
	struct arena arena = ARENA_INIT;
	struct json_reader reader;

	reader_init(&reader, text, &arena);
	reader_skip(&reader);
	if (!reader_finish(&reader))
		abort();
	arena_release(&arena);
}

static void check_counts(const struct request *request)
{
	uint64_t frames = 0;

	for (uint32_t i = 0; i < request->job_count; i++) {
		const struct job *job = &request->jobs[i];

		for (uint32_t stack = 0; stack < job->stack_count; stack++)
			frames += job->stack_lengths[stack];
		for (uint32_t f = 0; f < job->frame_count; f++)
			if (request->frames[job->first_frame + f].module >= (int32_t)job->module_count)
				abort();
	}
	if (frames != request->frame_count)
		abort();
}

static void encode(struct arena *arena, struct request *request)
{
	struct module_timing module = {.parse_s = -1, .save_s = 0.25, .download_bytes = 7, .jobs = 1};
	struct request_timing timing = {.total_s = 0.5, .cache_lookups = 1, .modules = &module};
	struct buf buf = BUF_INIT;

	resolve(request);
	if (request->dialect == DIALECT_SNAPPY_V4)
		request->cache_hits = arena_calloc(arena, request->frame_count, sizeof(bool));
	if (request->job_count && request->jobs[0].module_count) {
		module.module = &request->jobs[0].modules[0];
		timing.timing_count = 1;
	}
	protocol_encode(&buf, request, &timing);
	check_json(buf_slice(&buf));
	buf_release(&buf);
}

static void run(const struct protocol_options *options, struct slice body)
{
	struct arena arena = ARENA_INIT;
	struct request request;
	struct debug_request debug;
	struct err err = ERR_INIT;
	enum protocol_verdict verdict = protocol_decode(options, body, &arena, &request, &debug, &err);

	if (verdict == PROTOCOL_REQUEST) {
		check_counts(&request);
		encode(&arena, &request);
	} else if (verdict != PROTOCOL_DEBUG) {
		struct buf buf = BUF_INIT;

		protocol_encode_error(&buf, options->api, slice_of(err.msg));
		check_json(buf_slice(&buf));
		buf_release(&buf);
	}
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum protocol_api apis[] = {API_SNAPPY, API_SYMBOLICATE_V4, API_SYMBOLICATE_V5,
					       API_DISK_CACHE};

	for (size_t i = 0; i < 8; i++) {
		struct protocol_options options = {
			.api = apis[i % 4],
			.debug_allowed = i < 4,
			.lenient = i < 4,
			.limits = {10, 8, 20, 50},
		};

		run(&options, slice_make(data, size));
	}
	return 0;
}
