/* SPDX-License-Identifier: MIT */
/* A symbolication request between decoder, resolver and encoder: plain data. */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "base/arena.h"
#include "symbols/answer.h"
#include "symbols/module.h"

#include <stdint.h>

/* Which wire format the request came in, hence which one the answer goes out in. */
enum dialect {
	DIALECT_SNAPPY_V3, /* POST /, version 3: a bare array */
	DIALECT_SNAPPY_V4, /* POST /, version 4 */
	DIALECT_V4,        /* /symbolicate/v4 */
	DIALECT_V5,        /* /symbolicate/v5 */
};

/* What became of a module that was asked for. */
enum module_state {
	MODULE_UNASKED,   /* not askable, so the resolver left it alone */
	MODULE_FOUND,
	MODULE_ABSENT,    /* nowhere, or unusable */
	MODULE_UNSETTLED, /* not known yet when the waiting was over */
};

/*
 * One memoryMap entry as sent.  Everything below `askable` is the resolver's.
 * Equal entries, in one job or in several, have the same name and id byte by
 * byte; the resolver gives them the same state.
 */
struct job_module {
	struct module_name name;
	bool referenced; /* a frame of its job names it; in Eliot's dialects: or an equal entry, in any job */
	bool repeated;   /* in Eliot's dialects: an equal entry of its job is in front of it */
	bool askable;    /* referenced and module_is_askable() */
	enum module_state state;
	struct slice code_file; /* the PE name, or absent */
	bool resolved_any;      /* at least one frame got a symbol */
};

enum { FRAME_NO_MODULE = -1 };

/*
 * One frame as sent.  `module` indexes the job's modules; negative: none.  An
 * offset that is no unsigned 64-bit number keeps its text in `odd_offset`
 * (decimal with sign, as sent) and is never looked up.
 */
struct job_frame {
	uint64_t offset;
	int32_t module;
	uint32_t odd; /* 1-based index into request.odd_offsets; 0: `offset` is it */
};

struct job {
	struct job_module *modules;
	uint32_t module_count;
	uint32_t *stack_lengths; /* frames of each stack */
	uint32_t stack_count;
	uint32_t first_frame, frame_count; /* in request.frames */
};

/* Answers and cache hits are parallel to `frames`; a frame without a symbol has answers[i] == NULL. */
struct request {
	enum dialect dialect;
	struct job *jobs;
	uint32_t job_count;
	struct job_frame *frames;
	uint32_t frame_count;
	struct slice *odd_offsets;
	uint32_t odd_count;
	const struct symbol_answer **answers; /* the resolver's */
	bool *cache_hits;                     /* the resolver's; NULL unless Snappy's cacheHits mode is on */
	bool want_debug;                      /* v5 with a Debug header */
	const char *id;                       /* names it in logs; NULL: it has none */
};

/* Per looked-up module, for v5's `debug` member.  Times in seconds; negative: did not happen. */
struct module_timing {
	const struct job_module *module;
	double download_s, download_failed_s, parse_s, save_s;
	uint64_t download_bytes;
	uint32_t jobs; /* jobs that reference it */
};

/* `modules` are filled for v5's `debug` only. */
struct request_timing {
	double total_s, cache_lookup_s, table_s, wait_s;
	uint32_t resolved; /* frames with an answer */
	uint32_t cache_lookups, cache_hits, module_count;
	const struct module_timing *modules;
	uint32_t timing_count;
};

#endif
