/* SPDX-License-Identifier: MIT */
/* The files and the store behind a table_build. */
#include "engine/compact.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "stats/state.h"

#include <stdlib.h>
#include <unistd.h>

struct compaction {
	struct table_build *build;
	char *temp_dir;
	uint64_t text_bytes; /* so far */
	struct state_slot *slot;
	int spill_fd; /* -1 until the builder spills */
	int (*emit)(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err);
	void *emit_ctx;
};

static void show_life(const struct compaction *compaction)
{
	if (compaction->slot)
		state_slot_alive(compaction->slot);
}

static int spill_append(void *ctx, const void *data, size_t len, struct err *err)
{
	struct compaction *compaction = ctx;

	show_life(compaction);
	if (compaction->spill_fd < 0)
		compaction->spill_fd = file_open_unlinked(compaction->temp_dir, err);
	if (compaction->spill_fd < 0)
		return -1;
	return file_write_all(compaction->spill_fd, data, len, err);
}

static int spill_read(void *ctx, uint64_t offset, void *data, size_t len, struct err *err)
{
	struct compaction *compaction = ctx;

	show_life(compaction);
	return file_pread_all(compaction->spill_fd, data, len, (off_t)offset, err);
}

static int emit(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	struct compaction *compaction = ctx;

	show_life(compaction);
	return compaction->emit(compaction->emit_ctx, kind, key, value, err);
}

struct compaction *compaction_new(const struct compaction_options *options)
{
	struct compaction *compaction = mem_zalloc(sizeof(*compaction));
	struct table_build_io io = {compaction, spill_append, spill_read, emit};

	compaction->spill_fd = -1;
	compaction->temp_dir = mem_strdup(options->temp_dir);
	compaction->slot = options->slot;
	compaction->build = table_build_new(&options->build, &io);
	return compaction;
}

void compaction_free(struct compaction *compaction)
{
	if (!compaction)
		return;
	table_build_free(compaction->build);
	if (compaction->spill_fd >= 0)
		close(compaction->spill_fd);
	free(compaction->temp_dir);
	free(compaction);
}

int compaction_feed(struct compaction *compaction, const char *data, size_t len, struct err *err)
{
	compaction->text_bytes += len;
	show_life(compaction);
	return table_build_feed(compaction->build, data, len, err);
}

int compaction_emit(struct compaction *compaction,
		    int (*emit_value)(void *ctx, unsigned kind, uint64_t key, struct slice value,
				      struct err *err),
		    void *ctx, struct table_summary *ret, struct err *err)
{
	compaction->emit = emit_value;
	compaction->emit_ctx = ctx;
	return table_build_finish(compaction->build, ret, err);
}

/* ---- into the store ---- */

struct insertion {
	struct store_insert *insert;
	uint64_t spent_us;
};

static int insert_value(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	struct insertion *insertion = ctx;
	uint64_t start_us = clock_mono_us();
	int result = store_insert_value(insertion->insert, kind, key, value, err);

	insertion->spent_us += clock_mono_us() - start_us;
	return result;
}

static int publish(struct insertion *insertion, const struct store_table *info,
		   struct compaction_result *result, struct err *err)
{
	struct store_table table = *info;
	uint64_t start_us = clock_mono_us();

	table.text_bytes = result->summary.text_bytes;
	if (store_insert_publish(insertion->insert, &table, &result->table, err) < 0)
		return -1;
	result->insert_us = insertion->spent_us + clock_mono_us() - start_us;
	return 0;
}

int compaction_publish(struct compaction *compaction, struct store *store, struct slice key,
		       const struct store_table *info, struct compaction_result *ret, struct err *err)
{
	struct insertion insertion = {.insert = NULL};
	struct compaction_result result = {.insert_us = 0};

	if (store_insert_begin(&insertion.insert, store, key, err) < 0)
		return -1;
	store_insert_expect(insertion.insert, compaction->text_bytes); /* a table is smaller than its text */
	if (compaction_emit(compaction, insert_value, &insertion, &result.summary, err) < 0) {
		store_insert_abort(insertion.insert);
		return -1;
	}
	if (publish(&insertion, info, &result, err) < 0)
		return -1;
	*ret = result;
	return 0;
}
