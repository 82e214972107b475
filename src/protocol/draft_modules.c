/* SPDX-License-Identifier: MIT */
/* Reading a job's memoryMap, and finding which entries of a request are the same. */
#include "protocol/draft.h"

#include "base/hash.h"

static bool is_name_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != 0 && strchr("_.+{}@<> ~-", c) != NULL);
}

static bool is_id_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* Whether all bytes are of the set; Eliot's patterns end in '$' and so let one line feed pass at the end. */
static bool is_of(struct slice text, bool (*is_member)(unsigned char c))
{
	if (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	for (size_t i = 0; i < text.len; i++)
		if (!is_member((unsigned char)text.data[i]))
			return false;
	return true;
}

static enum fault_kind judge_module(const struct draft *draft, const struct value pair[static 2])
{
	if (pair[0].kind != VALUE_STRING || (draft->plain_names && !is_of(pair[0].text, is_name_byte)))
		return FAULT_MODULE_NAME;
	if (pair[1].kind != VALUE_STRING || (draft->plain_names && !is_of(pair[1].text, is_id_byte)))
		return FAULT_MODULE_ID;
	return FAULT_NONE;
}

static void add_module(struct draft *draft, struct draft_job *job, const struct value pair[static 2])
{
	if (draft->module_count == draft->module_growth.capacity) {
		void *modules = draft_grow(draft, draft->modules, &draft->module_growth);

		if (modules == NULL)
			return;
		draft->modules = modules;
	}
	draft->modules[draft->module_count++] = (struct job_module){
		.name = {.debug_file = pair[0].text, .debug_id = pair[1].text},
		.state = MODULE_UNASKED,
	};
	job->module_count++;
}

static void read_module(struct draft *draft, struct draft_job *job)
{
	struct value pair[2];
	enum fault_kind kind = FAULT_MODULE_NOT_PAIR;

	if (draft_read_pair(draft, pair))
		kind = judge_module(draft, pair);
	if (kind == FAULT_NONE)
		add_module(draft, job, pair);
	else
		job->modules_fault = (struct fault){.kind = kind, .module = job->module_count};
}

void draft_read_modules(struct draft *draft, struct draft_job *job)
{
	struct json_reader *reader = &draft->reader;
	struct value list;

	job->has_modules = true;
	job->modules_fault = (struct fault){.kind = FAULT_NONE};
	job->module_count = 0;
	draft->module_count = job->first_module;
	reader_value(reader, &list);
	if (list.kind != VALUE_ARRAY) {
		job->modules_fault.kind = FAULT_MODULES_NOT_LIST;
		reader_skip_rest(reader, &list);
		return;
	}
	for (bool more = reader_enter(reader, ']'); more; more = reader_next(reader, ']')) {
		if (job->modules_fault.kind)
			reader_skip(reader);
		else
			read_module(draft, job);
	}
}

/*
 * Equal entries are those with the same name and id, byte by byte, anywhere in
 * the request.  A hash table leads from an entry to the first one equal to it.
 */
struct same {
	const struct job_module *modules;
	uint32_t *slots; /* 1 + the index of a first entry; 0: free */
	uint32_t mask;
	uint64_t seed;
	uint32_t *first;  /* of each entry: the first one equal to it */
	uint32_t *newest; /* of each first entry: the last one seen */
};

static uint64_t hash_name(uint64_t seed, struct module_name name)
{
	seed = hash_seeded(seed, name.debug_file.data, name.debug_file.len);
	return hash_seeded(seed, name.debug_id.data, name.debug_id.len);
}

static bool same_name(struct module_name a, struct module_name b)
{
	return slice_equal(a.debug_id, b.debug_id) && slice_equal(a.debug_file, b.debug_file);
}

static uint32_t find_first(struct same *same, uint32_t index)
{
	struct module_name name = same->modules[index].name;
	uint32_t at = (uint32_t)hash_name(same->seed, name) & same->mask;

	for (; same->slots[at]; at = (at + 1) & same->mask)
		if (same_name(same->modules[same->slots[at] - 1].name, name))
			return same->slots[at] - 1;
	same->slots[at] = index + 1;
	return index;
}

static void init_same(struct same *same, const struct draft *draft)
{
	struct arena *arena = draft->reader.arena;
	uint32_t slots = 4;

	while (slots / 2 < draft->module_count && slots < UINT32_C(1) << 31)
		slots *= 2;
	same->modules = draft->modules;
	same->slots = arena_calloc(arena, slots, sizeof(*same->slots));
	same->mask = slots - 1;
	/* An address the sender cannot know, so that no list of names is made to collide. */
	same->seed = (uintptr_t)same->slots;
	same->first = arena_alloc(arena, draft->module_count * sizeof(*same->first));
	same->newest = arena_alloc(arena, draft->module_count * sizeof(*same->newest));
}

static void unite_job(struct draft *draft, struct same *same, const struct draft_job *job)
{
	for (uint32_t i = job->first_module; i < job->first_module + job->module_count; i++) {
		uint32_t first = find_first(same, i);

		draft->modules[i].repeated = first != i && same->newest[first] >= job->first_module;
		draft->modules[first].referenced |= draft->modules[i].referenced;
		same->first[i] = first;
		same->newest[first] = i;
	}
}

void draft_unite_modules(struct draft *draft)
{
	struct same same;

	if (draft->module_count < 2)
		return;
	init_same(&same, draft);
	for (uint32_t i = 0; i < draft->job_count; i++)
		unite_job(draft, &same, &draft->jobs[i]);
	for (uint32_t i = 0; i < draft->module_count; i++)
		draft->modules[i].referenced = draft->modules[same.first[i]].referenced;
}
