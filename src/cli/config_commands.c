/* SPDX-License-Identifier: MIT */
/* symbolicate check-config, symbolicate print-config. */
#include "cli/config_args.h"

#include "engine/settings.h"

#include <stdio.h>
#include <sysexits.h>

static const char check_usage[] =
	"Usage: symbolicate check-config [OPTION]...\n\n"
	"Reads the configuration as the server would.  What is wrong with it goes to standard\n"
	"error, as FILE:LINE: error|warning: TEXT.  Exit status: 0 if there is no error, 66 if\n"
	"the file cannot be read, 78 otherwise.\n\n"
	CLI_CONFIG_USAGE;

static const char print_usage[] =
	"Usage: symbolicate print-config [OPTION]...\n\n"
	"Shows the configuration that counts: defaults, file and options together, with header\n"
	"values and the credentials in URLs removed.\n\n"
	CLI_CONFIG_USAGE
	"      --get KEY           the value of one key: text plain, a list one item a line\n"
	"      --defaults          the defaults alone, as etc/symbolicate.json\n"
	"      --markdown          the table of keys, as docs/configuration.md\n";

enum { SHOW_EFFECTIVE, SHOW_DEFAULTS = 1000, SHOW_MARKDOWN, SHOW_KEY };

static int print_and_free(struct config *config)
{
	struct buf text = BUF_INIT;
	int status;

	config_print(config, &text, 0);
	status = cli_flush(&text) ? EX_OK : EX_IOERR;
	buf_release(&text);
	config_free(config);
	return status;
}

static int print_key_and_free(const struct cli *cli, struct config *config, const char *key)
{
	struct buf text = BUF_INIT;
	int status = EX_OK;

	if (!config_get(config, key, &text))
		status = cli_usage_error(cli, "no key \"%s\"", key);
	else if (!cli_flush(&text))
		status = EX_IOERR;
	buf_release(&text);
	config_free(config);
	return status;
}

static int print_markdown(void)
{
	struct buf text = BUF_INIT;
	int status;

	config_print_markdown(&text);
	status = cli_flush(&text) ? EX_OK : EX_IOERR;
	buf_release(&text);
	return status;
}

/* Frees the configuration. */
static int check(const struct cli *cli, struct config *config)
{
	struct err err = ERR_INIT;
	int status = cli->status;

	if (config && settings_check(config, &err) < 0) {
		cli_fail(cli, &err);
		status = EX_CONFIG;
	}
	config_free(config);
	return status;
}

int command_check_config(int argc, char **argv)
{
	static const struct option options[] = {CLI_CONFIG_OPTIONS, {NULL, 0, NULL, 0}};
	struct cli cli = {argc, argv, CLI_CONFIG_LETTERS, options, check_usage, EX_OK};
	struct cli_config_args args = {.file = NULL};
	int letter;

	while ((letter = cli_next_option(&cli)) >= 0)
		if (!cli_take_config_option(&args, letter))
			return cli_usage_error(&cli, "too many options");
	if (letter == CLI_END)
		return cli.status;
	if (optind < argc)
		return cli_usage_error(&cli, "unexpected argument \"%s\"", argv[optind]);
	return check(&cli, cli_open_config(&cli, &args));
}

int command_print_config(int argc, char **argv)
{
	static const struct option options[] = {
		CLI_CONFIG_OPTIONS,
		{"get", required_argument, NULL, SHOW_KEY},
		{"defaults", no_argument, NULL, SHOW_DEFAULTS},
		{"markdown", no_argument, NULL, SHOW_MARKDOWN},
		{NULL, 0, NULL, 0},
	};
	struct cli cli = {argc, argv, CLI_CONFIG_LETTERS, options, print_usage, EX_OK};
	struct cli_config_args args = {.file = NULL};
	int letter, show = SHOW_EFFECTIVE;
	const char *key = NULL;
	struct config *config;

	while ((letter = cli_next_option(&cli)) >= 0) {
		if (letter == SHOW_DEFAULTS || letter == SHOW_MARKDOWN || letter == SHOW_KEY) {
			show = letter;
			key = optarg;
		} else if (!cli_take_config_option(&args, letter)) {
			return cli_usage_error(&cli, "too many options");
		}
	}
	if (letter == CLI_END)
		return cli.status;
	if (optind < argc)
		return cli_usage_error(&cli, "unexpected argument \"%s\"", argv[optind]);
	if (show == SHOW_MARKDOWN)
		return print_markdown();
	config = show == SHOW_DEFAULTS ? config_new() : cli_open_config(&cli, &args);
	if (config == NULL)
		return cli.status;
	return show == SHOW_KEY ? print_key_and_free(&cli, config, key) : print_and_free(config);
}
