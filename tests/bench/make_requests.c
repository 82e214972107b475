/* SPDX-License-Identifier: MIT */
/* make_requests VERSION FRAMES COUNT FILE.sym...: COUNT request bodies over these modules, one per line. */
#include "base/mem.h"
#include "base/num.h"
#include "sym_functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* Version 4 as `POST /` takes it, version 5 as /symbolicate/v5 does; one stack, its frames over all modules. */
struct options {
	uint64_t version, frames, count;
};

struct modules {
	struct sym_functions *items;
	size_t count;
};

static void add_memory_map(struct buf *body, const struct modules *modules)
{
	buf_add_text(body, "\"memoryMap\":[");
	for (size_t i = 0; i < modules->count; i++) {
		const struct module_name *module = &modules->items[i].module;

		buf_addf(body, "%s[\"%.*s\",\"%.*s\"]", i ? "," : "", SLICE_PRINT(module->debug_file),
			 SLICE_PRINT(module->debug_id));
	}
	buf_add_text(body, "]");
}

static void add_stack(struct buf *body, const struct modules *modules, uint64_t frames, struct random *random)
{
	buf_add_text(body, "\"stacks\":[[");
	for (uint64_t i = 0; i < frames; i++) {
		size_t module = random_below(random, modules->count);

		buf_addf(body, "%s[%zu,", i ? "," : "", module);
		buf_add_dec(body, sym_functions_pick(&modules->items[module], random));
		buf_add_byte(body, ']');
	}
	buf_add_text(body, "]]");
}

static void add_body(struct buf *body, const struct options *options, const struct modules *modules,
		     struct random *random)
{
	buf_add_text(body, options->version == 5 ? "{\"jobs\":[{" : "{");
	add_memory_map(body, modules);
	buf_add_byte(body, ',');
	add_stack(body, modules, options->frames, random);
	buf_add_text(body, options->version == 5 ? "}]}\n" : ",\"version\":4}\n");
}

static int print_bodies(const struct options *options, const struct modules *modules)
{
	struct random random;
	struct buf body = BUF_INIT;
	size_t written = 0, wanted = 0;

	random_init(&random, 20);
	for (uint64_t i = 0; i < options->count; i++) {
		buf_clear(&body);
		add_body(&body, options, modules, &random);
		wanted += body.len;
		written += fwrite(body.data, 1, body.len, stdout);
	}
	buf_release(&body);
	return written == wanted && fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int read_modules(struct modules *modules, char **paths, struct err *err)
{
	for (; *paths; paths++) {
		if (sym_functions_read(&modules->items[modules->count], *paths, err) < 0)
			return -1;
		modules->count++;
	}
	return 0;
}

static int run(const struct options *options, char **paths, size_t path_count)
{
	struct modules modules = {.items = mem_calloc(path_count, sizeof(*modules.items))};
	struct err err = ERR_INIT;
	int status;

	if (read_modules(&modules, paths, &err) < 0) {
		fprintf(stderr, "make_requests: %s\n", err.msg);
		status = EX_NOINPUT;
	} else {
		status = print_bodies(options, &modules);
	}
	while (modules.count)
		sym_functions_release(&modules.items[--modules.count]);
	free(modules.items);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;

	if (argc < 5 || !num_parse_dec(slice_of(argv[1]), 5, &options.version) ||
	    !num_parse_dec(slice_of(argv[2]), 1000000, &options.frames) ||
	    !num_parse_dec(slice_of(argv[3]), 10000, &options.count) || options.version < 4) {
		fputs("Usage: make_requests 4|5 FRAMES COUNT FILE.sym...\n", stderr);
		return EX_USAGE;
	}
	return run(&options, argv + 4, (size_t)(argc - 4));
}
