/* SPDX-License-Identifier: MIT */
/* Text to published table. */
#include "engine/compact.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

struct compaction {
	struct store *store;
	struct slice key;
	struct table_build *build;
	struct store_insert *insert; /* begun with the first value */
	int spill_fd, text_fd;
	bool keeps_text; /* text_fd is ours and is written as text is fed */
	uint64_t insert_us;
};

static int spill_append(void *ctx, const void *data, size_t len, struct err *err)
{
	struct compaction *c = ctx;

	return file_write_all(c->spill_fd, data, len, err);
}

static int spill_read(void *ctx, uint64_t offset, void *data, size_t len, struct err *err)
{
	struct compaction *c = ctx;

	return file_pread_all(c->spill_fd, data, len, (off_t)offset, err);
}

static int text_read(void *ctx, uint64_t offset, void *data, size_t len, struct err *err)
{
	struct compaction *c = ctx;

	return file_pread_all(c->text_fd, data, len, (off_t)offset, err);
}

static int emit(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	struct compaction *c = ctx;
	uint64_t start = clock_mono_us();
	int result = 0;

	if (c->insert == NULL)
		result = store_insert_begin(&c->insert, c->store, c->key, err);
	if (result == 0)
		result = store_insert_value(c->insert, kind, key, value, err);
	c->insert_us += clock_mono_us() - start;
	return result;
}

static int open_files(struct compaction *c, const struct compaction_options *options, struct err *err)
{
	c->spill_fd = file_open_unlinked(options->tmp_dir, err);
	if (c->spill_fd < 0)
		return -1;
	c->keeps_text = options->text_fd <= 0;
	c->text_fd = c->keeps_text ? file_open_unlinked(options->tmp_dir, err) : options->text_fd;
	return c->text_fd < 0 ? -1 : 0;
}

int compaction_begin(struct compaction **ret, const struct compaction_options *options, struct store *store,
		     struct err *err)
{
	struct compaction *c = mem_zalloc(sizeof(*c));
	struct table_build_io io = {
		.ctx = c,
		.spill_append = spill_append,
		.spill_read = spill_read,
		.text_read = text_read,
		.emit = emit,
	};
	struct table_build_options build_options = {
		.expected_id = options->expected_id,
		.max_text_bytes = options->max_text_bytes,
	};

	c->store = store;
	c->key = options->key;
	c->spill_fd = c->text_fd = -1;
	if (open_files(c, options, err) < 0) {
		compaction_abort(c);
		return -1;
	}
	c->build = table_build_new(&build_options, &io);
	*ret = c;
	return 0;
}

int compaction_feed(struct compaction *c, const char *data, size_t len, struct err *err)
{
	if (c->keeps_text && file_write_all(c->text_fd, data, len, err) < 0)
		return -1;
	return table_build_feed(c->build, data, len, err);
}

static int publish(struct compaction *c, const struct store_table *info, struct compaction_result *ret,
		   struct err *err)
{
	struct store_table table = *info;
	struct store_insert *insert = c->insert;
	uint64_t start = clock_mono_us();
	int result;

	table.text_bytes = ret->summary.text_bytes;
	table.made_s = clock_wall_s();
	c->insert = NULL; /* publishing frees it */
	result = store_insert_publish(insert, &table, &ret->table, err);
	ret->insert_us = c->insert_us + clock_mono_us() - start;
	return result;
}

int compaction_finish(struct compaction *c, const struct store_table *info, struct compaction_result *ret,
		      struct err *err)
{
	int result = table_build_finish(c->build, &ret->summary, err);

	if (result == 0)
		result = publish(c, info, ret, err);
	compaction_abort(c);
	return result;
}

void compaction_abort(struct compaction *c)
{
	if (c->insert)
		store_insert_abort(c->insert);
	if (c->build)
		table_build_free(c->build);
	if (c->spill_fd >= 0)
		close(c->spill_fd);
	if (c->keeps_text && c->text_fd >= 0)
		close(c->text_fd);
	free(c);
}
