/* SPDX-License-Identifier: MIT */
/* Responses whose frames are strings: Snappy's two dialects and Eliot's v4. */
#include "protocol/encode.h"

/*
 * The two families.  Eliot's has PE names, "<unknown>" and compact text, where
 * Snappy's has the name as sent, or none at all, and Python's separators.
 */
enum family { SNAPPY, ELIOT };

enum { SEPARATORS = 64 }; /* room for brackets, separators, and the words around strings */

static char *put_comma(char *at, enum family family)
{
	at[0] = ',';
	at[1] = ' ';
	return at + (family == SNAPPY ? 2 : 1);
}

/* The name behind "in"; absent for a frame without a module in Snappy's dialects. */
static struct slice module_name(enum family family, const struct job_module *module)
{
	if (family == ELIOT)
		return encode_module_name(module);
	return module ? module->name.debug_file : slice_make(NULL, 0);
}

/* "<symbol or offset> (in <module>)" */
static void put_frame(struct writer *writer, enum family family, const struct request *request,
		      struct frame_view view)
{
	struct slice symbol = view.answer ? view.answer->outer.function : slice_make(NULL, 0);
	struct slice name = module_name(family, view.module);
	char *at = writer_reserve(writer, SEPARATORS + WRITER_STRING_BYTES(symbol.len + name.len) +
						  encode_offset_room(request, view.frame));

	at = put_byte(at, '"');
	if (view.answer)
		at = put_escaped(writer, at, symbol);
	else
		at = encode_offset(writer, at, request, view.frame);
	if (family == ELIOT || view.module) {
		at = PUT_LITERAL(at, " (in ");
		at = put_escaped(writer, at, name);
		at = put_byte(at, ')');
	}
	writer->at = put_byte(at, '"');
}

/* The separator in front of an item, and room for what comes behind it. */
static void begin_item(struct writer *writer, enum family family, uint32_t index)
{
	char *at = writer_reserve(writer, SEPARATORS);

	writer->at = index ? put_comma(at, family) : at;
}

static void open_list(struct writer *writer)
{
	writer->at = put_byte(writer_reserve(writer, SEPARATORS), '[');
}

static void close_list(struct writer *writer)
{
	writer->at = put_byte(writer_reserve(writer, SEPARATORS), ']');
}

static void put_stacks(struct writer *writer, enum family family, const struct request *request)
{
	const struct job *job = &request->jobs[0];
	uint32_t frame = 0;

	open_list(writer);
	for (uint32_t stack = 0; stack < job->stack_count; stack++) {
		begin_item(writer, family, stack);
		open_list(writer);
		for (uint32_t i = 0; i < job->stack_lengths[stack]; i++) {
			encode_fetch_ahead(request, job, frame);
			begin_item(writer, family, i);
			put_frame(writer, family, request, encode_frame_view(request, job, frame++));
		}
		close_list(writer);
	}
	close_list(writer);
}

static const char *module_word(enum family family, const struct job_module *module)
{
	if (family == ELIOT)
		return encode_module_word(module);
	return module->resolved_any ? "true" : "false";
}

static void put_known_modules(struct writer *writer, enum family family, const struct job *job)
{
	open_list(writer);
	for (uint32_t i = 0; i < job->module_count; i++) {
		begin_item(writer, family, i);
		writer->at = put_word(writer->at, module_word(family, &job->modules[i]));
	}
	close_list(writer);
}

static void put_hits(struct writer *writer, const bool *hits, uint32_t count)
{
	open_list(writer);
	for (uint32_t i = 0; i < count; i++) {
		begin_item(writer, SNAPPY, i);
		writer->at = put_word(writer->at, hits[i] ? "true" : "false");
	}
	close_list(writer);
}

static void put_cache_hits(struct writer *writer, const struct request *request)
{
	const struct job *job = &request->jobs[0];
	const bool *hits = request->cache_hits + job->first_frame;

	open_list(writer);
	for (uint32_t stack = 0; stack < job->stack_count; stack++) {
		begin_item(writer, SNAPPY, stack);
		put_hits(writer, hits, job->stack_lengths[stack]);
		hits += job->stack_lengths[stack];
	}
	close_list(writer);
}

static void put_text(struct writer *writer, const char *text)
{
	writer->at = put_word(writer_reserve(writer, SEPARATORS), text);
}

void encode_snappy(struct writer *writer, const struct request *request)
{
	if (request->dialect == DIALECT_SNAPPY_V3) {
		put_stacks(writer, SNAPPY, request);
		return;
	}
	put_text(writer, "{\"symbolicatedStacks\": ");
	put_stacks(writer, SNAPPY, request);
	put_text(writer, ", \"knownModules\": ");
	put_known_modules(writer, SNAPPY, &request->jobs[0]);
	if (request->cache_hits) {
		put_text(writer, ", \"cacheHits\": ");
		put_cache_hits(writer, request);
	}
	put_text(writer, "}");
}

void encode_eliot_v4(struct writer *writer, const struct request *request)
{
	put_text(writer, "{\"symbolicatedStacks\":");
	put_stacks(writer, ELIOT, request);
	put_text(writer, ",\"knownModules\":");
	put_known_modules(writer, ELIOT, &request->jobs[0]);
	put_text(writer, "}");
}
