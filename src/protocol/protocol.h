/* SPDX-License-Identifier: MIT */
/* The symbolication wire formats: JSON text to request, answered request to JSON text. */
#ifndef PROTOCOL_PROTOCOL_H
#define PROTOCOL_PROTOCOL_H

#include "base/buf.h"
#include "base/err.h"
#include "job/job.h"

/*
 * By URL, and on Snappy's by which of its services we are; the SymServer's
 * version member then chooses between its two dialects.
 */
enum protocol_api { API_SNAPPY, API_SYMBOLICATE_V4, API_SYMBOLICATE_V5, API_DISK_CACHE };

static inline bool protocol_is_snappy(enum protocol_api api)
{
	return api == API_SNAPPY || api == API_DISK_CACHE;
}

struct protocol_limits {
	uint32_t max_jobs; /* of v5: 10, as Eliot has it; more is PROTOCOL_INVALID with Eliot's title */
	uint32_t max_modules, max_stacks, max_frames; /* of the whole request; more is PROTOCOL_TOO_LARGE */
};

/* Snappy's debug protocol: actions instead of stacks. */
enum debug_action {
	DEBUG_OUTPUT_CACHE_HITS, /* enabled */
	DEBUG_CACHE_EVICT,       /* module, and offset in the SymServer role */
	DEBUG_CACHE_ADD_RAW,     /* module */
	DEBUG_CACHE_GET,
	DEBUG_CACHE_EXISTS,
	DEBUG_UNKNOWN,
};

struct debug_request {
	enum debug_action action;
	bool has_enabled, enabled;
	bool has_module; /* libName and breakpadId, both strings */
	struct module_name module;
	bool has_offset; /* of whatever kind */
	bool offset_odd; /* it is no unsigned 64-bit number: nothing is kept under it */
	uint64_t offset;
};

enum protocol_verdict {
	PROTOCOL_REQUEST, /* *ret_request is filled */
	PROTOCOL_DEBUG,   /* *ret_debug is filled; only for Snappy's services with debug_allowed */
	PROTOCOL_INVALID, /* err->msg is the text for the client (Eliot's exact titles on its URLs) */
	PROTOCOL_TOO_LARGE, /* err->msg names the limit and its value */
};

struct protocol_options {
	enum protocol_api api;
	bool debug_allowed; /* the caller may use the debug protocol */
	bool lenient;       /* not held to Eliot's characters: an odd name or id concerns only its module */
	struct protocol_limits limits;
};

/*
 * Reads the whole body in one pass, in memory proportional to its frames and
 * modules and bounded by the limits; what is skipped costs none.  Everything in
 * *ret_request and *ret_debug lives in `arena` or points into `body`; module
 * states and answers are allocated and empty, cache_hits is NULL, want_debug is
 * false.  *ret_request, *ret_debug and *err are written by their verdicts only.
 * Rules: see docs/api.md.
 */
enum protocol_verdict protocol_decode(const struct protocol_options *options, struct slice body,
				      struct arena *arena, struct request *ret_request,
				      struct debug_request *ret_debug, struct err *err);

/*
 * Appends the answer in the request's dialect.  `timing` is NULL unless
 * request->want_debug, and only v5 has a place for it.  A module that is
 * referenced and still MODULE_UNASKED is one that cannot exist: false.  Frames
 * with an odd offset or without a module must have no answer.
 */
void protocol_encode(struct buf *buf, const struct request *request, const struct request_timing *timing);

/* Appends {"title": "<text>"} as Eliot's clients know it; used on every URL. */
void protocol_encode_error(struct buf *buf, enum protocol_api api, struct slice text);

#endif
