/* SPDX-License-Identifier: MIT */
/* Responses whose frames are strings: Snappy's two dialects and Eliot's v4. */
#include "protocol/encode.h"

/* How the two families differ. */
struct style {
	struct slice comma;
	bool eliot; /* PE names and "<unknown>", where Snappy has the name as sent or none at all */
};

static const struct style snappy_style = {.comma = {", ", 2}, .eliot = false};
static const struct style eliot_style = {.comma = {",", 1}, .eliot = true};

static void put_comma(struct writer *writer, const struct style *style)
{
	put_bytes(writer, style->comma.data, style->comma.len);
}

/* The name behind "in", or an absent one. */
static struct slice module_name(const struct style *style, const struct job_module *module)
{
	if (style->eliot)
		return encode_module_name(module);
	return module ? module->name.debug_file : slice_make(NULL, 0);
}

/* "<symbol or offset> (in <module>)" */
static void put_frame(struct writer *writer, const struct style *style, const struct request *request,
		      struct frame_view view)
{
	struct slice symbol = view.answer ? view.answer->outer.function : slice_make(NULL, 0);
	struct slice name = module_name(style, view.module);

	writer_reserve(writer, 32 + WRITER_STRING_BYTES(symbol.len + name.len) +
				       encode_offset_room(request, view.frame));
	put_byte(writer, '"');
	if (view.answer)
		put_escaped(writer, symbol);
	else
		encode_offset(writer, request, view.frame);
	if (style->eliot || view.module) {
		PUT_LITERAL(writer, " (in ");
		put_escaped(writer, name);
		put_byte(writer, ')');
	}
	put_byte(writer, '"');
}

static void put_stacks(struct writer *writer, const struct style *style, const struct request *request)
{
	const struct job *job = &request->jobs[0];
	uint32_t frame = 0;

	put_byte(writer, '[');
	for (uint32_t stack = 0; stack < job->stack_count; stack++) {
		writer_reserve(writer, 32);
		if (stack)
			put_comma(writer, style);
		put_byte(writer, '[');
		for (uint32_t i = 0; i < job->stack_lengths[stack]; i++) {
			if (i)
				put_comma(writer, style);
			put_frame(writer, style, request, encode_frame_view(request, job, frame++));
		}
		put_byte(writer, ']');
	}
	put_byte(writer, ']');
}

static void put_word(struct writer *writer, const char *word)
{
	put_bytes(writer, word, strlen(word));
}

static void put_known_modules(struct writer *writer, const struct style *style, const struct job *job)
{
	put_byte(writer, '[');
	for (uint32_t i = 0; i < job->module_count; i++) {
		const struct job_module *module = &job->modules[i];

		writer_reserve(writer, 32);
		if (i)
			put_comma(writer, style);
		if (style->eliot)
			put_word(writer, encode_module_word(module));
		else
			put_word(writer, module->resolved_any ? "true" : "false");
	}
	put_byte(writer, ']');
}

static void put_hits(struct writer *writer, const bool *hits, uint32_t count)
{
	put_byte(writer, '[');
	for (uint32_t i = 0; i < count; i++) {
		writer_reserve(writer, 32);
		if (i)
			put_comma(writer, &snappy_style);
		put_word(writer, hits[i] ? "true" : "false");
	}
	put_byte(writer, ']');
}

static void put_cache_hits(struct writer *writer, const struct request *request)
{
	const struct job *job = &request->jobs[0];
	const bool *hits = request->cache_hits + job->first_frame;

	put_byte(writer, '[');
	for (uint32_t stack = 0; stack < job->stack_count; stack++) {
		writer_reserve(writer, 32);
		if (stack)
			put_comma(writer, &snappy_style);
		put_hits(writer, hits, job->stack_lengths[stack]);
		hits += job->stack_lengths[stack];
	}
	put_byte(writer, ']');
}

void encode_snappy(struct writer *writer, const struct request *request)
{
	writer_reserve(writer, 64);
	if (request->dialect == DIALECT_SNAPPY_V3) {
		put_stacks(writer, &snappy_style, request);
		return;
	}
	PUT_LITERAL(writer, "{\"symbolicatedStacks\": ");
	put_stacks(writer, &snappy_style, request);
	writer_reserve(writer, 64);
	PUT_LITERAL(writer, ", \"knownModules\": ");
	put_known_modules(writer, &snappy_style, &request->jobs[0]);
	writer_reserve(writer, 64);
	if (request->cache_hits) {
		PUT_LITERAL(writer, ", \"cacheHits\": ");
		put_cache_hits(writer, request);
		writer_reserve(writer, 1);
	}
	put_byte(writer, '}');
}

void encode_eliot_v4(struct writer *writer, const struct request *request)
{
	writer_reserve(writer, 64);
	PUT_LITERAL(writer, "{\"symbolicatedStacks\":");
	put_stacks(writer, &eliot_style, request);
	writer_reserve(writer, 64);
	PUT_LITERAL(writer, ",\"knownModules\":");
	put_known_modules(writer, &eliot_style, &request->jobs[0]);
	writer_reserve(writer, 1);
	put_byte(writer, '}');
}
