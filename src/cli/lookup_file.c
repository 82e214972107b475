/* SPDX-License-Identifier: MIT */
/* Looking up in a .sym file: its table is made in memory. */
#include "cli/lookup_target.h"

#include "base/mem.h"
#include "cli/memory_table.h"
#include "cli/sym_file.h"
#include "cli/temp_store.h"

#include <stdlib.h>
#include <unistd.h>

enum { RING_BYTES = 32 << 20 };

struct file_target {
	struct memory_table *values;
	struct names_ring *ring;
	struct table *table;
};

static void close_target(void *ctx)
{
	struct file_target *target = ctx;

	if (target->table)
		table_close(target->table);
	if (target->ring)
		names_ring_free(target->ring);
	memory_table_free(target->values);
	free(target);
}

static int make_table(int fd, struct slice expected_id, struct memory_table *values, struct err *err)
{
	struct compaction *compaction;
	struct table_summary summary;
	int result;

	if (sym_file_compact(fd, temp_dir(), expected_id, NULL, &compaction, err) < 0)
		return -1;
	result = compaction_emit(compaction, memory_table_add, values, &summary, err);
	compaction_free(compaction);
	return result;
}

static int read_file(const char *path, struct slice expected_id, struct memory_table *values, struct err *err)
{
	int fd = sym_file_open(path, err);
	int result;

	if (fd < 0)
		return -1;
	result = make_table(fd, expected_id, values, err);
	close(fd);
	return result < 0 ? err_prefix(err, "%s", path) : 0;
}

int lookup_open_file(struct lookup_target *ret, const char *path, struct slice expected_id, struct err *err)
{
	struct file_target *target = mem_zalloc(sizeof(*target));
	struct table_source source;

	target->values = memory_table_new();
	if (read_file(path, expected_id, target->values, err) < 0)
		goto failed;
	target->ring = names_ring_new(RING_BYTES);
	source = memory_table_source(target->values);
	if (table_open(&target->table, &source, target->ring, err) < 0)
		goto failed;
	*ret = (struct lookup_target){target->table, source, NULL, NULL, close_target, target};
	return 0;
failed:
	close_target(target);
	return -1;
}
