/* SPDX-License-Identifier: MIT */
/* What the directories of symbol files hold, so that a lookup need not read them. */
#ifndef UPSTREAM_LOCAL_INDEX_H
#define UPSTREAM_LOCAL_INDEX_H

#include "base/slice.h"

#include <stdbool.h>

/*
 * A process remembers the names of directories it has come across, each for as
 * long as the directory's inode, times and size stay the same.  Directories of
 * more than LOCAL_INDEX_SMALL names are read by fetchers only, which leave the
 * names in a file below `shared_dir` that all processes map.  While such a file
 * is missing or older than its directory, names that differ in case from what
 * is asked for may be overlooked; exact names never are, as they are tried.
 *
 * One per process, made after fork; a few megabytes at most, mapped files not
 * counted.
 */
struct local_index;

enum { LOCAL_INDEX_SMALL = 1024 };

struct local_index_options {
	const char *shared_dir; /* "<cache>/names"; NULL: nothing is shared, this process reads everything itself */
	bool builds;            /* makes the shared files */
};
struct local_index *local_index_new(const struct local_index_options *options);
void local_index_free(struct local_index *index);

/* Begins a round: a directory is looked at once in each, however many modules are looked for in it. */
void local_index_begin(struct local_index *index);

/* Whether local_index_get() may take the time to read a large directory. */
bool local_index_reads_all(const struct local_index *index);

struct local_listing {
	bool exists;        /* it is a directory */
	bool current;       /* what `names` lack is not there */
	struct slice names; /* names.h's block; empty where nothing is known */
	int error;          /* errno of what kept us from looking; 0: nothing */
};

/* What is known of a directory.  Valid until the next call for this index. */
const struct local_listing *local_index_get(struct local_index *index, const char *path);

/*
 * For those that build, now and then: brings the shared files of these
 * directories and of all that have one up to date, one large one at a time, and
 * removes those whose directory is gone.  One that never stops changing is read
 * a twentieth of the time at most.
 */
void local_index_refresh(struct local_index *index, const char *const *dirs, unsigned count);

#endif
