/* SPDX-License-Identifier: MIT */
/* Resolving from the tables that are held here. */
#include "engine/resolver_steps.h"

#include "base/clock.h"
#include "base/log.h"

static void note_damage(struct resolving *r, const struct wanted_module *module, uint64_t table_id,
			const struct err *err)
{
	static struct log_limit limit;
	struct resolver *resolver = r->resolver;

	log_limited(&limit, LEVEL_ERROR, "table of %.*s is damaged and will be rebuilt: %s", SLICE_PRINT(module->key),
		    err->msg);
	counter_add(resolver->slot, COUNTER_tables_damaged, 1);
	state_bad_table_add(resolver->env->state, table_id);
	open_tables_drop(resolver->tables, table_id);
}

static struct table_query *open_queries(struct resolving *r, struct wanted_module *module)
{
	struct table_query *queries = arena_calloc(r->arena, module->open_count, sizeof(*queries));
	uint32_t n = 0;

	for (uint32_t i = 0; i < module->frame_count; i++)
		if (!r->wanted.known[module->frames[i].frame])
			queries[n++].address = module->frames[i].offset;
	return queries;
}

static int look_up_nearest(struct table *table, const struct table_source *source, struct table_query *queries,
			   uint32_t count, struct arena *arena, struct err *err)
{
	for (uint32_t i = 0; i < count; i++) {
		int found = table_lookup_nearest(table, source, queries[i].address, arena, &queries[i].answer, err);

		if (found < 0)
			return -1;
		queries[i].found = found;
	}
	return 0;
}

static void take_answers(struct resolving *r, struct wanted_module *module, const struct table_query *queries)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < module->frame_count; i++) {
		uint32_t frame = module->frames[i].frame;

		if (r->wanted.known[frame])
			continue;
		wanted_answer(&r->wanted, module, frame, queries[n].found ? &queries[n].answer : NULL);
		n++;
	}
}

static int look_up(struct resolving *r, struct wanted_module *module, const struct store_table *stored,
		   struct err *err)
{
	struct resolver *resolver = r->resolver;
	struct table_view view = {resolver->env->store, stored->id, store_read_number(resolver->env->store)};
	struct table_source source = table_view_source(&view);
	struct table *table = open_tables_get(resolver->tables, resolver->env->store, stored->id, err);
	struct table_query *queries;
	uint32_t count = module->open_count;
	int result;

	if (table == NULL)
		return -1;
	queries = open_queries(r, module);
	result = r->nearest ? look_up_nearest(table, &source, queries, count, r->arena, err)
			    : table_lookup_sorted(table, &source, queries, count, r->arena, err);
	if (result < 0)
		return -1;
	module->code_file = arena_copy(r->arena, table_info(table)->code_file);
	if (table_info(table)->code_file.data == NULL)
		module->code_file = (struct slice){NULL, 0};
	take_answers(r, module, queries);
	return 0;
}

/* The table must have been made from the file that a local directory has now, if one has. */
static bool is_current(const struct wanted_module *module, const struct store_table *stored)
{
	return stored->source == module->local_identity;
}

static int resolve_module(struct resolving *r, struct wanted_module *module, struct err *err)
{
	struct resolver *resolver = r->resolver;
	struct store_table stored;
	int found = store_find(resolver->env->store, module->key, &stored, err);

	if (found < 0)
		return -1;
	if (!found || !is_current(module, &stored) || state_bad_table_has(resolver->env->state, stored.id))
		return 0;
	if (look_up(r, module, &stored, err) < 0) {
		if (err->code != ERR_CORRUPT)
			return -1;
		note_damage(r, module, stored.id, err);
		return 0;
	}
	store_touch(resolver->env->store, &stored);
	module->state = MODULE_FOUND;
	module->source = WANTED_TABLE;
	return 0;
}

static int resolve_modules(struct resolving *r, struct err *err)
{
	for (uint32_t i = 0; i < r->wanted.module_count; i++) {
		struct wanted_module *module = &r->wanted.modules[i];

		if (module->state == MODULE_UNASKED && resolve_module(r, module, err) < 0)
			return -1;
	}
	return 0;
}

static void note_unreadable(const struct err *err)
{
	static struct log_limit limit;

	log_limited(&limit, LEVEL_ERROR, "cannot read the database: %s", err->msg);
}

static int read_tables(struct resolving *r, struct err *err)
{
	struct store *store = r->resolver->env->store;
	int result = store_read_begin(store, err);

	if (result == 0) {
		result = resolve_modules(r, err);
		store_read_end(store);
	}
	return result;
}

void resolve_from_tables(struct resolving *r)
{
	struct environment *env = r->resolver->env;
	struct err err = ERR_INIT;
	uint64_t start_us = clock_mono_us();
	int result = read_tables(r, &err);

	r->table_us += clock_mono_us() - start_us;
	if (result == 0)
		return;
	if (err.code == ERR_CORRUPT) {
		/* who moves it aside tells why */
		open_tables_clear(r->resolver->tables);
		result = environment_condemn(env, err.msg, &err);
	}
	if (result < 0)
		note_unreadable(&err);
}

static void settle_if_remembered(struct resolving *r, struct wanted_module *module, uint64_t now_s,
				 struct buf *spelling)
{
	struct resolver *resolver = r->resolver;
	struct store_absent entries[STORE_ABSENT_SOURCES];
	struct err err = ERR_INIT;
	enum sources_word word;
	int count;

	/* a local file, once there, outranks what was known before */
	if (module->state != MODULE_UNASKED || module->local_identity)
		return;
	buf_clear(spelling);
	module_add_spelling(spelling, module->name);
	count = store_absent_get(resolver->env->store, buf_slice(spelling), now_s, entries, &err);
	if (count < 0) {
		note_unreadable(&err);
		count = 0;
	}
	word = sources_remembered(&resolver->options.sources, resolver->env->state, module->name.debug_file,
				  entries, count);
	if (word == SOURCES_SILENT)
		return;
	module->state = word == SOURCES_ABSENT ? MODULE_ABSENT : MODULE_UNSETTLED;
	counter_add(resolver->slot, word == SOURCES_ABSENT ? COUNTER_absent_hit : COUNTER_unknown_hit, 1);
}

void resolve_remembered(struct resolving *r)
{
	struct store *store = r->resolver->env->store;
	struct buf spelling = BUF_INIT;
	struct err err = ERR_INIT;

	if (store == NULL)
		return;
	if (store_read_begin(store, &err) < 0) {
		note_unreadable(&err);
		return;
	}
	for (uint32_t i = 0; i < r->wanted.module_count; i++)
		settle_if_remembered(r, &r->wanted.modules[i], clock_wall_s(), &spelling);
	store_read_end(store);
	buf_release(&spelling);
}
