/* SPDX-License-Identifier: MIT */
/* A log file. */
#include "base/log_file.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK is for a pipe: one that nobody reads must hold up no request. */
static int open_path(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

	return fd >= 0 ? fd : err_sys(err, "cannot open log %s", path);
}

int log_file_open(struct log_file *file, const char *path, struct err *err)
{
	int fd = open_path(path, err);

	if (fd < 0)
		return -1;
	*file = (struct log_file){.fd = fd, .path = mem_strdup(path)};
	return 0;
}

int log_file_reopen(struct log_file *file, struct err *err)
{
	int fd = open_path(file->path, err);

	if (fd < 0)
		return -1;
	close(file->fd);
	file->fd = fd;
	return 0;
}

void log_file_close(struct log_file *file)
{
	close(file->fd);
	free(file->path);
	*file = (struct log_file){.fd = -1};
}

/* Whether the path still names the file that is open; then *ret_info is about it. */
static bool is_at_path(const struct log_file *file, struct stat *ret_info)
{
	struct stat mine;

	return fstat(file->fd, &mine) == 0 && stat(file->path, ret_info) == 0 &&
	       mine.st_ino == ret_info->st_ino && mine.st_dev == ret_info->st_dev;
}

static bool is_full(const struct log_file *file, const struct stat *info)
{
	return file->max_files && file->max_bytes && (uint64_t)info->st_size >= file->max_bytes;
}

static void rename_files(const struct log_file *file)
{
	char *older = mem_printf("%s.%u", file->path, file->max_files);

	for (unsigned n = file->max_files; n > 0; n--) {
		char *newer = n > 1 ? mem_printf("%s.%u", file->path, n - 1) : mem_strdup(file->path);

		rename(newer, older);
		free(older);
		older = newer;
	}
	free(older);
}

/* Of all that write to the file, the one that gets its lock renames it; the others follow. */
static void rotate(struct log_file *file)
{
	struct stat info;
	struct err err = ERR_INIT;

	if (file_lock(file->fd, 0, 1, FILE_LOCK_EXCLUSIVE, false, &err) != 1)
		return;
	if (is_at_path(file, &info) && is_full(file, &info))
		rename_files(file);
	file_unlock(file->fd, 0, 1);
	log_file_reopen(file, &err); /* if that fails, the old file takes what comes */
}

static void follow(struct log_file *file)
{
	struct stat info;
	struct err err = ERR_INIT;

	if (!is_at_path(file, &info))
		log_file_reopen(file, &err);
	else if (is_full(file, &info))
		rotate(file);
}

bool log_file_write(struct log_file *file, const char *line, size_t len)
{
	follow(file);
	return write(file->fd, line, len) == (ssize_t)len;
}
