/* SPDX-License-Identifier: MIT */
/* How long a request takes to decode and its answer to encode: one JSON line per figure. */
#include "base/clock.h"
#include "protocol/protocol.h"

#include <stdio.h>
#include <stdlib.h>

enum { MODULES = 3, ROUNDS = 9 };

static const struct symbol_frame inlined = {
	.function = {"std::__1::vector<int>::push_back(int&&)", 39},
	.file = {"hg:hg.mozilla.org/mozilla-central:mfbt/Vector.h:4c2a0d4e4a0c0b8f5f0a5b2f8a1e6f3d7", 81},
	.line = 87,
};

static const struct symbol_answer answer = {
	.function_start = 16,
	.outer = {
		.function = {"mozilla::dom::Element::SetAttribute(nsTSubstring<char16_t> const&)", 66},
		.file = {"hg:hg.mozilla.org/mozilla-central:dom/base/Element.cpp:4c2a0d4e4a0c0b8f5f0a", 75},
		.line = 1234,
	},
	.inlines = &inlined,
	.inline_count = 0,
};

static void make_body(struct buf *body, unsigned frames)
{
	buf_add_text(body, "{\"memoryMap\":[");
	for (unsigned i = 0; i < MODULES; i++)
		buf_addf(body, "%s[\"module%u.pdb\",\"44E4EC8C2F41492B9369D6B9A059577C%u\"]",
			 i ? "," : "", i, i);
	buf_add_text(body, "],\"stacks\":[[");
	srand(1);
	for (unsigned i = 0; i < frames; i++)
		buf_addf(body, "%s[%u,%u]", i ? "," : "", (unsigned)rand() % MODULES,
			 (unsigned)rand() % 90000000);
	buf_add_text(body, "]],\"version\":4}");
}

static bool decode(enum protocol_api api, struct slice body, struct arena *arena, struct request *ret_request)
{
	struct protocol_options options = {
		.api = api, .lenient = true, .limits = {10, 10000, 100000, 1000000},
	};
	struct debug_request debug;
	struct err err = ERR_INIT;

	return protocol_decode(&options, body, arena, ret_request, &debug, &err) == PROTOCOL_REQUEST;
}

static void resolve(struct request *request)
{
	for (uint32_t i = 0; i < request->frame_count; i++)
		request->answers[i] = &answer;
	for (uint32_t i = 0; i < request->jobs[0].module_count; i++)
		request->jobs[0].modules[i].state = MODULE_FOUND;
}

static void report(const char *what, unsigned frames, size_t bytes, double us)
{
	printf("{\"bench\":\"protocol\",\"figure\":\"%s\",\"frames\":%u,\"bytes\":%zu,"
	       "\"us\":%.2f,\"ns_per_frame\":%.1f}\n", what, frames, bytes, us, us * 1000 / frames);
}

/* The best of several rounds: what the code costs, not the neighbours. */
static double best_us(double (*round)(enum protocol_api api, struct slice body, unsigned repeats),
		      enum protocol_api api, struct slice body, unsigned repeats)
{
	double best = 1e18;

	for (int i = 0; i < ROUNDS; i++) {
		double us = round(api, body, repeats);

		if (us < best)
			best = us;
	}
	return best;
}

static double decode_round(enum protocol_api api, struct slice body, unsigned repeats)
{
	struct arena arena = ARENA_INIT;
	struct request request;
	uint64_t start = clock_mono_us();

	for (unsigned i = 0; i < repeats; i++) {
		if (!decode(api, body, &arena, &request))
			abort();
		arena_clear(&arena);
	}
	arena_release(&arena);
	return (double)(clock_mono_us() - start) / repeats;
}

static size_t answer_bytes;

static double encode_round(enum protocol_api api, struct slice body, unsigned repeats)
{
	struct arena arena = ARENA_INIT;
	struct request request;
	struct buf buf = BUF_INIT;
	uint64_t start;
	double us;

	if (!decode(api, body, &arena, &request))
		abort();
	resolve(&request);
	protocol_encode(&buf, &request, NULL);
	start = clock_mono_us();
	for (unsigned i = 0; i < repeats; i++) {
		buf_clear(&buf);
		protocol_encode(&buf, &request, NULL);
	}
	us = (double)(clock_mono_us() - start) / repeats;
	answer_bytes = buf.len;
	buf_release(&buf);
	arena_release(&arena);
	return us;
}

int main(void)
{
	static const unsigned sizes[] = {20, 200, 59736};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf body = BUF_INIT;
		unsigned repeats = 2000000 / sizes[i] + 1;
		double us;

		if (repeats > 20000)
			repeats = 20000;
		make_body(&body, sizes[i]);
		us = best_us(decode_round, API_SYMBOLICATE_V5, buf_slice(&body), repeats);
		report("decode", sizes[i], body.len, us);
		us = best_us(encode_round, API_SNAPPY, buf_slice(&body), repeats);
		report("encode_snappy", sizes[i], answer_bytes, us);
		us = best_us(encode_round, API_SYMBOLICATE_V4, buf_slice(&body), repeats);
		report("encode_v4", sizes[i], answer_bytes, us);
		us = best_us(encode_round, API_SYMBOLICATE_V5, buf_slice(&body), repeats);
		report("encode_v5", sizes[i], answer_bytes, us);
		buf_release(&body);
	}
	return 0;
}
