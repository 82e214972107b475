/* SPDX-License-Identifier: MIT */
/* Looking up in a module of the configured cache, which is searched for as a request would have it. */
#include "cli/lookup_target.h"

#include "base/file.h"
#include "base/mem.h"
#include "engine/settings.h"

#include <stdlib.h>

struct module_target {
	struct state *state;
	struct environment env;
	struct settings_sources sources;
	struct store_table stored;
	struct table_view view;
	struct names_ring *ring;
	struct table *table;
};

static int begin(void *ctx, struct err *err)
{
	struct module_target *target = ctx;

	return store_read_begin(target->env.store, err);
}

static void end(void *ctx)
{
	struct module_target *target = ctx;

	store_read_end(target->env.store);
}

static void close_target(void *ctx)
{
	struct module_target *target = ctx;

	if (target->table)
		table_close(target->table);
	if (target->ring)
		names_ring_free(target->ring);
	settings_sources_release(&target->sources);
	environment_close(&target->env);
	state_close(target->state);
	free(target);
}

static int open_cache(struct module_target *target, const struct config *config, struct err *err)
{
	const struct config_disk_cache *cache = &config->disk_cache;

	if (settings_sources_init(&target->sources, config, err) < 0 ||
	    state_open(&target->state, cache->cache_path, err) < 0)
		return -1;
	return environment_open(&target->env, target->state, NULL, (uint64_t)cache->max_size_mb << 20, err);
}

static int search(struct module_target *target, const struct config *config, struct module_name module,
		  struct slice key, struct err *err)
{
	char *tmp_dir = mem_printf("%s/tmp", config->disk_cache.cache_path);
	struct searcher searcher = {.env = &target->env};
	struct search_result result = {.outcome = FLIGHT_UNKNOWN};
	struct upstream_options options;
	int status;

	settings_search(config, &target->sources, &searcher.options);
	searcher.options.tmp_dir = tmp_dir;
	settings_upstream(config, &options);
	options.state = target->state;
	status = file_make_dirs(tmp_dir, err) < 0 ? -1 : upstream_open(&searcher.upstream, &options, err);
	if (status == 0) {
		search_module(&searcher, module, key, &result);
		upstream_close(searcher.upstream);
	}
	free(tmp_dir);
	if (status < 0 || result.outcome == FLIGHT_FOUND)
		return status;
	if (result.outcome == FLIGHT_ABSENT)
		return err_set(err, ERR_NOT_FOUND, "%.*s: no source has a usable symbol file%s%s", SLICE_PRINT(key),
			       *result.cause ? ": " : "", result.cause);
	return err_set(err, ERR_UPSTREAM, "%.*s: %s", SLICE_PRINT(key), result.cause);
}

/* Inside a read. */
static int find_table(struct module_target *target, struct slice key, size_t ring_bytes, struct err *err)
{
	int found = store_find(target->env.store, key, &target->stored, err);
	struct table_source source;

	if (found <= 0)
		return found < 0 ? -1 : err_set(err, ERR_NOT_FOUND, "%.*s is not in the cache", SLICE_PRINT(key));
	target->view = (struct table_view){.store = target->env.store, .table_id = target->stored.id};
	source = table_view_source(&target->view);
	target->ring = names_ring_new(ring_bytes);
	return table_open(&target->table, &source, target->ring, err);
}

static int open_table(struct module_target *target, const struct config *config, struct module_name module,
		      struct err *err)
{
	struct buf key = BUF_INIT;
	int result;

	module_add_key(&key, module);
	result = open_cache(target, config, err);
	if (result == 0)
		result = search(target, config, module, buf_slice(&key), err);
	if (result == 0)
		result = store_read_begin(target->env.store, err);
	if (result == 0) {
		result = find_table(target, buf_slice(&key), (size_t)config->process.names_ring_mb << 20, err);
		store_read_end(target->env.store);
	}
	buf_release(&key);
	return result;
}

int lookup_open_module(struct lookup_target *ret, const struct config *config, struct module_name module,
		       struct err *err)
{
	struct module_target *target = mem_zalloc(sizeof(*target));

	if (open_table(target, config, module, err) < 0) {
		close_target(target);
		return -1;
	}
	*ret = (struct lookup_target){
		target->table, table_view_source(&target->view), begin, end, close_target, target,
	};
	return 0;
}
