/* SPDX-License-Identifier: MIT */
/* What the commands on a cache share. */
#include "cli/cache_args.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { LOCK_POLL_US = 5000 };

static bool take_option(struct cache_command *command, int letter)
{
	switch (letter) {
	case CACHE_JSON:
		command->is_json = true;
		return true;
	case CACHE_DELETE:
		command->is_delete = true;
		return true;
	case CACHE_ALL:
		command->is_all = true;
		return true;
	case CACHE_ABSENT:
		command->is_absent = true;
		return true;
	case CACHE_TO_MB:
		command->to_mb = optarg;
		return true;
	default:
		return cli_take_config_option(&command->args, letter);
	}
}

bool cache_parse(struct cache_command *command, const struct option *options)
{
	struct cli *cli = &command->cli;
	int letter;

	cli->options = options;
	cli->letters = CLI_CONFIG_LETTERS;
	while ((letter = cli_next_option(cli)) >= 0)
		if (!take_option(command, letter)) {
			cli->status = cli_usage_error(cli, "too many options");
			return false;
		}
	return letter != CLI_END;
}

static int open_existing(struct cache_command *command, struct err *err)
{
	const struct config_disk_cache *cache = &command->config->disk_cache;
	char *path = mem_printf("%s/state.map", cache->cache_path);
	int missing = access(path, F_OK);

	free(path);
	if (missing && command->may_be_missing)
		return 0;
	if (missing)
		return err_set(err, ERR_NOT_FOUND, "%s holds no cache", cache->cache_path);
	if (state_open(&command->state, cache->cache_path, err) < 0)
		return -1;
	return environment_open(&command->env, command->state, NULL, (uint64_t)cache->max_size_mb << 20, err);
}

bool cache_open(struct cache_command *command)
{
	struct err err = ERR_INIT;

	command->config = cli_open_config(&command->cli, &command->args);
	if (command->config == NULL)
		return false;
	if (open_existing(command, &err) == 0)
		return true;
	command->cli.status = cli_fail(&command->cli, &err);
	return false;
}

void cache_close(struct cache_command *command)
{
	environment_close(&command->env);
	if (command->state)
		state_close(command->state);
	config_free(command->config);
}

/* ---- every table ---- */

struct collecting {
	struct cache_tables *tables;
	size_t room;
};

static int collect(void *ctx, struct slice key, const struct store_table *table)
{
	struct collecting *collecting = ctx;
	struct cache_tables *tables = collecting->tables;

	if (tables->count == collecting->room) {
		collecting->room = collecting->room ? collecting->room * 2 : 64;
		tables->items = mem_realloc_array(tables->items, collecting->room, sizeof(*tables->items));
	}
	tables->items[tables->count++] = (struct cache_table){.key = mem_strndup(key.data, key.len), .table = *table};
	return 0;
}

static int by_last_use(const void *a, const void *b)
{
	const struct cache_table *one = a, *two = b;

	if (one->used_s != two->used_s)
		return one->used_s < two->used_s ? 1 : -1;
	return one->table.id < two->table.id ? 1 : -1;
}

int cache_tables_read(struct cache_command *command, struct cache_tables *ret, struct err *err)
{
	struct store *store = command->env.store;
	struct collecting collecting = {.tables = ret};

	*ret = (struct cache_tables){.items = NULL};
	if (store_each(store, collect, &collecting, err) < 0) {
		cache_tables_free(ret);
		return -1;
	}
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i].used_s = store_used_s(store, &ret->items[i].table);
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_last_use);
	return 0;
}

void cache_tables_free(struct cache_tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		free(tables->items[i].key);
	free(tables->items);
	*tables = (struct cache_tables){.items = NULL};
}

/* ---- locks ---- */

int cache_lock(int fetch_fd, struct slice key, unsigned wait_ms, struct err *err)
{
	uint64_t deadline_ms = clock_mono_ms() + wait_ms;
	int got;

	while ((got = file_lock(fetch_fd, environment_key_offset(key), 1, FILE_LOCK_EXCLUSIVE, false, err)) == 0) {
		if (clock_left_ms(deadline_ms) == 0)
			return err_set(err, ERR_BUSY, "%.*s is being fetched", SLICE_PRINT(key));
		usleep(LOCK_POLL_US);
	}
	return got == 1 ? 0 : -1;
}

void cache_unlock(int fetch_fd, struct slice key)
{
	file_unlock(fetch_fd, environment_key_offset(key), 1);
}
