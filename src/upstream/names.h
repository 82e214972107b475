/* SPDX-License-Identifier: MIT */
/* The names in a directory as one block of bytes, to be searched without case. */
#ifndef UPSTREAM_NAMES_H
#define UPSTREAM_NAMES_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * The block holds no pointers, so that it can be a file that several processes
 * map: header, hashes in ascending order with the places of their names, then
 * the texts, of which the first is the directory's own path.
 */
struct names_header {
	char magic[8];
	uint64_t bytes;
	uint64_t stamp;    /* of the directory as it was before it was read: names_stamp() */
	uint64_t taken_ms; /* wall clock, when reading began */
	uint64_t took_us;
	uint32_t count;
	uint8_t settled;   /* the directory had not changed for a while: every later change shows in its stamp */
	uint8_t complete;  /* false: there are more names than were read */
	uint8_t unused[2];
};

/* What tells a directory from what it was: inode, size, times; without the device, as with files. */
uint64_t names_stamp(const struct stat *info);

/*
 * Reads at most `max_names` names of the directory (without "." and "..") into
 * an empty buffer.  -1 with errno's error where it cannot be opened or read.
 */
int names_read(const char *path, unsigned max_names, struct buf *ret, struct err *err);

/* The header of a block, or NULL if these bytes are none or damaged: looks at all of it, once. */
const struct names_header *names_check(struct slice block);

/* For blocks that were read here or checked. */
const char *names_path(struct slice block);
/* The name itself if the directory has it, else the first in byte order that differs in case only, else NULL. */
const char *names_find(struct slice block, struct slice name);

#endif
