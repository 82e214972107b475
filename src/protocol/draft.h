/* SPDX-License-Identifier: MIT */
/* A request while it is read: flat growing arrays, and what is wrong with each job. */
#ifndef PROTOCOL_DRAFT_H
#define PROTOCOL_DRAFT_H

#include "protocol/json_reader.h"
#include "protocol/protocol.h"

/*
 * Members come in any order, a repeated one replaces the earlier one, and the
 * fault that counts is the first in the order of validation, not in the order
 * of the text.  So the reader keeps per job and member the first fault, and
 * nothing behind it; the jobs are then judged in order by draft_fault().  Only
 * an index beyond the modules is looked for there, when their number is known.
 */
enum fault_kind {
	FAULT_NONE,
	FAULT_NOT_OBJECT,
	FAULT_NO_STACKS,
	FAULT_NO_MODULES,
	FAULT_MODULES_NOT_LIST,
	FAULT_MODULE_NOT_PAIR,
	FAULT_MODULE_NAME,
	FAULT_MODULE_ID,
	FAULT_STACKS_NOT_LIST,
	FAULT_STACKS_EMPTY,
	FAULT_STACK_NOT_LIST,
	FAULT_FRAME_NOT_PAIR,
	FAULT_INDEX_TYPE,
	FAULT_INDEX_RANGE,
	FAULT_OFFSET,
};

struct fault {
	enum fault_kind kind;
	uint32_t module;       /* of FAULT_MODULE_* */
	uint32_t stack, frame; /* of FAULT_STACK_NOT_LIST and those below it */
};

/* One job's part of the draft's arrays; the newest job's part is their end. */
struct draft_job {
	bool is_object, has_stacks, has_modules;
	struct fault modules_fault, stacks_fault;
	uint32_t first_module, module_count;
	uint32_t first_stack, stack_count;
	uint32_t first_frame, frame_count;
	uint32_t first_odd;
	int32_t top_index; /* the largest module index */
	int32_t low_index; /* the smallest, where negative ones count from the end; else 0 */
};

/* How an array grows: in the arena, to twice its size, up to the limit of that name. */
struct growth {
	const char *name;
	uint32_t item_bytes, first, limit;
	uint32_t capacity;
};

struct draft {
	struct json_reader reader;
	const char *limit_name; /* what there is too much of, or NULL */
	uint32_t limit;

	bool any_negative; /* negative numbers are good, not only the index and the offset -1 */
	bool from_the_end; /* a negative index names a module from the end, whose frame is never looked up */
	bool plain_names;  /* names and ids are held to Eliot's character sets */

	struct draft_job *jobs;
	struct job_module *modules;
	uint32_t *stack_lengths;
	struct job_frame *frames;
	struct slice *odd_offsets;
	uint32_t job_count, module_count, stack_count, frame_count, odd_count;
	struct growth job_growth, module_growth, stack_growth, frame_growth, odd_growth;
};

void draft_init(struct draft *draft, const struct protocol_options *options, struct slice body,
		struct arena *arena);

/* Forgets every job and all that was read of them. */
void draft_restart(struct draft *draft);

void draft_add_job(struct draft *draft, bool is_object);

/* A member of the newest job: read in place of one of that name before; skipped if it is none of a job's. */
void draft_read_member(struct draft *draft, struct slice key);

/* The first fault of that job in the order of validation. */
struct fault draft_fault(const struct draft *draft, uint32_t job);

/* Makes the request of the jobs, none of which has a fault. */
void draft_finish(struct draft *draft, enum dialect dialect, struct request *ret_request);

/* For the parts of the draft, a file each: */

/* Returns the items moved to a larger array; NULL, with the reading stopped, at the limit. */
void *draft_grow(struct draft *draft, const void *items, struct growth *growth);

/* Reads the next value; true if it is an array of exactly two, which are then in `items`. */
bool draft_read_pair(struct draft *draft, struct value items[static 2]);

void draft_read_modules(struct draft *draft, struct draft_job *job);
void draft_read_stacks(struct draft *draft, struct draft_job *job);

/* Spreads `referenced` over equal entries and marks the repeated ones, as found_modules wants it. */
void draft_unite_modules(struct draft *draft);

#endif
