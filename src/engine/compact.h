/* SPDX-License-Identifier: MIT */
/* From the text of a .sym file, as it arrives, to a table in the store. */
#ifndef ENGINE_COMPACT_H
#define ENGINE_COMPACT_H

#include "store/store.h"
#include "symbols/module.h"
#include "symbols/table_build.h"

/*
 * The files and the store behind a table_build: new, feed, then one of the two
 * finishes; free at any time, which drops whatever is unfinished.  One process,
 * one compaction at a time and file; nothing is left behind by a crash but a
 * pending table, which store_recover() deletes.
 */
struct compaction;

struct state_slot;

struct compaction_options {
	struct table_build_options build;
	const char *temp_dir; /* of the unlinked spill file; exists */
	struct state_slot *slot; /* of this process, for its signs of life; NULL in commands */
};

struct compaction *compaction_new(const struct compaction_options *options);
void compaction_free(struct compaction *compaction);

/* The next piece of text.  Errors are those of table_build_feed() or of the files; then only free. */
int compaction_feed(struct compaction *compaction, const char *data, size_t len, struct err *err);

struct compaction_result {
	struct table_summary summary;
	struct store_table table; /* as published */
	uint64_t insert_us;       /* time in the store, its fsyncs included */
};

/*
 * The text is complete: builds the table and publishes it under `key`, whose
 * lock the caller holds.  `info` gives made_s, source and generation; the rest
 * is filled in.
 */
int compaction_publish(struct compaction *compaction, struct store *store, struct slice key,
		       const struct store_table *info, struct compaction_result *ret, struct err *err);

/* The same, but the values go to `emit` (see table_build_io) in place of a store. */
int compaction_emit(struct compaction *compaction,
		    int (*emit)(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err),
		    void *ctx, struct table_summary *ret, struct err *err);

#endif
