/* SPDX-License-Identifier: MIT */
/* src/engine: a request's modules are told apart by key, its frames sorted by offset. */
#include "tap.h"

#include "base/mem.h"
#include "engine/resolver_modules.h"

#include <stdlib.h>

static struct request one_job(struct arena *arena, uint32_t modules, uint32_t frames)
{
	struct request request = {.job_count = 1, .frame_count = frames};

	request.jobs = arena_calloc(arena, 1, sizeof(*request.jobs));
	request.jobs[0].modules = arena_calloc(arena, modules, sizeof(struct job_module));
	request.jobs[0].module_count = modules;
	request.jobs[0].frame_count = frames;
	request.frames = arena_calloc(arena, frames, sizeof(*request.frames));
	request.answers = arena_calloc(arena, frames, sizeof(*request.answers));
	return request;
}

static void set_module(struct request *request, uint32_t index, const char *file, const char *id)
{
	struct job_module *module = &request->jobs[0].modules[index];

	module->name = (struct module_name){slice_of(file), slice_of(id)};
	module->referenced = true;
	module->askable = module_is_askable(module->name);
}

static void case_does_not_make_another_module(void)
{
	struct arena arena = ARENA_INIT;
	struct request request = one_job(&arena, 4, 4);
	struct wanted wanted;

	set_module(&request, 0, "xul.pdb", "abc1");
	set_module(&request, 1, "XUL.PDB", "ABC1");
	set_module(&request, 2, "nss.pdb", "ABC1");
	set_module(&request, 3, "no such id", "xyz");
	for (uint32_t i = 0; i < 4; i++)
		request.frames[i] = (struct job_frame){.module = (int32_t)i, .offset = 10 - i};
	wanted_collect(&wanted, &request, &arena);
	CHECK_INT(wanted.module_count, 2);
	CHECK_TEXT(wanted.modules[0].key, "xul.pdb/ABC1");
	CHECK_INT(wanted.modules[0].frame_count, 2);
	CHECK_INT(wanted.modules[0].frames[0].frame, 1);
	wanted.modules[0].state = MODULE_FOUND;
	wanted.modules[1].state = MODULE_UNSETTLED;
	wanted_spread(&wanted);
	CHECK_INT(request.jobs[0].modules[1].state, MODULE_FOUND);
	CHECK_INT(request.jobs[0].modules[2].state, MODULE_UNSETTLED);
	CHECK_INT(request.jobs[0].modules[3].state, MODULE_ABSENT);
	arena_release(&arena);
}

/* Every frame is there once, and offsets ascend. */
static void check_sorted(uint32_t count, uint64_t mask)
{
	struct arena arena = ARENA_INIT;
	struct request request = one_job(&arena, 1, count);
	bool *seen = mem_calloc(count, sizeof(bool));
	const struct wanted_frame *frames;
	struct wanted wanted;
	uint64_t x = 88172645463325252;

	set_module(&request, 0, "m", "1");
	for (uint32_t i = 0; i < count; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		request.frames[i] = (struct job_frame){.module = 0, .offset = x & mask};
	}
	wanted_collect(&wanted, &request, &arena);
	frames = wanted.modules[0].frames;
	for (uint32_t i = 0; i < count; i++) {
		CHECK(!seen[frames[i].frame]);
		seen[frames[i].frame] = true;
		CHECK(frames[i].offset == request.frames[frames[i].frame].offset);
		CHECK(i == 0 || frames[i - 1].offset <= frames[i].offset);
	}
	free(seen);
	arena_release(&arena);
}

static void frames_are_sorted(void)
{
	static const uint32_t counts[] = {1, 2, 47, 48, 49, 500, 5000};
	static const uint64_t masks[] = {UINT64_MAX, 0xffffff, 0xff, 0, 0xff0000000000ff00};

	for (size_t c = 0; c < TAP_COUNT(counts); c++)
		for (size_t m = 0; m < TAP_COUNT(masks); m++)
			check_sorted(counts[c], masks[m]);
}

static void odd_frames_are_left_out(void)
{
	struct arena arena = ARENA_INIT;
	struct request request = one_job(&arena, 1, 3);
	struct wanted wanted;

	set_module(&request, 0, "m", "1");
	request.frames[0] = (struct job_frame){.module = 0, .odd = 1};
	request.frames[1] = (struct job_frame){.module = FRAME_NO_MODULE, .offset = 5};
	request.frames[2] = (struct job_frame){.module = 0, .offset = 6};
	wanted_collect(&wanted, &request, &arena);
	CHECK_INT(wanted.modules[0].frame_count, 1);
	CHECK_INT(wanted.modules[0].frames[0].frame, 2);
	arena_release(&arena);
}

static const struct tap_case cases[] = {
	{"case and dashes do not make another module", case_does_not_make_another_module},
	{"frames are sorted by offset", frames_are_sorted},
	{"frames that cannot be looked up are left out", odd_frames_are_left_out},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
