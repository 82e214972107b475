/* SPDX-License-Identifier: MIT */
/* Files: whole reads and writes, directories, temporary files, kernel-owned locks. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Appends the whole file to *buf.  ERR_LIMIT above max_bytes, ERR_NOT_FOUND if there is none. */
int file_read(const char *path, size_t max_bytes, struct buf *buf, struct err *err);

/* Writes all of it, resuming after short writes and EINTR. */
int file_write_all(int fd, const void *data, size_t len, struct err *err);

/* Reads exactly `len` bytes at `offset`; fewer is ERR_CORRUPT. */
int file_pread_all(int fd, void *data, size_t len, off_t offset, struct err *err);

/* Creates a directory and the missing ones above it, mode 0750 less umask. */
int file_make_dirs(const char *path, struct err *err);

/* An unlinked read-write file in `dir`, close-on-exec; gone when closed.  Returns the descriptor or -1. */
int file_open_unlinked(const char *dir, struct err *err);

/* `path` as it is when absolute, otherwise below `base_dir`.  The caller frees it. */
char *file_resolve(const char *base_dir, const char *path);

/*
 * Open-file-description locks (F_OFD_*): owned by the open file, so open the
 * file anew in each process; the kernel releases them when the process dies.
 */
enum file_lock_mode { FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE };

/* Locks `len` bytes (0: to the end) at `offset`.  Returns 1 locked, 0 if held by another and !wait, -1 with err. */
int file_lock(int fd, off_t offset, off_t len, enum file_lock_mode mode, bool wait, struct err *err);
void file_unlock(int fd, off_t offset, off_t len);

/* Whether anybody else holds a lock there that an exclusive one would have to wait for. */
bool file_is_locked(int fd, off_t offset, off_t len);

#endif
