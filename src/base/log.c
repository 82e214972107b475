/* SPDX-License-Identifier: MIT */
/* The log. */
#include "base/log.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 };

static struct {
	int fd;
	int level;
	char *path;
	uint64_t max_file_bytes;
	unsigned max_files;
	char process[32];
	const char *request;
} the_log = {.fd = STDERR_FILENO, .level = LEVEL_WARNING};

static int open_path(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	return fd >= 0 ? fd : err_sys(err, "cannot open log %s", path);
}

static void use_fd(int fd)
{
	if (the_log.fd != STDERR_FILENO)
		close(the_log.fd);
	the_log.fd = fd;
}

int log_open(const struct log_options *options, struct err *err)
{
	bool to_file = options->path && *options->path;
	int fd = to_file ? open_path(options->path, err) : STDERR_FILENO;

	if (fd < 0)
		return -1;
	use_fd(fd);
	free(the_log.path);
	the_log.path = to_file ? mem_strdup(options->path) : NULL;
	the_log.level = options->level;
	the_log.max_file_bytes = options->max_file_bytes;
	the_log.max_files = options->max_files;
	return 0;
}

int log_reopen(struct err *err)
{
	int fd;

	if (the_log.path == NULL)
		return 0;
	fd = open_path(the_log.path, err);
	if (fd < 0)
		return -1;
	use_fd(fd);
	return 0;
}

/* Whether the path still names the file that is open; then *ret_info is about it. */
static bool is_at_path(struct stat *ret_info)
{
	struct stat mine;

	return fstat(the_log.fd, &mine) == 0 && stat(the_log.path, ret_info) == 0 &&
	       mine.st_ino == ret_info->st_ino && mine.st_dev == ret_info->st_dev;
}

static void rename_files(void)
{
	char *older = mem_printf("%s.%u", the_log.path, the_log.max_files);

	for (unsigned n = the_log.max_files; n > 0; n--) {
		char *newer = n > 1 ? mem_printf("%s.%u", the_log.path, n - 1) : mem_strdup(the_log.path);

		rename(newer, older);
		free(older);
		older = newer;
	}
	free(older);
}

/* Of all that write to the file, the one that gets its lock renames it; the others follow. */
static void rotate(void)
{
	struct stat info;
	struct err err = ERR_INIT;

	if (file_lock(the_log.fd, 0, 1, FILE_LOCK_EXCLUSIVE, false, &err) != 1)
		return;
	if (is_at_path(&info) && (uint64_t)info.st_size >= the_log.max_file_bytes)
		rename_files();
	file_unlock(the_log.fd, 0, 1);
	log_reopen(&err); /* if that fails, the old file takes what comes */
}

static void follow_file(void)
{
	struct stat info;
	struct err err = ERR_INIT;

	if (the_log.path == NULL)
		return;
	if (!is_at_path(&info))
		log_reopen(&err);
	else if (the_log.max_files && the_log.max_file_bytes && (uint64_t)info.st_size >= the_log.max_file_bytes)
		rotate();
}

void log_close(void)
{
	use_fd(STDERR_FILENO);
	free(the_log.path);
	the_log.path = NULL;
}

void log_set_process(const char *name)
{
	snprintf(the_log.process, sizeof(the_log.process), "%s", name);
}

void log_set_request(const char *id)
{
	the_log.request = id;
}

bool log_enabled(int level)
{
	return level >= the_log.level;
}

static const char *level_name(int level)
{
	if (level >= LEVEL_CRITICAL)
		return "CRITICAL";
	if (level >= LEVEL_ERROR)
		return "ERROR";
	if (level >= LEVEL_WARNING)
		return "WARNING";
	return level >= LEVEL_INFO ? "INFO" : "DEBUG";
}

static size_t put_head(char *line, int level)
{
	struct timeval now;
	struct tm local;
	size_t len;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &local);
	len = strftime(line, LINE_BYTES, "%Y-%m-%d %H:%M:%S", &local);
	len += (size_t)snprintf(line + len, LINE_BYTES - len, ",%03d %-8s [%d %s] %s%s", (int)(now.tv_usec / 1000),
				level_name(level), (int)getpid(), the_log.process,
				the_log.request ? the_log.request : "", the_log.request ? " " : "");
	return len;
}

/* Control bytes would let outside text forge lines or drive a terminal. */
static size_t put_escaped(char *line, size_t len, const char *text)
{
	for (; *text && len < LINE_BYTES - 6; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			len += (size_t)snprintf(line + len, 5, "\\x%02x", c);
		else
			line[len++] = (char)c;
	}
	line[len++] = '\n';
	return len;
}

void log_write(int level, const char *fmt, ...)
{
	char line[LINE_BYTES], text[LINE_BYTES];
	int saved = errno;
	size_t len;
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = put_escaped(line, put_head(line, level), text);
	follow_file();
	if (write(the_log.fd, line, len) < 0 && the_log.fd != STDERR_FILENO)
		fprintf(stderr, "%.*s", (int)len, line); /* a full disk must not hide the cause */
	errno = saved;
}
