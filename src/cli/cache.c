/* SPDX-License-Identifier: MIT */
/* symbolicate cache: looking after a cache directory, beside a running server or without one. */
#include "cli/cache_args.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const struct {
	const char *name;
	command_function *run;
	const char *text;
} commands[] = {
	{"list", cache_list, "the tables, the last used first"},
	{"stat", cache_stat, "limits, sizes, counts"},
	{"verify", cache_verify, "look all tables over"},
	{"purge", cache_purge, "forget one module, or all"},
	{"trim", cache_trim, "delete what was not used for longest"},
};

static int print_help(FILE *to)
{
	fputs("Usage: symbolicate cache COMMAND [OPTION]... [ARGUMENT]...\n\n"
	      "Looks after the cache directory of the configuration.  A server may be running; none is\n"
	      "needed.\n\nCommands:\n", to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-14s %s\n", commands[i].name, commands[i].text);
	fputs("\n\"symbolicate cache COMMAND --help\" says more.\n", to);
	return to == stdout ? EX_OK : EX_USAGE;
}

int command_cache(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		char *name, *own = argv[1];
		int status;

		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		name = mem_printf("cache %s", commands[i].name);
		argv[1] = name;
		status = commands[i].run(argc - 1, argv + 1);
		argv[1] = own;
		free(name);
		return status;
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return print_help(stdout);
	if (argc > 1)
		fprintf(stderr, "symbolicate cache: no command \"%s\"\n", argv[1]);
	return print_help(stderr);
}
