/* SPDX-License-Identifier: MIT */
/* A .sym file of the file system, read into a compaction. */
#ifndef CLI_SYM_FILE_H
#define CLI_SYM_FILE_H

#include "engine/compact.h"

/* The module of a MODULE line, borrowed from `text`; false if the first line is none. */
bool sym_file_module(struct slice text, struct module_name *ret);

/*
 * A descriptor of the file, "-" being standard input; -1 with ERR_NOT_FOUND
 * where it cannot be read, so that the command ends with 66.
 */
int sym_file_open(const char *path, struct err *err);

/*
 * Feeds the whole file to a new compaction in temp_dir, by read() and not by
 * mmap(), whose pages would count as memory used.  `module` (may be NULL) gets
 * the MODULE line, to be released by the caller; an empty expected_id takes any.
 */
int sym_file_compact(int fd, const char *temp_dir, struct slice expected_id, struct buf *module,
		     struct compaction **ret, struct err *err);

#endif
