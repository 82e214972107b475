/* SPDX-License-Identifier: MIT */
/* From text to table: the scanner's records go into the draft, function by function. */
#include "symbols/table_build.h"

#include "base/clock.h"
#include "base/mem.h"
#include "symbols/func_flatten.h"
#include "symbols/grow.h"
#include "symbols/table_write.h"
#include "symbols/value_write.h"

#include <inttypes.h>
#include <stdlib.h>

struct table_build {
	struct table_build_io io;
	uint64_t max_text_bytes;
	struct buf expected_id;
	struct sym_scan scan;
	struct func_flatten flatten;
	struct table_draft draft;
};

static void take_file(void *ctx, uint32_t id, struct slice name)
{
	struct table_build *build = ctx;

	dictionary_define_path(&build->draft.dictionary, id, name);
}

static void take_origin(void *ctx, uint32_t id, struct slice name)
{
	struct table_build *build = ctx;

	dictionary_define_origin(&build->draft.dictionary, id, name_pool_add(&build->draft.names, name));
}

static void take_public(void *ctx, uint64_t address, struct slice name)
{
	struct table_build *build = ctx;

	publics_add(&build->draft.publics, address, name_pool_add(&build->draft.names, name));
}

static void take_code_file(void *ctx, struct slice name)
{
	struct table_build *build = ctx;

	if (build->draft.code_file.len == 0)
		buf_add_slice(&build->draft.code_file, name);
}

static int take_function(void *ctx, const struct sym_function *function, struct err *err)
{
	struct table_build *build = ctx;
	struct table_draft *draft = &build->draft;

	if (function->size == 0)
		return 0;
	draft->functions = grow_array(draft->functions, &draft->function_cap, draft->function_count + 1,
				      sizeof(*draft->functions));
	draft->functions[draft->function_count++] = (struct built_function){
		.start = function->address,
		.last = function->address + (function->size - 1),
		.spilled = spill_end(&draft->spill),
		.name = name_pool_add(&draft->names, buf_slice(&function->name)),
	};
	return func_flatten(&build->flatten, function, err);
}

static int take_block(void *ctx, uint64_t offset, uint64_t size, struct slice block, struct err *err)
{
	struct table_build *build = ctx;
	struct spilled_block head = {.offset = offset, .size = size, .len = (uint32_t)block.len};

	if (expands_too_much(&build->draft.counts, spill_end(&build->draft.spill)))
		return err_set(err, ERR_LIMIT, "the symbol table is many times larger than its text");
	if (spill_add(&build->draft.spill, &head, sizeof(head), err) < 0)
		return -1;
	return spill_add(&build->draft.spill, block.data, block.len, err);
}

struct table_build *table_build_new(const struct table_build_options *options,
				    const struct table_build_io *io)
{
	struct table_build *build = mem_zalloc(sizeof(*build));
	uint64_t seed = (uintptr_t)build; /* differs from run to run, and shows in no value */
	struct sym_sink sink = {build, take_file, take_origin, take_public, take_code_file, take_function};

	build->io = *io;
	build->max_text_bytes = options->max_text_bytes;
	buf_add_slice(&build->expected_id, options->expected_id);
	build->draft.io = &build->io;
	name_pool_init(&build->draft.names, seed);
	dictionary_init(&build->draft.dictionary, seed);
	spill_init(&build->draft.spill, &build->io);
	func_flatten_init(&build->flatten, &build->draft.dictionary, take_block, build);
	sym_scan_init(&build->scan, &sink, buf_slice(&build->expected_id), &build->draft.counts);
	return build;
}

int table_build_feed(struct table_build *build, const char *data, size_t len, struct err *err)
{
	struct table_summary *counts = &build->draft.counts;
	uint64_t before = clock_cpu_us();
	int result;

	counts->text_bytes += len;
	if (build->max_text_bytes && counts->text_bytes > build->max_text_bytes)
		return err_set(err, ERR_LIMIT, "the symbol file is larger than %" PRIu64 " bytes",
			       build->max_text_bytes);
	result = sym_scan_feed(&build->scan, data, len, err);
	counts->scan_us += clock_cpu_us() - before;
	return result;
}

int table_build_finish(struct table_build *build, struct table_summary *ret_summary, struct err *err)
{
	struct table_summary *counts = &build->draft.counts;
	uint64_t before = clock_cpu_us();

	if (sym_scan_finish(&build->scan, err) < 0)
		return -1;
	/* the workspaces of the pass make room for those of the end */
	sym_scan_release(&build->scan);
	func_flatten_release(&build->flatten);
	if (table_write(&build->draft, err) < 0)
		return -1;
	counts->build_us = clock_cpu_us() - before;
	*ret_summary = *counts;
	return 0;
}

void table_build_free(struct table_build *build)
{
	if (build == NULL)
		return;
	sym_scan_release(&build->scan);
	func_flatten_release(&build->flatten);
	name_pool_release(&build->draft.names);
	dictionary_release(&build->draft.dictionary);
	publics_release(&build->draft.publics);
	spill_release(&build->draft.spill);
	buf_release(&build->draft.code_file);
	buf_release(&build->expected_id);
	free(build->draft.functions);
	free(build);
}
