/* SPDX-License-Identifier: MIT */
/* Paths by number, put together from directory and name when they are first asked for. */
#ifndef SYMBOLS_PATHS_READ_H
#define SYMBOLS_PATHS_READ_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct paths_reader {
	struct buf bytes;      /* the decoded stream */
	uint32_t count, directory_count;
	uint32_t *directories; /* where each begins in `bytes` */
	uint32_t *paths;       /* where each begins */
	struct slice *whole;   /* by number; {NULL, 0}: not asked for yet, or absent */
	struct arena text;     /* of these */
};

/*
 * Takes over the decoded stream (docs/table-format.md, kind 7) of `count` paths,
 * which are at most bytes_max long in all.  *ret_code_file is a view of it, or
 * absent.  -1 with ERR_CORRUPT; to be released in either case.
 */
int paths_reader_init(struct paths_reader *reader, struct buf *bytes, uint32_t count, uint64_t bytes_max,
		      struct slice *ret_code_file, struct err *err);
void paths_reader_release(struct paths_reader *reader);

/* number < count; {NULL, 0}: absent.  Valid as long as the reader. */
struct slice paths_get(struct paths_reader *reader, uint32_t number);

#endif
