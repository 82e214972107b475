/* SPDX-License-Identifier: MIT */
/* Deduplicating a request's modules and sorting its frames. */
#include "engine/resolver_modules.h"

#include "base/hash.h"

static const uint32_t no_module = UINT32_MAX;

/* Open addressing over module keys, sized for all memoryMap entries. */
struct key_index {
	uint32_t *slots; /* index + 1; 0: empty */
	uint64_t mask, seed;
};

static void index_init(struct key_index *index, uint32_t entries, struct arena *arena)
{
	uint64_t size = 16;

	while (size < (uint64_t)entries * 2)
		size *= 2;
	index->slots = arena_calloc(arena, size, sizeof(*index->slots));
	index->mask = size - 1;
	index->seed = (uintptr_t)index->slots; /* differs per process and request: keys come from outside */
}

static uint32_t find_or_add(struct wanted *wanted, struct key_index *index, struct module_name name, struct slice key)
{
	uint64_t at = hash_seeded(index->seed, key.data, key.len) & index->mask;

	while (index->slots[at]) {
		uint32_t found = index->slots[at] - 1;

		if (slice_equal(wanted->modules[found].key, key))
			return found;
		at = (at + 1) & index->mask;
	}
	wanted->modules[wanted->module_count] = (struct wanted_module){.name = name, .key = key};
	index->slots[at] = ++wanted->module_count;
	return wanted->module_count - 1;
}

static uint32_t count_askable(const struct request *request)
{
	uint32_t count = 0;

	for (uint32_t j = 0; j < request->job_count; j++)
		for (uint32_t m = 0; m < request->jobs[j].module_count; m++)
			count += request->jobs[j].modules[m].askable;
	return count;
}

static void collect_job(struct wanted *wanted, struct key_index *index, uint32_t job_number, struct arena *arena,
			struct buf *key)
{
	const struct job *job = &wanted->request->jobs[job_number];
	uint32_t *map = arena_calloc(arena, job->module_count, sizeof(*map));

	wanted->by_job[job_number] = map;
	for (uint32_t m = 0; m < job->module_count; m++) {
		uint32_t before = wanted->module_count;

		map[m] = no_module;
		if (!job->modules[m].askable)
			continue;
		buf_clear(key);
		module_add_key(key, job->modules[m].name);
		map[m] = find_or_add(wanted, index, job->modules[m].name, buf_slice(key));
		if (wanted->module_count > before)
			wanted->modules[map[m]].key = arena_copy(arena, buf_slice(key));
		wanted->modules[map[m]].jobs++;
	}
}

/* Calls visit(wanted, module, frame number) for each frame that can be looked up. */
static void each_frame(struct wanted *wanted,
		       void (*visit)(struct wanted_module *module, const struct job_frame *frame, uint32_t number))
{
	const struct request *request = wanted->request;

	for (uint32_t j = 0; j < request->job_count; j++) {
		const struct job *job = &request->jobs[j];

		for (uint32_t i = 0; i < job->frame_count; i++) {
			uint32_t number = job->first_frame + i;
			const struct job_frame *frame = &request->frames[number];

			if (frame->module >= 0 && frame->odd == 0 && wanted->by_job[j][frame->module] != no_module)
				visit(&wanted->modules[wanted->by_job[j][frame->module]], frame, number);
		}
	}
}

static void count_frame(struct wanted_module *module, const struct job_frame *frame, uint32_t number)
{
	(void)frame;
	(void)number;
	module->frame_count++;
}

static void place_frame(struct wanted_module *module, const struct job_frame *frame, uint32_t number)
{
	module->frames[module->open_count++] = (struct wanted_frame){frame->offset, number};
}

static void sort_few(struct wanted_frame *frames, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct wanted_frame frame = frames[i];
		uint32_t at = i;

		for (; at > 0 && frames[at - 1].offset > frame.offset; at--)
			frames[at] = frames[at - 1];
		frames[at] = frame;
	}
}

/* One pass of a radix sort, by the byte at `shift`. */
static void sort_by_byte(const struct wanted_frame *from, struct wanted_frame *to, uint32_t count, unsigned shift)
{
	uint32_t starts[256] = {0}, sum = 0;

	for (uint32_t i = 0; i < count; i++)
		starts[from[i].offset >> shift & 255]++;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t n = starts[byte];

		starts[byte] = sum;
		sum += n;
	}
	for (uint32_t i = 0; i < count; i++)
		to[starts[from[i].offset >> shift & 255]++] = from[i];
}

/* A profile asks for tens of thousands of addresses of one module, spread over three or four bytes. */
static struct wanted_frame *sort_many(struct wanted_frame *frames, uint32_t count, struct arena *arena)
{
	struct wanted_frame *other = arena_alloc(arena, count * sizeof(*other));
	uint64_t differing = 0;

	for (uint32_t i = 1; i < count; i++)
		differing |= frames[i].offset ^ frames[0].offset;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		struct wanted_frame *sorted = other;

		if ((differing >> shift & 255) == 0)
			continue;
		sort_by_byte(frames, sorted, count, shift);
		other = frames;
		frames = sorted;
	}
	return frames;
}

static void sort_frames(struct wanted_module *module, struct arena *arena)
{
	enum { FEW = 48 };

	if (module->frame_count <= FEW)
		sort_few(module->frames, module->frame_count);
	else
		module->frames = sort_many(module->frames, module->frame_count, arena);
}

static void group_frames(struct wanted *wanted, struct arena *arena)
{
	each_frame(wanted, count_frame);
	for (uint32_t i = 0; i < wanted->module_count; i++) {
		struct wanted_module *module = &wanted->modules[i];

		module->frames = arena_calloc(arena, module->frame_count, sizeof(*module->frames));
	}
	each_frame(wanted, place_frame);
	for (uint32_t i = 0; i < wanted->module_count; i++)
		sort_frames(&wanted->modules[i], arena);
}

void wanted_collect(struct wanted *wanted, struct request *request, struct arena *arena)
{
	uint32_t askable = count_askable(request);
	struct buf key = BUF_INIT;
	struct key_index index;

	*wanted = (struct wanted){.request = request};
	wanted->modules = arena_calloc(arena, askable, sizeof(*wanted->modules));
	wanted->known = arena_calloc(arena, request->frame_count, sizeof(*wanted->known));
	wanted->by_job = arena_calloc(arena, request->job_count, sizeof(*wanted->by_job));
	index_init(&index, askable, arena);
	for (uint32_t j = 0; j < request->job_count; j++)
		collect_job(wanted, &index, j, arena, &key);
	buf_release(&key);
	group_frames(wanted, arena);
}

void wanted_answer(struct wanted *wanted, struct wanted_module *module, uint32_t frame,
		   const struct symbol_answer *answer)
{
	wanted->request->answers[frame] = answer;
	wanted->known[frame] = true;
	module->open_count--;
	module->resolved_any |= answer != NULL;
}

void wanted_spread(const struct wanted *wanted)
{
	const struct request *request = wanted->request;

	for (uint32_t j = 0; j < request->job_count; j++) {
		for (uint32_t m = 0; m < request->jobs[j].module_count; m++) {
			struct job_module *entry = &request->jobs[j].modules[m];
			const struct wanted_module *module;

			if (wanted->by_job[j][m] == no_module) {
				/* referenced, yet no such module can exist: not found, unless name or id is empty */
				if (entry->referenced && entry->name.debug_file.len && entry->name.debug_id.len)
					entry->state = MODULE_ABSENT;
				continue;
			}
			module = &wanted->modules[wanted->by_job[j][m]];
			entry->state = module->state;
			entry->code_file = module->code_file;
			entry->resolved_any = module->resolved_any;
		}
	}
}
