/* SPDX-License-Identifier: MIT */
/* symbolicate counters: the totals of all processes on a cache directory. */
#include "cli/config_args.h"

#include "base/mem.h"
#include "stats/state.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
	"Usage: symbolicate counters [--json] [OPTION]...\n\n"
	"Shows what all processes on the cache directory have counted, one NAME VALUE a line.\n"
	"Counters outlive the server; a server may be running.\n\n"
	"      --json              one JSON object\n"
	"      --cache DIR         the cache directory, instead of the configuration's\n"
	CLI_CONFIG_USAGE;

enum { OPTION_JSON = 1000, OPTION_CACHE };

static void format(const struct state *state, bool json, struct buf *text)
{
	buf_add_text(text, json ? "{" : "");
	for (int i = 0; i < COUNTER_COUNT; i++) {
		uint64_t value = state_counter(state, (enum counter)i);

		if (json)
			buf_addf(text, "%s\"%s\":%llu", i ? "," : "", counter_names[i], (unsigned long long)value);
		else
			buf_addf(text, "%s %llu\n", counter_names[i], (unsigned long long)value);
	}
	buf_add_text(text, json ? "}\n" : "");
}

/* Without a map there is nothing to show, and a cache directory is not made by looking. */
static int open_existing(struct state **ret, const char *dir, struct err *err)
{
	char *path = mem_printf("%s/state.map", dir);
	int missing = access(path, F_OK);

	free(path);
	if (missing)
		return err_set(err, ERR_NOT_FOUND, "%s holds no cache", dir);
	return state_open(ret, dir, err);
}

static int show(const struct cli *cli, const char *dir, bool json)
{
	struct buf text = BUF_INIT;
	struct state *state;
	struct err err = ERR_INIT;
	int status;

	if (open_existing(&state, dir, &err) < 0)
		return cli_fail(cli, &err);
	format(state, json, &text);
	state_close(state);
	status = cli_flush(&text) ? EX_OK : EX_IOERR;
	buf_release(&text);
	return status;
}

int command_counters(int argc, char **argv)
{
	static const struct option options[] = {
		CLI_CONFIG_OPTIONS,
		{"json", no_argument, NULL, OPTION_JSON},
		{"cache", required_argument, NULL, OPTION_CACHE},
		{NULL, 0, NULL, 0},
	};
	struct cli cli = {argc, argv, CLI_CONFIG_LETTERS, options, usage, EX_OK};
	struct cli_config_args args = {.file = NULL};
	struct config *config = NULL;
	const char *dir = NULL;
	bool json = false;
	int letter, status;

	while ((letter = cli_next_option(&cli)) >= 0) {
		if (letter == OPTION_JSON)
			json = true;
		else if (letter == OPTION_CACHE)
			dir = optarg;
		else if (!cli_take_config_option(&args, letter))
			return cli_usage_error(&cli, "too many options");
	}
	if (letter == CLI_END)
		return cli.status;
	if (optind < argc)
		return cli_usage_error(&cli, "unexpected argument \"%s\"", argv[optind]);
	if (dir == NULL && (config = cli_open_config(&cli, &args)) == NULL)
		return cli.status;
	status = show(&cli, dir ? dir : config->disk_cache.cache_path, json);
	config_free(config);
	return status;
}
