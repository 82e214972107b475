/* SPDX-License-Identifier: MIT */
/* symbolicate cache verify. */
#include "cli/cache_args.h"

#include "base/json_text.h"
#include "engine/open_tables.h"

#include <sysexits.h>

static const char usage[] =
	"Usage: symbolicate cache verify [--delete] [--json] [OPTION]...\n\n"
	"Looks over every table: all checksums, and whether it can be read.  Damaged ones are\n"
	"named, one a line.  Exit status: 0 if there are none, 65 if there are.\n\n"
	"      --delete            delete the damaged ones; they are fetched anew when asked for\n"
	"      --json              one JSON object for each damaged one, one more with the counts\n"
	CLI_CONFIG_USAGE;

enum { RING_BYTES = 1 << 20 };

struct verifying {
	struct cache_command *command;
	struct names_ring *ring;
	struct buf out;
	unsigned good, damaged, deleted;
};

/* 1 it is whole, 0 it is gone meanwhile, -1. */
static int check_table(struct verifying *v, struct slice key, struct store_table *ret, struct err *err)
{
	struct store *store = v->command->env.store;
	int found = store_find(store, key, ret, err);
	struct table_view view = {.store = store, .table_id = ret->id};
	struct table_source source = table_view_source(&view);
	struct table *table;
	int result;

	if (found <= 0)
		return found;
	if (table_open(&table, &source, v->ring, err) < 0)
		return -1;
	view.epoch = store_read_number(store);
	source = table_view_source(&view);
	result = table_check(table, &source, err);
	table_close(table);
	return result < 0 ? -1 : 1;
}

/* One read for each table: none of them is open for long. */
static int check_key(struct verifying *v, struct slice key, struct store_table *ret, struct err *err)
{
	struct store *store = v->command->env.store;
	int result;

	*ret = (struct store_table){.id = 0};
	if (store_read_begin(store, err) < 0)
		return -1;
	result = check_table(v, key, ret, err);
	store_read_end(store);
	return result;
}

static int delete_table(struct verifying *v, struct slice key, uint64_t id, struct err *err)
{
	struct state *state = v->command->state;
	int result;

	if (cache_lock(state->fetch_fd, key, CACHE_LOCK_WAIT_MS, err) < 0)
		return -1;
	result = store_delete_id(v->command->env.store, id, err);
	cache_unlock(state->fetch_fd, key);
	if (result < 0)
		return -1;
	state_bad_table_remove(state, id);
	v->deleted += (unsigned)result;
	return 0;
}

static void report(struct verifying *v, struct slice key, const struct err *err)
{
	if (v->command->is_json) {
		buf_addf(&v->out, "{\"module\":\"%.*s\",\"error\":", SLICE_PRINT(key));
		json_add_string(&v->out, slice_of(err->msg), JSON_UTF8);
		buf_add_text(&v->out, "}\n");
	} else {
		buf_addf(&v->out, "%.*s: %s\n", SLICE_PRINT(key), err->msg);
	}
	cli_flush(&v->out);
}

/* -1: the cache as a whole cannot be read or changed. */
static int verify_key(struct verifying *v, struct slice key, struct err *err)
{
	struct store_table table;
	int result = check_key(v, key, &table, err);

	v->good += result > 0;
	if (result >= 0)
		return 0;
	if (err->code != ERR_CORRUPT || table.id == 0)
		return -1;
	v->damaged++;
	report(v, key, err);
	return v->command->is_delete ? delete_table(v, key, table.id, err) : 0;
}

static int finish(struct verifying *v)
{
	buf_addf(&v->out,
		 v->command->is_json ? "{\"good\":%u,\"damaged\":%u,\"deleted\":%u}\n"
				     : "%u tables are good, %u are damaged, %u deleted\n",
		 v->good, v->damaged, v->deleted);
	if (!cli_flush(&v->out))
		return EX_IOERR;
	return v->damaged ? EX_DATAERR : EX_OK;
}

static int verify(struct cache_command *command)
{
	struct verifying v = {.command = command, .ring = names_ring_new(RING_BYTES)};
	struct cache_tables tables = {.items = NULL};
	struct err err = ERR_INIT;
	int result = cache_tables_read(command, &tables, &err), status;

	for (size_t i = 0; i < tables.count && result == 0; i++)
		result = verify_key(&v, slice_of(tables.items[i].key), &err);
	status = result < 0 ? cli_fail(&command->cli, &err) : finish(&v);
	cache_tables_free(&tables);
	names_ring_free(v.ring);
	buf_release(&v.out);
	return err.code == ERR_CORRUPT && result < 0 ? EX_DATAERR : status;
}

int cache_verify(int argc, char **argv)
{
	static const struct option options[] = {
		CLI_CONFIG_OPTIONS,
		CACHE_OPTION_JSON,
		{"delete", no_argument, NULL, CACHE_DELETE},
		{NULL, 0, NULL, 0},
	};
	struct cache_command command = {.cli = {.argc = argc, .argv = argv, .usage = usage}};
	int status;

	if (!cache_parse(&command, options))
		status = command.cli.status;
	else if (optind < argc)
		status = cli_usage_error(&command.cli, "unexpected argument \"%s\"", argv[optind]);
	else
		status = cache_open(&command) ? verify(&command) : command.cli.status;
	cache_close(&command);
	return status;
}
