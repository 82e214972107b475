/* SPDX-License-Identifier: MIT */
/* The log: one line per event, on standard error until a file is named. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Python's numbers, which the old configuration files use. */
enum log_level {
	LEVEL_DEBUG = 10,
	LEVEL_INFO = 20,
	LEVEL_WARNING = 30,
	LEVEL_ERROR = 40,
	LEVEL_CRITICAL = 50,
};

struct log_options {
	const char *path; /* NULL or "": standard error */
	int level;        /* lines below it are dropped */
	uint64_t max_file_bytes; /* a longer file becomes PATH.1, PATH.1 becomes PATH.2, ...; 0: never */
	unsigned max_files;      /* old ones that are kept; 0: the file is never rotated */
};

/*
 * Opens the file for appending; any number of processes may hold the same one,
 * as each line is one write and each looks, before it writes, whether another
 * process or logrotate has renamed the file.  -1 leaves the log as it was.  The process
 * name ("worker 3") and the request id stand at the head of each line; outside
 * text in a line is escaped, so that one event stays one line.
 */
int log_open(const struct log_options *options, struct err *err);
int log_reopen(struct err *err); /* after rotation */
void log_close(void);

void log_set_process(const char *name);
void log_set_request(const char *id); /* NULL: none; borrowed until changed */

bool log_enabled(int level);
void log_write(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) do { if (log_enabled(LEVEL_DEBUG)) log_write(LEVEL_DEBUG, __VA_ARGS__); } while (0)
#define log_info(...) do { if (log_enabled(LEVEL_INFO)) log_write(LEVEL_INFO, __VA_ARGS__); } while (0)
#define log_warning(...) log_write(LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LEVEL_ERROR, __VA_ARGS__)

#endif
