/* SPDX-License-Identifier: MIT */
/* Eliot's v5 responses: an object per frame. */
#include "protocol/encode.h"

enum { FRAME_WORDS = 160 }; /* bytes of member names, quotes and braces, with room to spare */

static size_t place_room(const struct symbol_frame *place)
{
	return FRAME_WORDS + 2 * WRITER_NUMBER_BYTES +
	       WRITER_STRING_BYTES(place->function.len + place->file.len);
}

/* A line without its file says nothing, so it is left out. */
static char *put_place(struct writer *writer, char *at, const struct symbol_frame *place)
{
	if (place->file.len == 0)
		return at;
	at = PUT_LITERAL(at, ",\"file\":\"");
	at = put_escaped(writer, at, place->file);
	at = put_byte(at, '"');
	if (place->line == 0)
		return at;
	at = PUT_LITERAL(at, ",\"line\":");
	return put_dec(at, place->line);
}

static char *put_inline(struct writer *writer, const struct symbol_frame *inlined, bool first)
{
	char *at = writer_reserve(writer, place_room(inlined));

	if (!first)
		at = put_byte(at, ',');
	at = PUT_LITERAL(at, "{\"function\":\"");
	at = put_escaped(writer, at, inlined->function);
	at = put_byte(at, '"');
	at = put_place(writer, at, inlined);
	return put_byte(at, '}');
}

static void put_inlines(struct writer *writer, const struct symbol_answer *answer)
{
	writer->at = PUT_LITERAL(writer->at, ",\"inlines\":[");
	for (uint32_t i = 0; i < answer->inline_count; i++)
		writer->at = put_inline(writer, &answer->inlines[i], i == 0);
	writer->at = put_byte(writer->at, ']');
}

static void put_answer(struct writer *writer, uint64_t offset, const struct symbol_answer *answer)
{
	char *at = writer_reserve(writer, place_room(&answer->outer));

	at = PUT_LITERAL(at, ",\"function\":\"");
	at = put_escaped(writer, at, answer->outer.function);
	at = PUT_LITERAL(at, "\",\"function_offset\":\"");
	at = put_hex(at, offset - answer->function_start);
	at = put_byte(at, '"');
	writer->at = put_place(writer, at, &answer->outer);
	if (answer->inline_count)
		put_inlines(writer, answer);
}

static void put_frame(struct writer *writer, const struct request *request, struct frame_view view,
		      uint32_t number)
{
	struct slice name = encode_module_name(view.module);
	char *at = writer_reserve(writer, FRAME_WORDS + WRITER_NUMBER_BYTES + WRITER_STRING_BYTES(name.len) +
						  encode_offset_room(request, view.frame));

	if (number)
		at = put_byte(at, ',');
	at = PUT_LITERAL(at, "{\"frame\":");
	at = put_dec(at, number);
	at = PUT_LITERAL(at, ",\"module\":\"");
	at = put_escaped(writer, at, name);
	at = PUT_LITERAL(at, "\",\"module_offset\":\"");
	at = encode_offset(writer, at, request, view.frame);
	writer->at = put_byte(at, '"');
	if (view.answer)
		put_answer(writer, view.frame->offset, view.answer);
	writer->at = put_byte(writer->at, '}');
}

/* Text of ours, short, with its own room. */
static void put_text(struct writer *writer, const char *text)
{
	writer->at = put_word(writer_reserve(writer, FRAME_WORDS), text);
}

static void put_stacks(struct writer *writer, const struct request *request, const struct job *job)
{
	uint32_t frame = 0;

	for (uint32_t stack = 0; stack < job->stack_count; stack++) {
		put_text(writer, stack ? ",[" : "[");
		for (uint32_t i = 0; i < job->stack_lengths[stack]; i++) {
			encode_fetch_ahead(request, job, frame);
			put_frame(writer, request, encode_frame_view(request, job, frame++), i);
		}
		put_text(writer, "]");
	}
}

/* "<name>/<id>":true */
static void put_found_module(struct writer *writer, const struct job_module *module)
{
	struct slice file = module->name.debug_file, id = module->name.debug_id;
	char *at = writer_reserve(writer, FRAME_WORDS + WRITER_STRING_BYTES(file.len + id.len));

	at = put_byte(at, '"');
	at = put_escaped(writer, at, file);
	at = put_byte(at, '/');
	at = put_escaped(writer, at, id);
	at = PUT_LITERAL(at, "\":");
	writer->at = put_word(at, encode_module_word(module));
}

/* Equal entries share one member. */
static void put_found_modules(struct writer *writer, const struct job *job)
{
	for (uint32_t i = 0; i < job->module_count; i++) {
		if (job->modules[i].repeated)
			continue;
		if (i)
			put_text(writer, ",");
		put_found_module(writer, &job->modules[i]);
	}
}

static void put_result(struct writer *writer, const struct request *request, const struct job *job)
{
	put_text(writer, "{\"stacks\":[");
	put_stacks(writer, request, job);
	put_text(writer, "],\"found_modules\":{");
	put_found_modules(writer, job);
	put_text(writer, "}}");
}

static void put_timing(struct writer *writer, const struct request_timing *timing)
{
	put_text(writer, ",\"debug\":");
	writer_end(writer);
	encode_timing(writer->buf, timing);
	writer->at = buf_reserve(writer->buf, 1);
}

void encode_eliot_v5(struct writer *writer, const struct request *request,
		     const struct request_timing *timing)
{
	put_text(writer, "{\"results\":[");
	for (uint32_t i = 0; i < request->job_count; i++) {
		if (i)
			put_text(writer, ",");
		put_result(writer, request, &request->jobs[i]);
	}
	put_text(writer, "]");
	if (timing)
		put_timing(writer, timing);
	put_text(writer, "}");
}
