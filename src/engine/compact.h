/* SPDX-License-Identifier: MIT */
/* A .sym file's text, as it arrives, to a published table in the store. */
#ifndef ENGINE_COMPACT_H
#define ENGINE_COMPACT_H

#include "store/store.h"
#include "symbols/table_build.h"

/*
 * Binds the pure table builder to files and store.  The text is kept in an
 * unlinked temporary file only as long as the table is being made, unless the
 * caller has it in a file already (text_fd).
 */
struct compaction;

struct compaction_options {
	struct slice key;         /* module key to publish under; borrowed until the end */
	struct slice expected_id; /* refuse a file of another debug id; absent: any */
	uint64_t max_text_bytes;  /* 0: no limit */
	const char *tmp_dir;
	int text_fd;              /* a readable file that holds the very text fed; 0 or below: none */
};

struct compaction_result {
	struct table_summary summary;
	struct store_table table;
	uint64_t insert_us; /* wall time spent writing to the store */
};

int compaction_begin(struct compaction **ret, const struct compaction_options *options, struct store *store,
		     struct err *err);

/* As table_build_feed(): ERR_INPUT as soon as the text proves unusable. */
int compaction_feed(struct compaction *compaction, const char *data, size_t len, struct err *err);

/*
 * Builds, inserts and publishes; source and generation are taken from *info,
 * what else it holds is filled in.  Frees the compaction in every case.
 */
int compaction_finish(struct compaction *compaction, const struct store_table *info, struct compaction_result *ret,
		      struct err *err);

void compaction_abort(struct compaction *compaction);

#endif
