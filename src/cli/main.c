/* SPDX-License-Identifier: MIT */
/* symbolicate: the operator's tool. */
#include "cli/cli.h"
#include "config/config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct {
	const char *name;
	command_function *run;
	const char *text;
} commands[] = {
	{"lookup", command_lookup, "name the addresses of a module or of a .sym file"},
	{"compact", command_compact, "make the table of a .sym file and say what it took"},
	{"check-config", command_check_config, "say what is wrong with the configuration"},
	{"cache", command_cache, "look after the cache: list, stat, verify, purge, trim"},
	{"explain", command_explain, "say where a module's answers come from"},
	{"counters", command_counters, "show what the server has counted"},
	{"print-config", command_print_config, "show the configuration that counts"},
};

static int print_help(FILE *to)
{
	fputs("Usage: symbolicate COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n", to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-14s %s\n", commands[i].name, commands[i].text);
	fputs("\n\"symbolicate COMMAND --help\" says more.  Other options: --help, --version.\n", to);
	return to == stdout ? EX_OK : EX_USAGE;
}

int main(int argc, char **argv)
{
	argc = config_adopt_old_options(argc, argv);
	if (argc < 2)
		return print_help(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return print_help(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		puts("symbolicate " PACKAGE_VERSION);
		return EX_OK;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "symbolicate: no command \"%s\"\n", argv[1]);
	return print_help(stderr);
}
