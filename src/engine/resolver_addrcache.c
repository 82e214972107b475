/* SPDX-License-Identifier: MIT */
/* Resolving from memcached, and filling it. */
#include "engine/resolver_steps.h"

#include "addrcache/frame_value.h"
#include "base/clock.h"
#include "base/hash.h"

/* One multi-get's keys; more than this in one go would outlast its deadline. */
enum { KEYS_PER_GET = 2000 };

struct asked_key {
	struct wanted_module *module;
	uint32_t first, count; /* of the module's frames: those with this offset */
};

struct asking {
	struct resolving *r;
	struct asked_key asked[KEYS_PER_GET];
	struct slice keys[KEYS_PER_GET];
	size_t ends[KEYS_PER_GET];
	struct buf text;
	uint32_t count, hits;
};

static void take_value(void *ctx, size_t index, struct slice bytes)
{
	struct asking *asking = ctx;
	struct resolving *r = asking->r;
	struct asked_key *asked = &asking->asked[index];
	struct frame_value *value = arena_alloc(r->arena, sizeof(*value));

	/* what another host's version or a stranger wrote is a miss */
	if (!frame_value_decode(bytes, r->arena, value))
		return;
	asking->hits++;
	for (uint32_t i = 0; i < asked->count; i++) {
		uint32_t frame = asked->module->frames[asked->first + i].frame;

		if (r->wanted.known[frame])
			continue;
		wanted_answer(&r->wanted, asked->module, frame, value->found ? &value->answer : NULL);
		if (r->wanted.request->cache_hits)
			r->wanted.request->cache_hits[frame] = value->found;
	}
	asked->module->code_file = value->code_file;
}

static void point_keys(struct asking *asking)
{
	size_t start = 0;

	for (uint32_t i = 0; i < asking->count; i++) {
		asking->keys[i] = slice_make(asking->text.data + start, asking->ends[i] - start);
		start = asking->ends[i];
	}
}

/* Sends what was collected.  False: no use in asking on. */
static bool ask(struct asking *asking)
{
	struct resolving *r = asking->r;
	struct resolver *resolver = r->resolver;
	enum addrcache_result result;
	uint32_t asked = asking->count, hits = asking->hits;

	if (asked == 0)
		return true;
	point_keys(asking);
	result = addrcache_get_many(resolver->addrcache, asking->keys, asked, take_value, asking);
	hits = asking->hits - hits;
	counter_add(resolver->slot, COUNTER_addrcache_hit, hits);
	counter_add(resolver->slot, COUNTER_addrcache_missed, asked - hits);
	counter_add(resolver->slot, COUNTER_addrcache_failed, result == ADDRCACHE_FAILED);
	r->cache_lookups += asked;
	r->cache_hits += hits;
	asking->count = 0;
	buf_clear(&asking->text);
	return result == ADDRCACHE_OK && hits > 0;
}

/* Collects the module's open offsets, one key for equal ones. */
static bool ask_module(struct asking *asking, struct wanted_module *module)
{
	for (uint32_t i = 0; i < module->frame_count;) {
		uint64_t offset = module->frames[i].offset;
		uint32_t same = 1;

		while (i + same < module->frame_count && module->frames[i + same].offset == offset)
			same++;
		frame_key_add(&asking->text, module->key, module->local_identity, asking->r->nearest, offset);
		asking->asked[asking->count] = (struct asked_key){module, i, same};
		asking->ends[asking->count++] = asking->text.len;
		i += same;
		if (asking->count == KEYS_PER_GET && !ask(asking))
			return false;
	}
	return true;
}

static void settle_answered(struct resolving *r)
{
	for (uint32_t i = 0; i < r->wanted.module_count; i++) {
		struct wanted_module *module = &r->wanted.modules[i];

		if (module->state == MODULE_UNASKED && module->open_count == 0 && module->frame_count) {
			module->state = MODULE_FOUND;
			module->source = WANTED_ADDRCACHE;
		}
	}
}

void resolve_from_addrcache(struct resolving *r)
{
	struct asking *asking;
	uint64_t start;

	if (r->wanted.request->tables_only || !addrcache_usable(r->resolver->addrcache))
		return;
	start = clock_mono_us();
	asking = arena_alloc(r->arena, sizeof(*asking));
	asking->r = r;
	asking->count = asking->hits = 0;
	buf_init(&asking->text);
	for (uint32_t i = 0; i < r->wanted.module_count; i++)
		if (r->wanted.modules[i].state == MODULE_UNASKED && !ask_module(asking, &r->wanted.modules[i]))
			break;
	ask(asking);
	buf_release(&asking->text);
	settle_answered(r);
	r->cache_us += clock_mono_us() - start;
}

/*
 * Keys that were offered are known by a hash of what they are made of: nearly
 * every request asks for such only, and is not to pay for their text.
 */
static uint64_t module_hash(struct slice module_key, uint64_t generation, bool nearest)
{
	return hash_seeded(generation * 2 + nearest, module_key.data, module_key.len);
}

static uint64_t offset_hash(uint64_t module_hash, uint64_t offset)
{
	return hash_seeded(module_hash, &offset, sizeof(offset));
}

/*
 * A set of hashes that lie side by side, latest first.  With one place for each
 * hash, two hot keys that share it would be offered again and again in turn.
 */
enum { ADDED_WAYS = 8 };

static uint32_t *added_set(struct resolver *resolver, uint64_t hash)
{
	return &resolver->added[hash % (RESOLVER_ADDED_KEYS / ADDED_WAYS) * ADDED_WAYS];
}

/* What is kept of a hash; 0 is an empty place. */
static uint32_t added_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

static uint32_t *find_added(uint32_t *set, uint32_t tag)
{
	for (unsigned i = 0; i < ADDED_WAYS; i++)
		if (set[i] == tag)
			return &set[i];
	return NULL;
}

void resolver_forget_add(struct resolver *resolver, struct slice module_key, uint64_t generation,
			 bool nearest, uint64_t offset)
{
	uint64_t hash = offset_hash(module_hash(module_key, generation, nearest), offset);
	uint32_t *place = find_added(added_set(resolver, hash), added_tag(hash));

	if (place)
		*place = 0;
}

/* Whether it is new to this process; notes it. */
static bool is_first_add(struct resolver *resolver, uint64_t hash)
{
	uint32_t *set = added_set(resolver, hash), tag = added_tag(hash);

	if (find_added(set, tag))
		return false;
	memmove(set + 1, set, (ADDED_WAYS - 1) * sizeof(*set));
	set[0] = tag;
	return true;
}

/* What adds are made of: one after the other in the same memory. */
struct adding {
	struct resolver *resolver;
	const struct request *request;
	bool nearest;
	bool again; /* also what was offered before: another worker may have been told to delete it */
	struct buf key, value;
	uint64_t count;
};

static bool add_frame(struct adding *adding, const struct wanted_module *module,
		      const struct wanted_frame *frame)
{
	const struct symbol_answer *answer = adding->request->answers[frame->frame];
	struct frame_value value = {.found = answer != NULL, .code_file = module->code_file};
	enum addrcache_result result;

	if (answer)
		value.answer = *answer;
	buf_clear(&adding->key);
	buf_clear(&adding->value);
	frame_key_add(&adding->key, module->key, module->local_identity, adding->nearest, frame->offset);
	frame_value_encode(&adding->value, &value);
	result = addrcache_add(adding->resolver->addrcache, buf_slice(&adding->key), buf_slice(&adding->value));
	adding->count += result == ADDRCACHE_OK;
	return result == ADDRCACHE_OK;
}

static void add_module(struct adding *adding, const struct wanted_module *module)
{
	uint64_t hash = module_hash(module->key, module->local_identity, adding->nearest);

	for (uint32_t i = 0; i < module->frame_count; i++) {
		bool first = is_first_add(adding->resolver, offset_hash(hash, module->frames[i].offset));

		if ((first || adding->again) && !add_frame(adding, module, &module->frames[i]))
			break;
	}
}

void resolver_add_answers(struct resolver *resolver, const struct wanted *wanted, bool nearest, bool wait)
{
	struct adding adding = {
		.resolver = resolver, .request = wanted->request, .nearest = nearest, .again = wait};

	if (wanted->request->tables_only || !addrcache_usable(resolver->addrcache))
		return;
	for (uint32_t i = 0; i < wanted->module_count; i++)
		if (wanted->modules[i].source == WANTED_TABLE)
			add_module(&adding, &wanted->modules[i]);
	counter_add(resolver->slot, COUNTER_addrcache_added, adding.count);
	if (wait)
		addrcache_sync(resolver->addrcache);
	else if (adding.count)
		addrcache_flush(resolver->addrcache);
	buf_release(&adding.key);
	buf_release(&adding.value);
}
