/* SPDX-License-Identifier: MIT */
/* -c and -o. */
#include "cli/config_args.h"

#include <stdio.h>
#include <sysexits.h>

bool cli_take_config_option(struct cli_config_args *args, int letter)
{
	if (letter == 'c')
		args->file = optarg;
	else if (letter == 'o' && args->override_count < CLI_OVERRIDES_MAX)
		args->overrides[args->override_count++] = optarg;
	else
		return false;
	return true;
}

static void report(const struct config_problems *problems)
{
	struct buf text = BUF_INIT;

	config_problems_format(problems, &text);
	fputs(buf_text(&text), stderr);
	buf_release(&text);
}

struct config *cli_open_config(struct cli *cli, const struct cli_config_args *args)
{
	struct config_args all = {args->file, args->overrides, args->override_count};
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct config *config = NULL;
	struct err err = ERR_INIT;

	if (config_open(&config, &all, &problems, &err) < 0)
		cli->status = cli_fail(cli, &err);
	report(&problems);
	if (problems.errors) {
		cli->status = EX_CONFIG;
		config_free(config);
		config = NULL;
	}
	config_problems_release(&problems);
	return config;
}
