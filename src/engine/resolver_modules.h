/* SPDX-License-Identifier: MIT */
/* A request seen by the resolver: its distinct modules, and the frames of each in order. */
#ifndef ENGINE_RESOLVER_MODULES_H
#define ENGINE_RESOLVER_MODULES_H

#include "engine/flight.h"
#include "job/job.h"
#include "store/store.h"

/* One frame of a module, by offset. */
struct wanted_frame {
	uint64_t offset;
	uint32_t frame; /* in request->frames */
};

enum wanted_source { WANTED_NOWHERE, WANTED_TABLE, WANTED_ADDRCACHE };

/* One module of the request, however often and in whatever case it was named. */
struct wanted_module {
	struct module_name name; /* as first named */
	struct slice key;
	struct wanted_frame *frames; /* ascending offsets */
	uint32_t frame_count;
	uint32_t open_count; /* frames whose answer is not known yet */
	uint32_t jobs; /* that reference it */

	enum module_state state; /* MODULE_UNASKED: not settled yet */
	enum wanted_source source;
	struct slice code_file;
	bool resolved_any;
	uint64_t local_identity; /* resolver_source_identity() */
	enum flight_purpose purpose;
	bool has_ticket; /* waits for a flight */
	struct flight_ticket ticket;
	struct flight_report report;
	bool landed; /* `report` is filled */
};

struct wanted {
	struct request *request;
	struct wanted_module *modules;
	uint32_t module_count;
	bool *known; /* parallel to request->frames: the answer is known, be it "no symbol" */
	uint32_t **by_job; /* by_job[job][module]: index into modules, or UINT32_MAX */
};

/* Deduplicates askable modules by key and groups the frames that can be looked up. */
void wanted_collect(struct wanted *wanted, struct request *request, struct arena *arena);

/* Notes the answer of a frame; NULL: no symbol covers it. */
void wanted_answer(struct wanted *wanted, struct wanted_module *module, uint32_t frame,
		   const struct symbol_answer *answer);

/* Writes what became of each module into every memoryMap entry that names it. */
void wanted_spread(const struct wanted *wanted);

#endif
