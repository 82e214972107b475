/* SPDX-License-Identifier: MIT */
/* What the operator's commands share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/buf.h"
#include "base/err.h"

#include <getopt.h>

/*
 * A command is a row of the table in main.c and a function that gets the
 * arguments from its own name on and returns a sysexits.h code.  Results go to
 * standard output, all else to standard error.
 */
typedef int command_function(int argc, char **argv);

command_function command_cache, command_check_config, command_compact, command_counters, command_explain,
	command_lookup, command_print_config;

/*
 * Options of a command.  cli_next_option() is getopt_long() with --help
 * understood and wrong ones reported: it returns an option's letter, -1
 * after the last (optind is then the first argument), or CLI_END, where
 * cli->status is what the command returns.
 */
enum { CLI_END = -2 };

struct cli {
	int argc;
	char **argv;
	const char *letters;          /* beside -h, with ":" as for getopt() */
	const struct option *options; /* beside --help; may be NULL */
	const char *usage;            /* text of --help */
	int status;
};

int cli_next_option(struct cli *cli);

/* "symbolicate COMMAND: message" on standard error; returns the exit status for it. */
int cli_fail(const struct cli *cli, const struct err *err);

/* The same for wrong arguments, with a hint at --help; returns EX_USAGE. */
int cli_usage_error(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes and clears the buffer.  False with a message if standard output cannot take it. */
bool cli_flush(struct buf *buf);

#endif
