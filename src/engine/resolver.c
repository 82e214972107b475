/* SPDX-License-Identifier: MIT */
/* Resolving a request: the order of the steps. */
#include "engine/resolver.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/resolver_steps.h"

#include <stdlib.h>


struct resolver_adds {
	struct wanted wanted;
	bool nearest;
};

void resolver_init(struct resolver *resolver, const struct resolver_options *options, struct environment *env,
		   struct open_tables *tables, struct addrcache *addrcache, struct flight_control *flights,
		   struct state_slot *slot)
{
	*resolver = (struct resolver){
		.options = *options,
		.env = env,
		.tables = tables,
		.addrcache = addrcache,
		.flights = flights,
		.slot = slot,
		.added = mem_calloc(RESOLVER_ADDED_KEYS, sizeof(uint32_t)),
	};
}

void resolver_release(struct resolver *resolver)
{
	free(resolver->added);
	resolver->added = NULL;
}

static int refresh_environment(struct resolver *resolver)
{
	uint32_t number = resolver->env->number;
	struct err err = ERR_INIT;

	open_tables_trim(resolver->tables);
	if (environment_refresh(resolver->env, &err) < 0) {
		static struct log_limit limit;

		log_limited(&limit, LEVEL_ERROR, "cannot open the database: %s", err.msg);
		return -1;
	}
	if (resolver->env->number != number)
		open_tables_clear(resolver->tables);
	return 0;
}

static void find_local_files(struct resolving *r)
{
	const struct resolver_options *options = &r->resolver->options;

	for (uint32_t m = 0; m < r->wanted.module_count && options->local_dir_count; m++) {
		struct wanted_module *module = &r->wanted.modules[m];

		for (unsigned d = 0; d < options->local_dir_count; d++)
			if (upstream_local_identity(&options->local_dirs[d], module->name, &module->local_identity) == 1)
				break;
	}
}

static bool is_snappy(const struct request *request)
{
	return request->dialect == DIALECT_SNAPPY_V3 || request->dialect == DIALECT_SNAPPY_V4;
}

/* What is still open after everything is not settled: its search goes on, or came to no clear end. */
static bool settle_rest(struct resolving *r)
{
	bool unsettled = false;

	for (uint32_t i = 0; i < r->wanted.module_count; i++) {
		struct wanted_module *module = &r->wanted.modules[i];

		/* frames with odd offsets alone say nothing of their module */
		if (module->state == MODULE_UNASKED && module->frame_count) {
			module->state = MODULE_UNSETTLED;
			counter_add(r->resolver->slot, COUNTER_flights_unsettled, !module->landed);
		}
		unsettled |= module->state == MODULE_UNSETTLED;
	}
	return unsettled;
}

static void count_tables(struct resolving *r)
{
	uint64_t held = 0;

	for (uint32_t i = 0; i < r->wanted.module_count; i++)
		held += r->wanted.modules[i].source == WANTED_TABLE;
	counter_add(r->resolver->slot, COUNTER_modules, r->wanted.module_count);
	counter_add(r->resolver->slot, COUNTER_tables_hit, held);
	counter_add(r->resolver->slot, COUNTER_tables_missed, r->wanted.module_count - held);
}

static void count_frames(struct resolving *r)
{
	const struct request *request = r->wanted.request;

	for (uint32_t i = 0; i < request->frame_count; i++)
		r->resolved += request->answers[i] != NULL;
	counter_add(r->resolver->slot, COUNTER_frames, request->frame_count);
	counter_add(r->resolver->slot, COUNTER_frames_resolved, r->resolved);
}

static bool is_settled(const struct wanted_module *module)
{
	return module->state != MODULE_UNASKED;
}

static bool all_settled(const struct resolving *r)
{
	for (uint32_t i = 0; i < r->wanted.module_count; i++)
		if (!is_settled(&r->wanted.modules[i]))
			return false;
	return true;
}

static bool any_settled(const struct resolving *r)
{
	for (uint32_t i = 0; i < r->wanted.module_count; i++)
		if (is_settled(&r->wanted.modules[i]) && r->wanted.modules[i].state != MODULE_UNSETTLED)
			return true;
	return false;
}

static enum resolver_verdict take_steps(struct resolving *r)
{
	enum resolver_verdict verdict;

	if (r->adds_first)
		resolve_from_addrcache(r);
	resolve_from_tables(r);
	count_tables(r);
	if (all_settled(r))
		return RESOLVER_COMPLETE;
	if (!r->adds_first)
		resolve_from_addrcache(r);
	resolve_remembered(r);
	verdict = resolve_by_flights(r);
	if (verdict == RESOLVER_CLIENT_GONE)
		return verdict;
	if (r->over_cap && !any_settled(r))
		return RESOLVER_BUSY;
	if (refresh_environment(r->resolver) == 0)
		resolve_from_tables(r);
	return settle_rest(r) ? RESOLVER_UNSETTLED : RESOLVER_COMPLETE;
}

static struct module_timing *module_timings(struct resolving *r)
{
	uint32_t count = r->wanted.module_count;
	struct module_timing *timings = arena_calloc(r->arena, count, sizeof(*timings));
	struct job_module *names = arena_calloc(r->arena, count, sizeof(*names));

	for (uint32_t i = 0; i < count; i++) {
		const struct wanted_module *module = &r->wanted.modules[i];
		const struct flight_report *report = &module->report;
		bool found = module->landed && report->outcome == FLIGHT_FOUND;

		names[i].name = module->name;
		timings[i] = (struct module_timing){
			.module = &names[i],
			.download_s = found ? (double)report->download_us / 1e6 : -1,
			.download_failed_s = module->landed && !found ? (double)report->download_us / 1e6 : -1,
			.parse_s = found ? (double)report->build_us / 1e6 : -1,
			.save_s = found ? (double)report->insert_us / 1e6 : -1,
			.download_bytes = report->wire_bytes,
			.jobs = module->jobs,
		};
	}
	return timings;
}

static void fill_timing(struct resolving *r, uint64_t start_us, struct request_timing *ret)
{
	bool detailed = r->wanted.request->want_debug;

	*ret = (struct request_timing){
		.total_s = (double)(clock_mono_us() - start_us) / 1e6,
		.cache_lookup_s = (double)r->cache_us / 1e6,
		.table_s = (double)r->table_us / 1e6,
		.wait_s = (double)r->wait_us / 1e6,
		.resolved = r->resolved,
		.cache_lookups = r->cache_lookups,
		.cache_hits = r->cache_hits,
		.module_count = r->wanted.module_count,
		.modules = detailed ? module_timings(r) : NULL,
		.timing_count = detailed ? r->wanted.module_count : 0,
	};
}

enum resolver_verdict resolver_resolve(struct resolver *resolver, struct request *request, struct arena *arena,
				       const struct resolver_wait *wait, struct request_timing *ret_timing,
				       struct resolver_adds **ret_adds)
{
	struct resolving r = {
		.resolver = resolver,
		.arena = arena,
		.wait = wait,
		.nearest = resolver->options.nearest && is_snappy(request),
		.adds_first = is_snappy(request) && atomic_load(&resolver->env->state->map->cache_hits_mode),
	};
	uint64_t start_us = clock_mono_us();
	enum resolver_verdict verdict;

	*ret_adds = NULL;
	if (refresh_environment(resolver) < 0)
		return RESOLVER_BUSY;
	if (r.adds_first)
		request->cache_hits = arena_calloc(arena, request->frame_count, sizeof(bool));
	wanted_collect(&r.wanted, request, arena);
	find_local_files(&r);
	verdict = take_steps(&r);
	wanted_spread(&r.wanted);
	count_frames(&r);
	fill_timing(&r, start_us, ret_timing);
	*ret_adds = arena_alloc(arena, sizeof(**ret_adds));
	**ret_adds = (struct resolver_adds){r.wanted, r.nearest};
	if (r.adds_first) {
		resolver_add_answers(resolver, &r.wanted, r.nearest, true);
		*ret_adds = NULL;
	}
	return verdict;
}

void resolver_after_answer(struct resolver *resolver, struct resolver_adds *adds)
{
	if (adds)
		resolver_add_answers(resolver, &adds->wanted, adds->nearest, false);
}
