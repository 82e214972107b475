/* SPDX-License-Identifier: MIT */
/* symbolicate cache purge, symbolicate cache trim. */
#include "cli/cache_args.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

static const char purge_usage[] =
	"Usage: symbolicate cache purge [OPTION]... DEBUG_FILE/DEBUG_ID...\n"
	"       symbolicate cache purge --all | --absent [OPTION]...\n\n"
	"Forgets modules: their tables, and that they are absent.  What is asked for again is\n"
	"fetched again; memcached keeps the answers that it has.  Modules that are being fetched\n"
	"are waited for, for ten seconds each.  Exit status: 66 if a module is not known, 75 if\n"
	"one is being fetched.\n\n"
	"      --all               all tables, and all that is known to be absent\n"
	"      --absent            only what is known to be absent\n"
	CLI_CONFIG_USAGE;

static const char trim_usage[] =
	"Usage: symbolicate cache trim [OPTION]... BYTES | --to-mb MB\n\n"
	"Deletes tables, the one not used for longest first, until the rest take no more than\n"
	"that.  The file keeps its size; what is free in it is used again.\n\n"
	"      --to-mb MB          in units of 1048576 bytes\n"
	CLI_CONFIG_USAGE;

struct purged {
	uint64_t tables, absent;
};

static int delete_key(struct cache_command *command, struct slice key, struct err *err)
{
	int result;

	if (cache_lock(command->state->fetch_fd, key, CACHE_LOCK_WAIT_MS, err) < 0)
		return -1;
	result = store_delete(command->env.store, key, err);
	cache_unlock(command->state->fetch_fd, key);
	return result;
}

/* ---- purge ---- */

/* "debug_file/debug_id": the last slash divides. */
static bool split_module(const char *text, struct module_name *ret)
{
	const char *slash = strrchr(text, '/');

	if (slash == NULL)
		return false;
	*ret = (struct module_name){slice_make(text, (size_t)(slash - text)), slice_of(slash + 1)};
	return module_is_askable(*ret);
}

static int purge_module(struct cache_command *command, struct module_name module, struct purged *purged,
			struct err *err)
{
	struct buf key = BUF_INIT, spelling = BUF_INIT;
	int table, absent = 0;

	module_add_key(&key, module);
	module_add_spelling(&spelling, module);
	table = delete_key(command, buf_slice(&key), err);
	if (table >= 0)
		absent = store_absent_delete(command->env.store, buf_slice(&spelling), err);
	if (table == 0 && absent == 0)
		err_set(err, ERR_NOT_FOUND, "%s is not in the cache", buf_text(&key));
	buf_release(&key);
	buf_release(&spelling);
	if (table < 0 || absent < 0 || table + absent == 0)
		return -1;
	purged->tables += (uint64_t)table;
	purged->absent += (uint64_t)absent;
	return 0;
}

/* Each argument for itself: one that is not there keeps nobody from the others. */
static int purge_modules(struct cache_command *command, char **arguments, struct purged *purged)
{
	int status = EX_OK;

	for (; *arguments; arguments++) {
		struct err err = ERR_INIT;
		struct module_name module;

		if (!split_module(*arguments, &module))
			status = cli_usage_error(&command->cli, "%s is no DEBUG_FILE/DEBUG_ID", *arguments);
		else if (purge_module(command, module, purged, &err) < 0)
			status = cli_fail(&command->cli, &err);
	}
	return status;
}

/* A table that is being fetched is left, and told. */
static int purge_tables(struct cache_command *command, struct purged *purged)
{
	struct cache_tables tables;
	struct err err = ERR_INIT;
	int status = EX_OK;

	if (cache_tables_read(command, &tables, &err) < 0)
		return cli_fail(&command->cli, &err);
	for (size_t i = 0; i < tables.count; i++) {
		int result = delete_key(command, slice_of(tables.items[i].key), &err);

		purged->tables += result > 0;
		if (result < 0)
			status = cli_fail(&command->cli, &err);
	}
	cache_tables_free(&tables);
	return status;
}

static int purge_absent(struct cache_command *command, struct purged *purged)
{
	struct err err = ERR_INIT;
	int64_t count = store_absent_clear(command->env.store, &err);

	if (count < 0)
		return cli_fail(&command->cli, &err);
	purged->absent += (uint64_t)count;
	return EX_OK;
}

static int purge(struct cache_command *command, char **arguments)
{
	struct purged purged = {0};
	int status = EX_OK, later = EX_OK;

	if (command->is_all)
		status = purge_tables(command, &purged);
	if (command->is_all || command->is_absent)
		later = purge_absent(command, &purged);
	else
		status = purge_modules(command, arguments, &purged);
	printf("purged: %" PRIu64 " tables, %" PRIu64 " absent modules\n", purged.tables, purged.absent);
	return status == EX_OK ? later : status;
}

int cache_purge(int argc, char **argv)
{
	static const struct option options[] = {
		CLI_CONFIG_OPTIONS,
		{"all", no_argument, NULL, CACHE_ALL},
		{"absent", no_argument, NULL, CACHE_ABSENT},
		{NULL, 0, NULL, 0},
	};
	struct cache_command command = {.cli = {.argc = argc, .argv = argv, .usage = purge_usage}};
	int status;

	if (!cache_parse(&command, options))
		status = command.cli.status;
	else if ((command.is_all || command.is_absent) != (optind == argc))
		status = cli_usage_error(&command.cli, "either modules are wanted, or --all, or --absent");
	else
		status = cache_open(&command) ? purge(&command, argv + optind) : command.cli.status;
	cache_close(&command);
	return status;
}

/* ---- trim ---- */

static int trim(struct cache_command *command, uint64_t max_bytes)
{
	struct cache_tables tables = {.items = NULL};
	struct store_stat stat;
	struct err err = ERR_INIT;
	uint64_t bytes, deleted = 0;
	int status = EX_OK;

	if (store_stat(command->env.store, &stat, &err) < 0 || cache_tables_read(command, &tables, &err) < 0)
		return cli_fail(&command->cli, &err);
	bytes = stat.pages * stat.page_bytes;
	for (size_t i = tables.count; i-- > 0 && bytes > max_bytes;) {
		int result = delete_key(command, slice_of(tables.items[i].key), &err);

		if (result < 0) {
			status = cli_fail(&command->cli, &err);
			continue;
		}
		deleted += (uint64_t)result;
		bytes -= tables.items[i].table.pages * stat.page_bytes;
	}
	cache_tables_free(&tables);
	printf("trimmed: %" PRIu64 " tables, %" PRIu64 " bytes are left\n", deleted, bytes);
	return bytes > max_bytes ? status : EX_OK;
}

int cache_trim(int argc, char **argv)
{
	static const struct option options[] = {
		CLI_CONFIG_OPTIONS, {"to-mb", required_argument, NULL, CACHE_TO_MB}, {NULL, 0, NULL, 0},
	};
	struct cache_command command = {.cli = {.argc = argc, .argv = argv, .usage = trim_usage}};
	const char *text;
	uint64_t size = 0;
	int status;

	if (!cache_parse(&command, options)) {
		status = command.cli.status;
	} else if (optind + (command.to_mb == NULL) != argc) {
		status = cli_usage_error(&command.cli, "either BYTES or --to-mb is wanted");
	} else {
		text = command.to_mb ? command.to_mb : argv[optind];
		if (!num_parse_dec(slice_of(text), UINT64_MAX >> 20, &size))
			status = cli_usage_error(&command.cli, "%s is no size", text);
		else if (!cache_open(&command))
			status = command.cli.status;
		else
			status = trim(&command, command.to_mb ? size << 20 : size);
	}
	cache_close(&command);
	return status;
}
