/* SPDX-License-Identifier: MIT */
/* symbolicate cache list, symbolicate cache stat. */
#include "cli/cache_args.h"
#include "cli/facts.h"

#include <inttypes.h>
#include <sysexits.h>

static const char list_usage[] =
	"Usage: symbolicate cache list [--json] [OPTION]...\n\n"
	"One line for each table, the last used first: module, bytes in the database, bytes of\n"
	"its symbol file, when it was made and last used (UTC), and where it is from: \"server\",\n"
	"or \"local\" for a file in DiskCache.localSymbolDirs.\n\n"
	"      --json              one JSON object a line\n"
	CLI_CONFIG_USAGE;

static const char stat_usage[] =
	"Usage: symbolicate cache stat [--json] [OPTION]...\n\n"
	"Limits, sizes and counts of the database, one a line.\n\n"
	"      --json              one JSON object\n"
	CLI_CONFIG_USAGE;

static const struct option json_options[] = {CLI_CONFIG_OPTIONS, CACHE_OPTION_JSON, {NULL, 0, NULL, 0}};

/* Reads the options, wants no arguments, opens the cache. */
static bool begin(struct cache_command *command)
{
	if (!cache_parse(command, json_options))
		return false;
	if (optind < command->cli.argc) {
		command->cli.status = cli_usage_error(&command->cli, "unexpected argument \"%s\"",
						      command->cli.argv[optind]);
		return false;
	}
	return cache_open(command);
}

/* ---- list ---- */

static void add_table_json(struct buf *out, const struct cache_table *item, uint64_t page_bytes, bool is_bad)
{
	const struct store_table *table = &item->table;

	buf_addf(out, "{\"module\":\"%s\",\"bytes\":%" PRIu64 ",\"pages\":%" PRIu64, item->key,
		 table->pages * page_bytes, table->pages);
	buf_addf(out, ",\"text_bytes\":%" PRIu64 ",\"made\":%" PRIu64 ",\"used\":%" PRIu64, table->text_bytes,
		 table->made_s, item->used_s);
	buf_addf(out, ",\"source\":\"%s\",\"id\":%" PRIu64 ",\"damaged\":%s}\n",
		 table->source ? "local" : "server", table->id, is_bad ? "true" : "false");
}

static void add_table_text(struct buf *out, const struct cache_table *item, uint64_t page_bytes, bool is_bad)
{
	buf_addf(out, "%s %" PRIu64 " %" PRIu64 " ", item->key, item->table.pages * page_bytes,
		 item->table.text_bytes);
	facts_add_date(out, item->table.made_s);
	buf_add_byte(out, ' ');
	facts_add_date(out, item->used_s);
	buf_addf(out, " %s%s\n", item->table.source ? "local" : "server", is_bad ? " damaged" : "");
}

static int list(struct cache_command *command, struct err *err)
{
	struct buf out = BUF_INIT;
	struct cache_tables tables;
	struct store_stat stat;
	int status;

	if (store_stat(command->env.store, &stat, err) < 0 || cache_tables_read(command, &tables, err) < 0)
		return cli_fail(&command->cli, err);
	for (size_t i = 0; i < tables.count; i++)
		(command->is_json ? add_table_json : add_table_text)(
			&out, &tables.items[i], stat.page_bytes,
			state_bad_table_has(command->state, tables.items[i].table.id));
	status = cli_flush(&out) ? EX_OK : EX_IOERR;
	buf_release(&out);
	cache_tables_free(&tables);
	return status;
}

int cache_list(int argc, char **argv)
{
	struct cache_command command = {.cli = {.argc = argc, .argv = argv, .usage = list_usage}};
	struct err err = ERR_INIT;
	int status = begin(&command) ? list(&command, &err) : command.cli.status;

	cache_close(&command);
	return status;
}

/* ---- stat ---- */

static unsigned count_damaged(const struct state *state)
{
	unsigned count = 0;

	for (int i = 0; i < STATE_BAD_TABLES; i++)
		count += atomic_load(&state->map->bad_tables[i]) != 0;
	return count;
}

static int show(struct cache_command *command, const struct store_stat *stat)
{
	struct facts facts;
	int status;

	facts_begin(&facts, command->is_json);
	facts_number(&facts, "database", command->env.number);
	facts_number(&facts, "max_bytes", stat->max_bytes);
	facts_number(&facts, "file_bytes", stat->file_bytes);
	facts_number(&facts, "page_bytes", stat->page_bytes);
	facts_number(&facts, "budget_pages", stat->budget_pages);
	facts_number(&facts, "live_pages", stat->pages);
	facts_number(&facts, "pending_pages", stat->pending_pages);
	facts_number(&facts, "dying_pages", stat->dying_pages);
	facts_number(&facts, "free_pages", stat->free_pages);
	facts_number(&facts, "tables", stat->tables);
	facts_number(&facts, "damaged_tables", count_damaged(command->state));
	facts_number(&facts, "absent_modules", stat->absent_entries);
	facts_end(&facts);
	status = cli_flush(&facts.out) ? EX_OK : EX_IOERR;
	buf_release(&facts.out);
	return status;
}

int cache_stat(int argc, char **argv)
{
	struct cache_command command = {.cli = {.argc = argc, .argv = argv, .usage = stat_usage}};
	struct store_stat stat;
	struct err err = ERR_INIT;
	int status = command.cli.status;

	if (!begin(&command))
		status = command.cli.status;
	else if (store_stat(command.env.store, &stat, &err) < 0)
		status = cli_fail(&command.cli, &err);
	else
		status = show(&command, &stat);
	cache_close(&command);
	return status;
}
