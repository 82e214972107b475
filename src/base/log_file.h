/* SPDX-License-Identifier: MIT */
/* A log file that several processes write, and that any of them or logrotate may rename. */
#ifndef BASE_LOG_FILE_H
#define BASE_LOG_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_file {
	int fd;
	char *path;
	uint64_t max_bytes; /* 0: never rotated by us */
	unsigned max_files;
};

/* Opens for appending; *file is written on success only. */
int log_file_open(struct log_file *file, const char *path, struct err *err);
/* Goes on in the file that the path names now; -1 leaves it as it was. */
int log_file_reopen(struct log_file *file, struct err *err);
void log_file_close(struct log_file *file);

/* Appends a whole line, in a new file if it is time.  False: it is not, or not wholly, in the file. */
bool log_file_write(struct log_file *file, const char *line, size_t len);

#endif
