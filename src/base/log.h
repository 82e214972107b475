/* SPDX-License-Identifier: MIT */
/* The log: one line per event, on standard error until another target is named. */
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
	/* NULL, "" or "stderr": standard error; "syslog"; "journal": systemd's; else a file */
	const char *path;
	int level;        /* lines below it are dropped */
	uint64_t max_file_bytes; /* a longer file becomes PATH.1, PATH.1 becomes PATH.2, ...; 0: never */
	unsigned max_files;      /* old ones that are kept; 0: the file is never rotated */
};

/*
 * Any number of processes may hold the same file, as each line is one write and
 * each looks, before it writes, whether another process or logrotate has renamed
 * it.  What cannot be written there (a full disk) goes to standard error.
 * -1 leaves the log as it was.  The process name ("worker 3") and the request id
 * stand at the head of each line; control characters and what is not UTF-8 are
 * escaped, so that one event stays one line whatever outside text it quotes.
 */
int log_open(const struct log_options *options, struct err *err);
int log_reopen(struct err *err); /* after rotation */
int log_check(const char *path, struct err *err); /* whether log_open() would open it */
void log_close(void);

/*
 * Why standard error takes the place of "syslog" or "journal" (then each line
 * begins with its priority as <N>, as systemd reads it); NULL: it does not.
 */
const char *log_lacks(const char *path);

void log_set_process(const char *name); /* what is still to be told about limits is the former process's */
void log_set_request(const char *id); /* NULL: none; borrowed until changed */

bool log_enabled(int level);
void log_write(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) do { if (log_enabled(LEVEL_DEBUG)) log_write(LEVEL_DEBUG, __VA_ARGS__); } while (0)
#define log_info(...) do { if (log_enabled(LEVEL_INFO)) log_write(LEVEL_INFO, __VA_ARGS__); } while (0)
#define log_warning(...) log_write(LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LEVEL_ERROR, __VA_ARGS__)

/* ---- what may repeat without end ---- */

enum { LOG_LIMIT_LINES = 5, LOG_LIMIT_S = 60, LOG_LIMIT_SAMPLE_BYTES = 160 };

/* One per cause and process, zeroed and never moved or freed while the process logs: static, or in what lives as long. */
struct log_limit {
	uint64_t begun_ms; /* of its minute */
	unsigned written, left_out;
	int level;
	char sample[LOG_LIMIT_SAMPLE_BYTES]; /* the first line of the minute */
	struct log_limit *next; /* of those that left lines out */
};

/*
 * log_write() for LOG_LIMIT_LINES lines in LOG_LIMIT_S seconds; those beyond are
 * counted, and one line tells how many there were: with the next one that is
 * written, or by log_tell_left_out().
 */
void log_limited(struct log_limit *limit, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Tells what was left out in minutes that are over.  For wherever a process comes to rest; costs nothing if there is none. */
void log_tell_left_out(void);

#endif
