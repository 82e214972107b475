/* SPDX-License-Identifier: MIT */
/* -c FILE and -o KEY=VALUE of the commands that need the configuration. */
#ifndef CLI_CONFIG_ARGS_H
#define CLI_CONFIG_ARGS_H

#include "cli/cli.h"
#include "config/config.h"

enum { CLI_OVERRIDES_MAX = 256 };

#define CLI_CONFIG_LETTERS "c:o:"
#define CLI_CONFIG_OPTIONS {"config", required_argument, NULL, 'c'}, {"option", required_argument, NULL, 'o'}
#define CLI_CONFIG_USAGE \
	"  -c, --config FILE       the configuration file\n" \
	"  -o, --option KEY=VALUE  set a key for this run; may be repeated\n"

struct cli_config_args {
	const char *file;
	const char *overrides[CLI_OVERRIDES_MAX];
	unsigned override_count;
};

/* Takes 'c' or 'o' with optarg; false for other letters, and for one -o too many. */
bool cli_take_config_option(struct cli_config_args *args, int letter);

/*
 * The configuration, with its problems on standard error.  NULL with cli->status
 * set when it is not fit for use.  The caller frees it.
 */
struct config *cli_open_config(struct cli *cli, const struct cli_config_args *args);

#endif
