/* SPDX-License-Identifier: MIT */
/* A symbol file's text between its download and its compaction: kept in a file while all builders are busy. */
#ifndef ENGINE_INTAKE_H
#define ENGINE_INTAKE_H

#include "engine/compact.h"

/*
 * Of all processes on a cache directory at most `places` compact at a time.  A
 * place is a byte of state.lock, so the kernel takes it back from whoever dies.
 * It is held while there is text to work on, not while more is on its way: a slow
 * server keeps nobody else from compacting, and a download never waits for a
 * place.  Text that finds none free goes to an unlinked file, as long as the text
 * at most, and is made up for later, in slices between what arrives.
 */
struct intake;

struct intake_options {
	struct compaction_options compaction;
	int lock_fd;     /* state.lock as this process opened it */
	unsigned places; /* of all; 0: no limit */
	bool (*cancelled)(void *ctx); /* asked while waiting for a place; NULL: never */
	void *ctx;
};

struct intake *intake_new(const struct intake_options *options);
void intake_free(struct intake *intake);

/* The next piece of text; never waits.  Errors are those of compaction_feed(), perhaps for earlier text. */
int intake_feed(struct intake *intake, const char *data, size_t len, struct err *err);

/*
 * The text is complete: compaction_publish(), in a place that is waited for.
 * Errors are those of compaction_feed() as well, and ERR_BUSY when cancelled.
 */
int intake_publish(struct intake *intake, struct store *store, struct slice key, const struct store_table *info,
		   struct compaction_result *ret, struct err *err);

/* Whether some of the text had to be kept. */
bool intake_was_deferred(const struct intake *intake);

#endif
