/* SPDX-License-Identifier: MIT */
/* Eliot's v5 responses: an object per frame. */
#include "protocol/encode.h"

enum { FRAME_WORDS = 160 }; /* bytes of member names, quotes and braces, with room to spare */

static size_t place_room(const struct symbol_frame *place)
{
	return FRAME_WORDS + WRITER_NUMBER_BYTES + WRITER_STRING_BYTES(place->function.len + place->file.len);
}

/* A line without its file says nothing, so it is left out. */
static void put_place(struct writer *writer, const struct symbol_frame *place)
{
	if (place->file.len == 0)
		return;
	PUT_LITERAL(writer, ",\"file\":\"");
	put_escaped(writer, place->file);
	put_byte(writer, '"');
	if (place->line) {
		PUT_LITERAL(writer, ",\"line\":");
		put_dec(writer, place->line);
	}
}

static void put_inlines(struct writer *writer, const struct symbol_answer *answer)
{
	PUT_LITERAL(writer, ",\"inlines\":[");
	for (uint32_t i = 0; i < answer->inline_count; i++) {
		const struct symbol_frame *inlined = &answer->inlines[i];

		writer_reserve(writer, place_room(inlined));
		if (i)
			put_byte(writer, ',');
		PUT_LITERAL(writer, "{\"function\":\"");
		put_escaped(writer, inlined->function);
		put_byte(writer, '"');
		put_place(writer, inlined);
		put_byte(writer, '}');
	}
	put_byte(writer, ']');
}

static void put_answer(struct writer *writer, uint64_t offset, const struct symbol_answer *answer)
{
	writer_reserve(writer, place_room(&answer->outer) + WRITER_NUMBER_BYTES);
	PUT_LITERAL(writer, ",\"function\":\"");
	put_escaped(writer, answer->outer.function);
	PUT_LITERAL(writer, "\",\"function_offset\":\"");
	put_hex(writer, offset - answer->function_start);
	put_byte(writer, '"');
	put_place(writer, &answer->outer);
	if (answer->inline_count)
		put_inlines(writer, answer);
}

static void put_frame(struct writer *writer, const struct request *request, struct frame_view view, uint32_t number)
{
	struct slice name = encode_module_name(view.module);

	writer_reserve(writer, FRAME_WORDS + WRITER_NUMBER_BYTES + WRITER_STRING_BYTES(name.len) +
				       encode_offset_room(request, view.frame));
	PUT_LITERAL(writer, "{\"frame\":");
	put_dec(writer, number);
	PUT_LITERAL(writer, ",\"module\":\"");
	put_escaped(writer, name);
	PUT_LITERAL(writer, "\",\"module_offset\":\"");
	encode_offset(writer, request, view.frame);
	put_byte(writer, '"');
	if (view.answer)
		put_answer(writer, view.frame->offset, view.answer);
	put_byte(writer, '}');
}

static void put_stacks(struct writer *writer, const struct request *request, const struct job *job)
{
	uint32_t frame = 0;

	for (uint32_t stack = 0; stack < job->stack_count; stack++) {
		writer_reserve(writer, 32);
		if (stack)
			put_byte(writer, ',');
		put_byte(writer, '[');
		for (uint32_t i = 0; i < job->stack_lengths[stack]; i++) {
			if (i)
				put_byte(writer, ',');
			put_frame(writer, request, encode_frame_view(request, job, frame++), i);
		}
		put_byte(writer, ']');
	}
}

/* "<name>/<id>": true, false or null; equal entries share one member. */
static void put_found_modules(struct writer *writer, const struct job *job)
{
	const char *comma = "";

	for (uint32_t i = 0; i < job->module_count; i++) {
		const struct job_module *module = &job->modules[i];
		const char *word = encode_module_word(module);

		if (module->repeated)
			continue;
		writer_reserve(writer, 32 + WRITER_STRING_BYTES(module->name.debug_file.len + module->name.debug_id.len));
		put_bytes(writer, comma, strlen(comma));
		put_byte(writer, '"');
		put_escaped(writer, module->name.debug_file);
		put_byte(writer, '/');
		put_escaped(writer, module->name.debug_id);
		PUT_LITERAL(writer, "\":");
		put_bytes(writer, word, strlen(word));
		comma = ",";
	}
}

static void put_result(struct writer *writer, const struct request *request, const struct job *job)
{
	writer_reserve(writer, 64);
	PUT_LITERAL(writer, "{\"stacks\":[");
	put_stacks(writer, request, job);
	writer_reserve(writer, 64);
	PUT_LITERAL(writer, "],\"found_modules\":{");
	put_found_modules(writer, job);
	writer_reserve(writer, 64);
	PUT_LITERAL(writer, "}}");
}

static void put_timing(struct writer *writer, const struct request_timing *timing)
{
	PUT_LITERAL(writer, ",\"debug\":");
	writer_end(writer);
	encode_timing(writer->buf, timing);
	writer->at = buf_reserve(writer->buf, 1);
}

void encode_eliot_v5(struct writer *writer, const struct request *request, const struct request_timing *timing)
{
	writer_reserve(writer, 64);
	PUT_LITERAL(writer, "{\"results\":[");
	for (uint32_t i = 0; i < request->job_count; i++) {
		if (i)
			put_byte(writer, ',');
		put_result(writer, request, &request->jobs[i]);
	}
	writer_reserve(writer, 64);
	put_byte(writer, ']');
	if (timing)
		put_timing(writer, timing);
	put_byte(writer, '}');
}
