/* SPDX-License-Identifier: MIT */
/* Symbol files in local directories. */
#ifndef UPSTREAM_LOCAL_H
#define UPSTREAM_LOCAL_H

#include "base/err.h"
#include "symbols/module.h"
#include "upstream/local_index.h"

#include <stdint.h>
#include <sys/stat.h>

/*
 * Whether a name that came from outside is nothing but a name, here or on a
 * server: not "." or "..", without slashes, backslashes and control bytes.
 */
bool local_is_file_name(struct slice name);

/* Whether an errno says "not there", as opposed to "cannot tell"; a name too long for the file system cannot be. */
bool local_is_absence(int code);

/* A symbol file, as it was found. */
struct local_file {
	int fd;            /* -1 unless open */
	char *path;        /* owned */
	struct stat info;
	uint64_t identity; /* hash of path, inode, size and modification time */
};

/*
 * Looks for <dir>/<debug file>/<ID>/<name>.sym, or that with .gz or .zst behind
 * it.  Each name is matched exactly, and where there is none so, without case:
 * of several the first in byte order.  Only a regular file counts, links are
 * followed (they are the operator's), and the names never lead out of `dir`.
 * The exact names are always looked for on the spot, others by way of the index
 * (with its limits).  1 with *ret; 0: there is none; -1: something else kept us
 * from it, also where a directory cannot be read.
 */
int local_find(struct local_file *ret, struct local_index *index, const char *dir, struct module_name module,
	       struct err *err);
/* The same, and opens it. */
int local_open(struct local_file *ret, struct local_index *index, const char *dir, struct module_name module,
	       struct err *err);
void local_close(struct local_file *file);

/*
 * Hands the bytes of the file to `output`.  -1 also where the file changed
 * meanwhile, and with output's own error.  Messages do not name the file.
 */
typedef int local_output(void *ctx, const char *data, size_t len, struct err *err);
int local_read(const struct local_file *file, local_output *output, void *ctx, struct err *err);

#endif
