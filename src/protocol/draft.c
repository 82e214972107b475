/* SPDX-License-Identifier: MIT */
/* A request while it is read: its arrays, its verdict, and the request made of it. */
#include "protocol/draft.h"

enum {
	FRAME_BYTES = 12,        /* of text: what a frame of a real request takes at least */
	FIRST_FRAMES_MAX = 65536 /* room made at once; enough for the largest real request */
};

/* One array for most requests, and little of it unused. */
static uint32_t guess_frames(size_t body_bytes)
{
	size_t guess = body_bytes / FRAME_BYTES + 4;

	return guess < FIRST_FRAMES_MAX ? (uint32_t)guess : FIRST_FRAMES_MAX;
}

static struct growth growth_of(const char *name, size_t item_bytes, uint32_t first, uint32_t limit)
{
	return (struct growth){
		.name = name, .item_bytes = (uint32_t)item_bytes, .first = first, .limit = limit};
}

void draft_init(struct draft *draft, const struct protocol_options *options, struct slice body,
		struct arena *arena)
{
	const struct protocol_limits *limits = &options->limits;
	uint32_t frames = guess_frames(body.len);

	*draft = (struct draft){
		.any_negative = protocol_is_snappy(options->api),
		.from_the_end = options->api == API_DISK_CACHE,
		.plain_names = !protocol_is_snappy(options->api) && !options->lenient,
		.job_growth = growth_of("jobs", sizeof(*draft->jobs), 1, UINT32_MAX),
		.module_growth = growth_of("modules", sizeof(*draft->modules), 8, limits->max_modules),
		.stack_growth = growth_of("stacks", sizeof(*draft->stack_lengths), 8, limits->max_stacks),
		.frame_growth = growth_of("frames", sizeof(*draft->frames), frames, limits->max_frames),
		.odd_growth = growth_of("frames", sizeof(*draft->odd_offsets), 8, limits->max_frames),
	};
	reader_init(&draft->reader, body, arena);
}

void draft_restart(struct draft *draft)
{
	draft->job_count = draft->module_count = draft->stack_count = 0;
	draft->frame_count = draft->odd_count = 0;
}

static void stop_at_limit(struct draft *draft, const struct growth *growth)
{
	draft->limit_name = growth->name;
	draft->limit = growth->limit;
	reader_fail(&draft->reader, "too large");
}

void *draft_grow(struct draft *draft, const void *items, struct growth *growth)
{
	uint64_t capacity = growth->capacity ? (uint64_t)growth->capacity * 2 : growth->first;
	void *larger;

	if (growth->capacity >= growth->limit) {
		stop_at_limit(draft, growth);
		return NULL;
	}
	if (capacity > growth->limit)
		capacity = growth->limit;
	larger = arena_alloc(draft->reader.arena, capacity * growth->item_bytes);
	if (items)
		memcpy(larger, items, (size_t)growth->capacity * growth->item_bytes);
	growth->capacity = (uint32_t)capacity;
	return larger;
}

void draft_add_job(struct draft *draft, bool is_object)
{
	if (draft->job_count == draft->job_growth.capacity) {
		void *jobs = draft_grow(draft, draft->jobs, &draft->job_growth);

		if (jobs == NULL)
			return;
		draft->jobs = jobs;
	}
	draft->jobs[draft->job_count++] = (struct draft_job){
		.is_object = is_object,
		.first_module = draft->module_count,
		.first_stack = draft->stack_count,
		.first_frame = draft->frame_count,
		.first_odd = draft->odd_count,
		.top_index = FRAME_NO_MODULE,
	};
}

void draft_read_member(struct draft *draft, struct slice key)
{
	struct draft_job *job = &draft->jobs[draft->job_count - 1];

	if (slice_is(key, "stacks"))
		draft_read_stacks(draft, job);
	else if (slice_is(key, "memoryMap"))
		draft_read_modules(draft, job);
	else
		reader_skip(&draft->reader);
}

bool draft_read_pair(struct draft *draft, struct value items[static 2])
{
	struct json_reader *reader = &draft->reader;
	struct value list;
	size_t count = 0;

	reader_value(reader, &list);
	if (list.kind != VALUE_ARRAY) {
		reader_skip_rest(reader, &list);
		return false;
	}
	for (bool more = reader_enter(reader, ']'); more; more = reader_next(reader, ']')) {
		if (count < 2) {
			reader_value(reader, &items[count]);
			reader_skip_rest(reader, &items[count]);
		} else {
			reader_skip(reader);
		}
		count++;
	}
	return count == 2;
}

static bool is_in_range(const struct draft *draft, const struct draft_job *job, int32_t index)
{
	if (index >= 0)
		return (uint32_t)index < job->module_count;
	return !draft->from_the_end || (uint64_t)-(int64_t)index <= job->module_count;
}

/* Where the first frame lies whose index is beyond the modules. */
static struct fault find_index_fault(const struct draft *draft, const struct draft_job *job)
{
	const struct job_frame *frame = draft->frames + job->first_frame;
	const uint32_t *lengths = draft->stack_lengths + job->first_stack;

	for (uint32_t stack = 0; stack < job->stack_count; stack++)
		for (uint32_t i = 0; i < lengths[stack]; i++, frame++)
			if (!is_in_range(draft, job, frame->module))
				return (struct fault){.kind = FAULT_INDEX_RANGE, .stack = stack, .frame = i};
	return (struct fault){.kind = FAULT_NONE};
}

struct fault draft_fault(const struct draft *draft, uint32_t job_number)
{
	const struct draft_job *job = &draft->jobs[job_number];

	if (!job->is_object)
		return (struct fault){.kind = FAULT_NOT_OBJECT};
	if (!job->has_stacks)
		return (struct fault){.kind = FAULT_NO_STACKS};
	if (!job->has_modules)
		return (struct fault){.kind = FAULT_NO_MODULES};
	if (job->modules_fault.kind)
		return job->modules_fault;
	/* Frames are kept up to the first other fault only, so this one is in front of it. */
	if ((job->top_index >= 0 && !is_in_range(draft, job, job->top_index)) ||
	    (job->low_index < 0 && !is_in_range(draft, job, job->low_index)))
		return find_index_fault(draft, job);
	return job->stacks_fault;
}

/* Python's negative indexes, where they count: -1 is the last module. */
static void resolve_from_the_end(const struct draft *draft, const struct draft_job *job)
{
	for (uint32_t i = 0; i < job->frame_count; i++) {
		struct job_frame *frame = &draft->frames[job->first_frame + i];

		if (frame->module < 0)
			frame->module += (int32_t)job->module_count;
	}
}

static void mark_referenced(const struct draft *draft, const struct draft_job *job)
{
	if (job->top_index < 0)
		return; /* and perhaps no array to point into */
	for (uint32_t i = 0; i < job->frame_count; i++) {
		int32_t module = draft->frames[job->first_frame + i].module;

		if (module >= 0)
			draft->modules[job->first_module + (uint32_t)module].referenced = true;
	}
}

static void mark_askable(struct draft *draft)
{
	for (uint32_t i = 0; i < draft->module_count; i++) {
		struct job_module *module = &draft->modules[i];

		module->askable = module->referenced && module_is_askable(module->name);
	}
}

static struct job *finish_jobs(const struct draft *draft)
{
	struct job *jobs = arena_calloc(draft->reader.arena, draft->job_count, sizeof(*jobs));

	for (uint32_t i = 0; i < draft->job_count; i++) {
		const struct draft_job *from = &draft->jobs[i];

		jobs[i] = (struct job){
			.modules = from->module_count ? draft->modules + from->first_module : NULL,
			.module_count = from->module_count,
			.stack_lengths = draft->stack_lengths + from->first_stack,
			.stack_count = from->stack_count,
			.first_frame = from->first_frame,
			.frame_count = from->frame_count,
		};
		mark_referenced(draft, from);
		if (draft->from_the_end && from->low_index < 0)
			resolve_from_the_end(draft, from);
	}
	return jobs;
}

void draft_finish(struct draft *draft, enum dialect dialect, struct request *ret_request)
{
	*ret_request = (struct request){
		.dialect = dialect,
		.jobs = finish_jobs(draft),
		.job_count = draft->job_count,
		.frames = draft->frames,
		.frame_count = draft->frame_count,
		.odd_offsets = draft->odd_offsets,
		.odd_count = draft->odd_count,
		.answers = arena_calloc(draft->reader.arena, draft->frame_count,
					sizeof(*ret_request->answers)),
	};
	if (dialect == DIALECT_V4 || dialect == DIALECT_V5)
		draft_unite_modules(draft);
	mark_askable(draft);
}
