/* SPDX-License-Identifier: MIT */
/* What the encoders of the four dialects share. */
#ifndef PROTOCOL_ENCODE_H
#define PROTOCOL_ENCODE_H

#include "protocol/json_writer.h"
#include "protocol/protocol.h"

/* One job at a time: its frames in order, one after the other over all of its stacks. */
struct frame_view {
	const struct job_frame *frame;
	const struct symbol_answer *answer; /* or NULL */
	const struct job_module *module;    /* or NULL */
};

struct frame_view encode_frame_view(const struct request *request, const struct job *job,
				    uint32_t index_in_job);

/*
 * Answers lie in the order of their addresses, and where a profile asks for tens
 * of thousands, reaching for the next one is what writing mostly waits for.  To
 * be called for each frame before it is written: fetches ahead for those behind it.
 */
void encode_fetch_ahead(const struct request *request, const struct job *job, uint32_t index_in_job);

/* The most that encode_offset() puts. */
size_t encode_offset_room(const struct request *request, const struct job_frame *frame);

/* The offset as Python 3's hex() has it. */
char *encode_offset(struct writer *writer, char *at, const struct request *request,
		    const struct job_frame *frame);

/* Eliot's name of a frame's module: the PE file once the module is found, "<unknown>" where there is none. */
struct slice encode_module_name(const struct job_module *module);

/* Eliot's word for a module: true, false, or null for one that was not looked up. */
const char *encode_module_word(const struct job_module *module);

/* The bodies of the dialects. */
void encode_snappy(struct writer *writer, const struct request *request);
void encode_eliot_v4(struct writer *writer, const struct request *request);
void encode_eliot_v5(struct writer *writer, const struct request *request,
		     const struct request_timing *timing);

/* The value of v5's member "debug". */
void encode_timing(struct buf *buf, const struct request_timing *timing);

#endif
