/* SPDX-License-Identifier: MIT */
/* What the operator's commands share. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { OPTIONS_MAX = 16 };

/* getopt_long() with the command's options and --help. */
static int next(struct cli *cli)
{
	struct option options[OPTIONS_MAX] = {{"help", no_argument, NULL, 'h'}};
	char *letters = mem_printf("h%s", cli->letters);
	int letter;

	for (size_t i = 0; cli->options && cli->options[i].name && i + 2 < OPTIONS_MAX; i++)
		options[i + 1] = cli->options[i];
	letter = getopt_long(cli->argc, cli->argv, letters, options, NULL);
	free(letters);
	return letter;
}

int cli_next_option(struct cli *cli)
{
	int letter = next(cli);

	if (letter == 'h') {
		fputs(cli->usage, stdout);
		cli->status = EX_OK;
		return CLI_END;
	}
	if (letter == '?') { /* getopt said what is wrong */
		cli->status = cli_usage_error(cli, NULL);
		return CLI_END;
	}
	return letter;
}

int cli_fail(const struct cli *cli, const struct err *err)
{
	fprintf(stderr, "symbolicate %s: %s\n", cli->argv[0], err->msg);
	return err_exit_code(err);
}

int cli_usage_error(const struct cli *cli, const char *fmt, ...)
{
	va_list args;

	if (fmt) {
		fprintf(stderr, "symbolicate %s: ", cli->argv[0]);
		va_start(args, fmt);
		vfprintf(stderr, fmt, args);
		va_end(args);
		fputc('\n', stderr);
	}
	fprintf(stderr, "Try \"symbolicate %s --help\".\n", cli->argv[0]);
	return EX_USAGE;
}

bool cli_flush(struct buf *buf)
{
	struct err err = ERR_INIT;
	bool written = file_write_all(STDOUT_FILENO, buf->data, buf->len, &err) == 0;

	if (!written)
		fprintf(stderr, "symbolicate: standard output: %s\n", err.msg);
	buf_clear(buf);
	return written;
}
