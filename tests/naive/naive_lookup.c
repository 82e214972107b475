/* SPDX-License-Identifier: MIT */
/* naive-lookup: answers addresses from a .sym text as lines of JSON; the referee for the real table. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive_json.h"

enum { EXIT_USAGE = 64, EXIT_UNUSABLE = 65, EXIT_UNREADABLE = 66 };

enum mode { MODE_LOOKUP, MODE_MODULE, MODE_SKIPPED };

struct options {
	const char *path;
	const char *id;
	bool nearest;
	enum mode mode;
};

/* ---- output ---- */

static void put_module_field(const char *key, struct slice value, bool first)
{
	if (value.at == NULL)
		return;
	printf("%s\"%s\":", first ? "{" : ",", key);
	naive_put_string(value);
}

static void put_module(const struct sym_module *module)
{
	put_module_field("os", module->os, true);
	put_module_field("arch", module->arch, false);
	put_module_field("id", module->id, false);
	put_module_field("name", module->name, false);
	put_module_field("code_id", module->code_id, false);
	put_module_field("code_file", module->code_file, false);
	puts("}");
}

static void put_skipped(const struct sym_text *sym)
{
	for (int reason = SKIP_NONE + 1; reason < SKIP_REASON_COUNT; reason++)
		if (sym->skipped[reason] > 0)
			printf("%s %zu\n", skip_reason_name((enum skip_reason)reason), sym->skipped[reason]);
}

/* ---- addresses ---- */

static bool parse_address(const char *text, uint64_t *ret_address)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	return parse_hex((struct slice){(const unsigned char *)text, strlen(text)}, ret_address);
}

static bool answer_address(const struct naive_table *table, const struct options *options, const char *text)
{
	static struct naive_answer answer;
	uint64_t address;
	if (!parse_address(text, &address)) {
		fprintf(stderr, "naive-lookup: not a hexadecimal address: %s\n", text);
		return false;
	}
	naive_lookup(table, address, &answer);
	if (options->nearest && answer.function.function == NULL)
		naive_nearest(table, address, &answer);
	naive_put_answer(address, &answer);
	return true;
}

static bool answer_stdin(const struct naive_table *table, const struct options *options)
{
	char *line = NULL;
	size_t room = 0;
	bool good = true;
	while (good && getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '\0')
			good = answer_address(table, options, line);
	}
	free(line);
	return good;
}

static int answer_all(struct sym_text *sym, const struct options *options, char **addresses)
{
	struct naive_table *table = naive_table_new(sym);
	bool good = true;
	if (*addresses == NULL)
		good = answer_stdin(table, options);
	while (good && *addresses != NULL)
		good = answer_address(table, options, *addresses++);
	naive_table_free(table);
	return good ? EXIT_SUCCESS : EXIT_USAGE;
}

/* ---- the program ---- */

static int run(struct sym_text *sym, const struct options *options, char **addresses)
{
	enum sym_status status = sym_text_read(sym, options->path);
	if (status == SYM_UNREADABLE) {
		fprintf(stderr, "naive-lookup: %s: %s\n", options->path, strerror(errno));
		return EXIT_UNREADABLE;
	}
	if (status == SYM_UNUSABLE || (options->id != NULL && !sym_id_equals(sym->module.id, options->id))) {
		fprintf(stderr, "naive-lookup: %s: %s\n", options->path,
			status == SYM_UNUSABLE ? "no MODULE line at the head" : "another debug id");
		return EXIT_UNUSABLE;
	}
	if (options->mode == MODE_MODULE)
		put_module(&sym->module);
	else if (options->mode == MODE_SKIPPED)
		put_skipped(sym);
	else
		return answer_all(sym, options, addresses);
	return EXIT_SUCCESS;
}

static int usage(void)
{
	fputs("usage: naive-lookup FILE.sym [--id ID] [--nearest] [--module | --skipped] [ADDRESS...]\n", stderr);
	return EXIT_USAGE;
}

static bool parse_options(int argc, char **argv, struct options *ret_options)
{
	static const struct option LONG[] = {
		{"id", required_argument, NULL, 'i'},
		{"nearest", no_argument, NULL, 'n'},
		{"module", no_argument, NULL, 'm'},
		{"skipped", no_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int option;
	while ((option = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
		if (option == 'i')
			ret_options->id = optarg;
		else if (option == 'n')
			ret_options->nearest = true;
		else if (option == 'm')
			ret_options->mode = MODE_MODULE;
		else if (option == 's')
			ret_options->mode = MODE_SKIPPED;
		else
			return false;
	}
	if (optind >= argc)
		return false;
	ret_options->path = argv[optind++];
	return true;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct sym_text sym;
	if (!parse_options(argc, argv, &options))
		return usage();
	int status = run(&sym, &options, argv + optind);
	sym_text_release(&sym);
	if (fflush(stdout) != 0 || ferror(stdout))
		status = EXIT_FAILURE;
	return status;
}
