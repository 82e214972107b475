/* SPDX-License-Identifier: MIT */
/* symbolicate lookup. */
#include "cli/lookup_target.h"

#include "base/mem.h"
#include "base/num.h"
#include "cli/answer_text.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
	"Usage: symbolicate lookup [OPTION]... FILE.sym [ADDRESS]...\n"
	"       symbolicate lookup [OPTION]... MODULE ID [ADDRESS]...\n\n"
	"Names addresses, which are hexadecimal and count from the module's base; without any\n"
	"they are read from standard input, one per line.  A first argument with a slash or\n"
	"ending in .sym is a Breakpad symbol file, \"-\" is one on standard input; any other is a\n"
	"module's debug file, looked up by its debug id in the configured cache and sources.\n"
	"Exit status: 0, also where an address has no name; 65 for an unusable file or address,\n"
	"66 if there is no such file or module.\n\n"
	"      --json              one JSON object per line\n"
	"      --nearest           past a function's end, name the nearest symbol below\n"
	"      --id ID             refuse a FILE.sym of another debug id\n"
	CLI_CONFIG_USAGE;

enum { OPTION_JSON = 1000, OPTION_NEAREST, OPTION_ID };
enum {
	BATCH_MAX = 65536,          /* addresses looked up together */
	INPUT_BYTES = 1024 * 1024,  /* read from standard input at a time */
	ADDRESS_TEXT_MAX = 4096,    /* bytes of a line */
};

struct lookup {
	struct cli cli;
	struct cli_config_args config_args;
	struct lookup_target target;
	const char *id;
	bool is_json, is_nearest;
	uint64_t *addresses;
	size_t count;
	struct arena arena;
	struct buf out;
};

/* ---- a batch of addresses ---- */

static void add_answer(struct lookup *lookup, uint64_t address, const struct symbol_answer *answer)
{
	if (lookup->is_json)
		answer_add_json(&lookup->out, address, answer);
	else
		answer_add_text(&lookup->out, address, answer);
}

static int look_up_nearest(struct lookup *lookup, struct err *err)
{
	for (size_t i = 0; i < lookup->count; i++) {
		struct symbol_answer answer;
		int found = table_lookup_nearest(lookup->target.table, &lookup->target.source,
						 lookup->addresses[i], &lookup->arena, &answer, err);

		if (found < 0)
			return -1;
		add_answer(lookup, lookup->addresses[i], found ? &answer : NULL);
	}
	return 0;
}

struct place {
	uint64_t address;
	size_t index; /* in the order of the input */
};

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	return left->address < right->address ? -1 : left->address > right->address;
}

/* Ascending addresses let the table decode each part once; the answers go out in the order of the input. */
static int look_up_sorted(struct lookup *lookup, struct err *err)
{
	size_t count = lookup->count;
	struct place *places = arena_calloc(&lookup->arena, count + 1, sizeof(*places));
	struct table_query *queries = arena_calloc(&lookup->arena, count + 1, sizeof(*queries));
	size_t *query_of = arena_calloc(&lookup->arena, count + 1, sizeof(*query_of));

	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){lookup->addresses[i], i};
	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; i < count; i++) {
		queries[i].address = places[i].address;
		query_of[places[i].index] = i;
	}
	if (table_lookup_sorted(lookup->target.table, &lookup->target.source, queries, count, &lookup->arena,
				err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct table_query *query = &queries[query_of[i]];

		add_answer(lookup, query->address, query->found ? &query->answer : NULL);
	}
	return 0;
}

/* Looks up what was collected, and writes it. */
static int finish_batch(struct lookup *lookup, struct err *err)
{
	int result = lookup_target_begin(&lookup->target, err);

	if (result < 0)
		return -1;
	result = lookup->is_nearest ? look_up_nearest(lookup, err) : look_up_sorted(lookup, err);
	lookup_target_end(&lookup->target);
	lookup->count = 0;
	arena_clear(&lookup->arena);
	if (result == 0 && !cli_flush(&lookup->out))
		return err_set(err, ERR_SYSTEM, "the answers could not be written");
	return result;
}

static bool parse_address(struct slice text, uint64_t *ret)
{
	if (text.len > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x')
		text = slice_make(text.data + 2, text.len - 2);
	return num_parse_hex(text, ret);
}

static int add_address(struct lookup *lookup, struct slice text, struct err *err)
{
	if (!parse_address(text, &lookup->addresses[lookup->count]))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no hexadecimal address of 64 bits",
			       SLICE_PRINT(text));
	if (++lookup->count == BATCH_MAX)
		return finish_batch(lookup, err);
	return 0;
}

/* ---- where the addresses come from ---- */

static int look_up_arguments(struct lookup *lookup, char **arguments, struct err *err)
{
	for (; *arguments; arguments++)
		if (add_address(lookup, slice_of(*arguments), err) < 0)
			return -1;
	return 0;
}

static struct slice trim(struct slice line)
{
	while (line.len && strchr(" \t\r", line.data[0]))
		line = slice_make(line.data + 1, line.len - 1);
	while (line.len && strchr(" \t\r", line.data[line.len - 1]))
		line.len--;
	return line;
}

static int take_line(struct lookup *lookup, struct slice line, size_t *line_number, struct err *err)
{
	struct slice text = trim(line);

	++*line_number;
	if (text.len && add_address(lookup, text, err) < 0)
		return err->code == ERR_INPUT ? err_prefix(err, "line %zu", *line_number) : -1;
	return 0;
}

/* The whole lines of what was read; the rest is moved to the front. */
static int take_lines(struct lookup *lookup, struct buf *input, size_t *line_number, struct err *err)
{
	size_t start = 0;
	const char *newline;

	while (start < input->len && (newline = memchr(input->data + start, '\n', input->len - start))) {
		size_t len = (size_t)(newline - (input->data + start));

		if (take_line(lookup, slice_make(input->data + start, len), line_number, err) < 0)
			return -1;
		start += len + 1;
	}
	if (input->len - start > ADDRESS_TEXT_MAX)
		return err_set(err, ERR_INPUT, "line %zu is no address: it is too long", *line_number + 1);
	memmove(input->data, input->data + start, input->len - start);
	input->len -= start;
	return 0;
}

/* What a pipe has so far is answered before more is waited for. */
static int take_input(struct lookup *lookup, struct buf *input, struct err *err)
{
	size_t line_number = 0;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, buf_reserve(input, INPUT_BYTES), INPUT_BYTES);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "standard input");
		if (got == 0)
			return take_line(lookup, buf_slice(input), &line_number, err);
		input->len += (size_t)got;
		if (take_lines(lookup, input, &line_number, err) < 0 || finish_batch(lookup, err) < 0)
			return -1;
	}
}

static int look_up_input(struct lookup *lookup, struct err *err)
{
	struct buf input = BUF_INIT;
	int result = take_input(lookup, &input, err);

	buf_release(&input);
	return result;
}

/* ---- the command ---- */

/* After a bad address the good ones before it are answered all the same. */
static int run(struct lookup *lookup, char **arguments)
{
	struct err err = ERR_INIT, later = ERR_INIT;
	int result = *arguments ? look_up_arguments(lookup, arguments, &err) : look_up_input(lookup, &err);
	int status = EX_OK;

	if (finish_batch(lookup, &later) < 0)
		status = cli_fail(&lookup->cli, &later);
	return result < 0 ? cli_fail(&lookup->cli, &err) : status;
}

static int open_module(struct lookup *lookup, const char *name, const char *id)
{
	struct module_name module = {slice_of(name), slice_of(id)};
	struct config *config;
	struct err err = ERR_INIT;
	int status = EX_OK;

	if (!module_is_askable(module))
		return cli_usage_error(&lookup->cli, "%s %s: no such module can exist", name, id);
	config = cli_open_config(&lookup->cli, &lookup->config_args);
	if (!config)
		return lookup->cli.status;
	if (lookup_open_module(&lookup->target, config, module, &err) < 0)
		status = cli_fail(&lookup->cli, &err);
	config_free(config);
	return status;
}

static bool is_file(const char *argument)
{
	return strchr(argument, '/') || strcmp(argument, "-") == 0 ||
	       slice_ends_with(slice_of(argument), SLICE_LITERAL(".sym"));
}

static int open_file(struct lookup *lookup, const char *path)
{
	struct err err = ERR_INIT;

	if (lookup_open_file(&lookup->target, path, slice_of(lookup->id), &err) < 0)
		return cli_fail(&lookup->cli, &err);
	return EX_OK;
}

/* Opens what the first arguments name and moves *arguments behind them. */
static int open_target(struct lookup *lookup, char ***arguments)
{
	char **at = *arguments;
	bool file = at[0] && is_file(at[0]);

	if (!at[0] || (!file && !at[1]))
		return cli_usage_error(&lookup->cli, "%s",
				       at[0] ? "a debug id is missing" : "a module is missing");
	if (!file && lookup->id)
		return cli_usage_error(&lookup->cli, "--id is for a FILE.sym");
	*arguments += file ? 1 : 2;
	return file ? open_file(lookup, at[0]) : open_module(lookup, at[0], at[1]);
}

static bool parse_options(struct lookup *lookup)
{
	int letter;

	while ((letter = cli_next_option(&lookup->cli)) >= 0) {
		if (letter == OPTION_JSON)
			lookup->is_json = true;
		else if (letter == OPTION_NEAREST)
			lookup->is_nearest = true;
		else if (letter == OPTION_ID)
			lookup->id = optarg;
		else if (!cli_take_config_option(&lookup->config_args, letter))
			lookup->cli.status = cli_usage_error(&lookup->cli, "too many options");
	}
	return letter == -1 && lookup->cli.status == EX_OK;
}

static int run_lookup(struct lookup *lookup)
{
	char **arguments = lookup->cli.argv + optind;
	int status = open_target(lookup, &arguments);

	if (status != EX_OK)
		return status;
	lookup->addresses = mem_calloc(BATCH_MAX, sizeof(*lookup->addresses));
	status = run(lookup, arguments);
	free(lookup->addresses);
	buf_release(&lookup->out);
	arena_release(&lookup->arena);
	lookup->target.close(lookup->target.ctx);
	return status;
}

int command_lookup(int argc, char **argv)
{
	static const struct option options[] = {
		CLI_CONFIG_OPTIONS,
		{"json", no_argument, NULL, OPTION_JSON},
		{"nearest", no_argument, NULL, OPTION_NEAREST},
		{"id", required_argument, NULL, OPTION_ID},
		{NULL, 0, NULL, 0},
	};
	struct lookup lookup = {.cli = {argc, argv, CLI_CONFIG_LETTERS, options, usage, EX_OK}};

	return parse_options(&lookup) ? run_lookup(&lookup) : lookup.cli.status;
}
