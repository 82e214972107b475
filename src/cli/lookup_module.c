/* SPDX-License-Identifier: MIT */
/* Looking up in a module of the configured cache. */
#include "cli/lookup_target.h"

#include "base/mem.h"
#include "base/num.h"
#include "store/store.h"

#include <dirent.h>
#include <stdlib.h>

struct module_target {
	struct store *store;
	struct store_table stored;
	struct names_ring *ring;
	struct table *table;
};

static int get_value(void *ctx, unsigned kind, uint64_t key, uint64_t *ret_key, struct slice *ret_value,
		     struct err *err)
{
	struct module_target *target = ctx;

	return store_value(target->store, target->stored.id, kind, key, ret_key, ret_value, err);
}

static int begin(void *ctx, struct err *err)
{
	struct module_target *target = ctx;

	return store_read_begin(target->store, err);
}

static void end(void *ctx)
{
	struct module_target *target = ctx;

	store_read_end(target->store);
}

static void close_target(void *ctx)
{
	struct module_target *target = ctx;

	if (target->table)
		table_close(target->table);
	if (target->ring)
		names_ring_free(target->ring);
	if (target->store)
		store_close(target->store);
	free(target);
}

/* The number of the newest db-N below the directory, 0 if there is none. */
static uint64_t newest_environment(const char *dir)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;
	uint64_t newest = 0, number;

	while (handle && (entry = readdir(handle)))
		if (strncmp(entry->d_name, "db-", 3) == 0 &&
		    num_parse_dec(slice_of(entry->d_name + 3), UINT32_MAX, &number) && number > newest)
			newest = number;
	if (handle)
		closedir(handle);
	return newest;
}

static int open_store(struct module_target *target, const struct config *config, struct err *err)
{
	uint64_t number = newest_environment(config->disk_cache.cache_path);
	struct store_options options = {.max_bytes = (uint64_t)config->disk_cache.max_size_mb << 20};
	char *dir;
	int result;

	if (number == 0)
		return err_set(err, ERR_NOT_FOUND, "%s holds no cache", config->disk_cache.cache_path);
	dir = mem_printf("%s/db-%llu", config->disk_cache.cache_path, (unsigned long long)number);
	options.dir = dir;
	result = store_open(&target->store, &options, err);
	free(dir);
	return result;
}

/* Inside a read. */
static int find_table(struct module_target *target, struct slice key, const struct table_source *source,
		      size_t ring_bytes, struct err *err)
{
	int found = store_find(target->store, key, &target->stored, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "%.*s is not in the cache", SLICE_PRINT(key));
	target->ring = names_ring_new(ring_bytes);
	return table_open(&target->table, source, target->ring, err);
}

static int open_table(struct module_target *target, const struct config *config, struct slice key,
		      const struct table_source *source, struct err *err)
{
	int result;

	if (open_store(target, config, err) < 0 || store_read_begin(target->store, err) < 0)
		return -1;
	result = find_table(target, key, source, (size_t)config->process.names_ring_mb << 20, err);
	store_read_end(target->store);
	return result;
}

/* A module that is not held yet would be fetched by the engine, which is to be asked from here. */
int lookup_open_module(struct lookup_target *ret, const struct config *config, struct module_name module,
		       struct err *err)
{
	struct module_target *target = mem_zalloc(sizeof(*target));
	struct table_source source = {.ctx = target, .epoch = 1, .get = get_value};
	struct buf key = BUF_INIT;
	int result;

	module_add_key(&key, module);
	result = open_table(target, config, buf_slice(&key), &source, err);
	buf_release(&key);
	if (result < 0) {
		close_target(target);
		return -1;
	}
	*ret = (struct lookup_target){target->table, source, begin, end, close_target, target};
	return 0;
}
