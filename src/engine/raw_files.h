/* SPDX-License-Identifier: MIT */
/* Symbol files kept verbatim for the debug protocol's cacheAddRaw: <cache>/raw/<escaped name>/<ID>.sym. */
#ifndef ENGINE_RAW_FILES_H
#define ENGINE_RAW_FILES_H

#include "base/slice.h"
#include "stats/state.h"

/*
 * Paths are made of module keys, which are injective and never lead out of
 * raw/.  A module has at most one raw file; whoever writes it holds the key's
 * lock.  Together they are bounded: those used longest ago go first, by their
 * access time, which is set at each use; the modification time stays, since
 * the table made of the file is known by it.
 *
 * state.map notes whether there may be any, so that nobody else pays for them.
 * What finds and removes them works under STATE_LOCK_RAW.
 */

/* The path of a module's raw file, whether it is there or not.  The caller frees it. */
char *raw_path(const struct state *state, struct slice key);

/* A hash of the file's inode, size and modification time; 0: there is none. */
uint64_t raw_identity(const struct state *state, struct slice key);
/* The same, and notes that it is used. */
uint64_t raw_use(const struct state *state, struct slice key);

/* The generation of a table that was made of a raw file; its source is that file's identity. */
#define RAW_GENERATION UINT64_MAX

/*
 * Hands the text of the module's raw file to `output`.  1 with its identity, 0
 * there is none; -1 also where it changed meanwhile, and with output's own error.
 */
typedef int raw_output(void *ctx, const char *data, size_t len, struct err *err);
int raw_read(const struct state *state, struct slice key, raw_output *output, void *ctx, uint64_t *ret_identity,
	     struct err *err);

/* Removes the module's raw file.  1 there was one, 0 none, -1. */
int raw_remove(const struct state *state, struct slice key, struct err *err);

/* ---- adding one: begin, write, finish, commit, release; under the key's lock ---- */

struct raw_writer {
	const struct state *state;
	struct slice key; /* the caller's */
	char *part;       /* where it is written; NULL: it is in its place */
	int fd;
	uint64_t bytes, max_bytes;
};

/* raw_write() fails with ERR_LIMIT where the file exceeds max_bytes, the share of all raw files. */
int raw_begin(struct raw_writer *ret, const struct state *state, struct slice key, uint64_t max_bytes,
	      struct err *err);
int raw_write(struct raw_writer *writer, const char *data, size_t len, struct err *err);
/* After the last raw_write(): makes it last, and tells the identity that it will have in its place. */
int raw_finish(struct raw_writer *writer, uint64_t *ret_identity, struct err *err);
/* Removes what was used longest ago, to make room, and puts the file in its place. */
int raw_commit(struct raw_writer *writer, struct err *err);
/* Releases the writer; what was not committed is gone.  Also for one that is all zeros. */
void raw_release(struct raw_writer *writer);

/*
 * The janitor's round: removes what a killed process left unfinished and what is
 * over max_bytes, and notes whether there are any.  Returns how many there are, or -1.
 */
int raw_sweep(const struct state *state, uint64_t max_bytes, struct err *err);

#endif
