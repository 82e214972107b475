/* SPDX-License-Identifier: MIT */
/* Answered request to response text: what the dialects share. */
#include "protocol/encode.h"

#include "protocol/big_hex.h"

struct frame_view encode_frame_view(const struct request *request, const struct job *job,
				    uint32_t index_in_job)
{
	uint32_t index = job->first_frame + index_in_job;
	const struct job_frame *frame = &request->frames[index];

	return (struct frame_view){
		.frame = frame,
		.answer = request->answers[index],
		.module = frame->module < 0 ? NULL : &job->modules[frame->module],
	};
}

/* The answer of a frame this far behind the one at hand, or NULL. */
static const struct symbol_answer *answer_ahead(const struct request *request, const struct job *job,
						uint32_t at, uint32_t distance)
{
	return job->frame_count - at > distance ? request->answers[job->first_frame + at + distance] : NULL;
}

static void fetch_bytes(const void *start, size_t len)
{
	enum { LINE_BYTES = 64, LINES_MAX = 4 }; /* the processor goes on by itself */
	const char *at = start;

	for (size_t i = 0; i < LINES_MAX && i * LINE_BYTES < len; i++)
		__builtin_prefetch(at + i * LINE_BYTES);
}

static void fetch_names(const struct symbol_answer *answer)
{
	fetch_bytes(answer->outer.function.data, answer->outer.function.len);
	for (uint32_t i = 0; i < answer->inline_count; i++)
		fetch_bytes(answer->inlines[i].function.data, answer->inlines[i].function.len);
}

void encode_fetch_ahead(const struct request *request, const struct job *job, uint32_t at)
{
	/* each step needs what the one before has brought */
	enum { FETCH_ANSWER = 12, FETCH_INLINES = 8, FETCH_NAMES = 4 };
	const struct symbol_answer *far = answer_ahead(request, job, at, FETCH_ANSWER);
	const struct symbol_answer *middle = answer_ahead(request, job, at, FETCH_INLINES);
	const struct symbol_answer *near = answer_ahead(request, job, at, FETCH_NAMES);

	if (far)
		fetch_bytes(far, sizeof(*far) + 1);
	if (middle && middle->inline_count)
		fetch_bytes(middle->inlines, middle->inline_count * sizeof(*middle->inlines));
	if (near)
		fetch_names(near);
}

static char *put_odd_offset(struct writer *writer, char *at, struct slice decimal)
{
	writer->at = at;
	writer_end(writer);
	big_add_hex(writer->buf, decimal);
	return writer->buf->data + writer->buf->len;
}

size_t encode_offset_room(const struct request *request, const struct job_frame *frame)
{
	/* No more hexadecimal digits than decimal ones. */
	return WRITER_NUMBER_BYTES + (frame->odd ? request->odd_offsets[frame->odd - 1].len : 0);
}

char *encode_offset(struct writer *writer, char *at, const struct request *request,
		    const struct job_frame *frame)
{
	if (frame->odd)
		return put_odd_offset(writer, at, request->odd_offsets[frame->odd - 1]);
	return put_hex(at, frame->offset);
}

struct slice encode_module_name(const struct job_module *module)
{
	if (module == NULL || module->name.debug_file.len == 0)
		return SLICE_LITERAL("<unknown>");
	if (module->state == MODULE_FOUND && module->code_file.len)
		return module->code_file;
	return module->name.debug_file;
}

const char *encode_module_word(const struct job_module *module)
{
	if (!module->referenced || module->name.debug_file.len == 0 || module->name.debug_id.len == 0 ||
	    module->state == MODULE_UNSETTLED)
		return "null";
	return module->state == MODULE_FOUND ? "true" : "false";
}

void protocol_encode(struct buf *buf, const struct request *request, const struct request_timing *timing)
{
	bool snappy = request->dialect == DIALECT_SNAPPY_V3 || request->dialect == DIALECT_SNAPPY_V4;
	struct writer writer = writer_begin(buf, snappy ? JSON_ASCII : JSON_UTF8);

	if (snappy)
		encode_snappy(&writer, request);
	else if (request->dialect == DIALECT_V4)
		encode_eliot_v4(&writer, request);
	else
		encode_eliot_v5(&writer, request, timing);
	writer_end(&writer);
}

void protocol_encode_error(struct buf *buf, enum protocol_api api, struct slice text)
{
	buf_add_text(buf, "{\"title\": ");
	json_add_string(buf, text, protocol_is_snappy(api) ? JSON_ASCII : JSON_UTF8);
	buf_add_byte(buf, '}');
}
