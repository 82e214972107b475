/* SPDX-License-Identifier: MIT */
/* Symbol files kept verbatim. */
#include "engine/raw_files.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/environment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	RAW_FILES_MAX = 10000,
	USED_AGAIN_S = 10, /* a use is noted at most so often */
	READ_BYTES = 256 * 1024,
};

static const char part_suffix[] = ".part";

char *raw_path(const struct state *state, struct slice key)
{
	return mem_printf("%s/raw/%.*s.sym", state->dir, SLICE_PRINT(key));
}

/* Without the path: two instances may spell the cache directory differently. */
static uint64_t identity_of(struct slice key, const struct stat *info)
{
	uint64_t numbers[] = {
		(uint64_t)info->st_ino, (uint64_t)info->st_size,
		(uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec,
	};
	uint64_t identity = hash_seeded(hash_bytes(key.data, key.len), numbers, sizeof(numbers));

	return identity ? identity : 1;
}

static void note_use(const char *path, const struct stat *info)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};

	/* what cannot be noted is evicted earlier, that is all */
	if (time(NULL) - info->st_atim.tv_sec >= USED_AGAIN_S && utimensat(AT_FDCWD, path, times, 0) < 0)
		return;
}

static uint64_t look_at(const struct state *state, struct slice key, bool use)
{
	struct stat info;
	uint64_t identity = 0;
	char *path;

	if (atomic_load_explicit(&state->map->raw_files, memory_order_relaxed) == 0)
		return 0;
	path = raw_path(state, key);
	if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
		identity = identity_of(key, &info);
		if (use)
			note_use(path, &info);
	}
	free(path);
	return identity;
}

uint64_t raw_identity(const struct state *state, struct slice key)
{
	return look_at(state, key, false);
}

uint64_t raw_use(const struct state *state, struct slice key)
{
	return look_at(state, key, true);
}

/* ---- reading ---- */

/* 1 with a descriptor, 0 there is no such file, -1. */
static int open_raw(const char *path, struct slice key, int *ret_fd, uint64_t *ret_identity, struct err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat info;

	if (fd < 0)
		return errno == ENOENT || errno == ENAMETOOLONG ? 0 : err_sys(err, "cannot open %s", path);
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return 0;
	}
	*ret_identity = identity_of(key, &info);
	*ret_fd = fd;
	return 1;
}

static int read_all(int fd, raw_output *output, void *ctx, struct err *err)
{
	char *block = mem_alloc(READ_BYTES);
	ssize_t got;
	int result = 0;

	while (result == 0 && (got = read(fd, block, READ_BYTES)) != 0) {
		if (got > 0)
			result = output(ctx, block, (size_t)got, err);
		else if (errno != EINTR)
			result = err_sys(err, "cannot read a raw file");
	}
	free(block);
	return result;
}

static int check_unchanged(int fd, struct slice key, uint64_t identity, struct err *err)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return err_sys(err, "cannot examine a raw file");
	if (identity_of(key, &info) != identity)
		return err_set(err, ERR_BUSY, "a raw file changed while it was read");
	return 1;
}

int raw_read(const struct state *state, struct slice key, raw_output *output, void *ctx, uint64_t *ret_identity,
	     struct err *err)
{
	char *path = raw_path(state, key);
	int fd = -1, result = open_raw(path, key, &fd, ret_identity, err);

	free(path);
	if (result != 1)
		return result;
	result = read_all(fd, output, ctx, err);
	if (result == 0)
		result = check_unchanged(fd, key, *ret_identity, err);
	close(fd);
	return result;
}

/* ---- removing ---- */

static int lock_raw(const struct state *state, struct err *err)
{
	return file_lock(state->lock_fd, STATE_LOCK_RAW, 1, FILE_LOCK_EXCLUSIVE, true, err) < 0 ? -1 : 0;
}

static void unlock_raw(const struct state *state)
{
	file_unlock(state->lock_fd, STATE_LOCK_RAW, 1);
}

/* And its directory, where it was the last one in it.  1, 0 there was none, -1. */
static int remove_file(char *path, struct err *err)
{
	char *slash = strrchr(path, '/');

	if (unlink(path) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG
			       ? 0
			       : err_sys(err, "cannot remove %s", path);
	*slash = '\0';
	if (rmdir(path) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		err_sys(err, "cannot remove %s", path);
	*slash = '/';
	return 1;
}

int raw_remove(const struct state *state, struct slice key, struct err *err)
{
	char *path;
	int result;

	if (atomic_load(&state->map->raw_files) == 0)
		return 0;
	if (lock_raw(state, err) < 0)
		return -1;
	path = raw_path(state, key);
	result = remove_file(path, err);
	free(path);
	unlock_raw(state);
	return result;
}

/* ---- the directory as a whole, under the lock ---- */

struct raw_file {
	char *path;
	uint64_t bytes;
	struct timespec used;
};

struct raw_list {
	struct raw_file *items;
	size_t count, cap;
	uint64_t bytes;
};

static void list_release(struct raw_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
}

static void list_add(struct raw_list *list, char *path)
{
	struct stat info;

	if (lstat(path, &info) < 0 || !S_ISREG(info.st_mode)) {
		free(path);
		return;
	}
	if (list->count == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 64;
		list->items = mem_realloc_array(list->items, list->cap, sizeof(*list->items));
	}
	list->items[list->count++] = (struct raw_file){path, (uint64_t)info.st_size, info.st_atim};
	list->bytes += (uint64_t)info.st_size;
}

/* Calls visit(ctx, directory, name) for each entry.  -1 where the directory is there and cannot be read. */
static int each_entry(const char *dir_path, void (*visit)(void *ctx, const char *dir_path, const char *name),
		      void *ctx, struct err *err)
{
	DIR *dir = opendir(dir_path);
	struct dirent *entry;

	if (dir == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(err, "cannot read %s", dir_path);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			visit(ctx, dir_path, entry->d_name);
	closedir(dir);
	return 0;
}

static void visit_file(void *ctx, const char *dir_path, const char *name)
{
	list_add(ctx, mem_printf("%s/%s", dir_path, name));
}

static void visit_module(void *ctx, const char *dir_path, const char *name)
{
	char *path = mem_printf("%s/%s", dir_path, name);
	struct err err = ERR_INIT;

	if (name[0] != '.')
		each_entry(path, visit_file, ctx, &err);
	free(path);
}

static int list_files(const struct state *state, struct raw_list *list, struct err *err)
{
	char *path = mem_printf("%s/raw", state->dir);
	int result = each_entry(path, visit_module, list, err);

	free(path);
	return result;
}

static int by_use(const void *a, const void *b)
{
	const struct timespec *left = &((const struct raw_file *)a)->used;
	const struct timespec *right = &((const struct raw_file *)b)->used;

	if (left->tv_sec != right->tv_sec)
		return left->tv_sec < right->tv_sec ? -1 : 1;
	return (left->tv_nsec > right->tv_nsec) - (left->tv_nsec < right->tv_nsec);
}

/* Removes files, used longest ago first, until neither is exceeded.  Returns how many are left. */
static int keep_within(struct raw_list *list, uint64_t bytes, size_t count, struct err *err)
{
	size_t left = list->count;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), by_use);
	for (size_t i = 0; i < list->count && (list->bytes > bytes || left > count); i++, left--) {
		if (remove_file(list->items[i].path, err) < 0)
			return -1;
		list->bytes -= list->items[i].bytes;
	}
	return (int)left;
}

/* As keep_within() for what is there now. */
static int make_room(const struct state *state, uint64_t bytes, size_t count, struct err *err)
{
	struct raw_list list = {.items = NULL};
	int result = list_files(state, &list, err);

	if (result == 0)
		result = keep_within(&list, bytes, count, err);
	list_release(&list);
	return result;
}

/* ---- writing ---- */

int raw_begin(struct raw_writer *ret, const struct state *state, struct slice key, uint64_t max_bytes,
	      struct err *err)
{
	char *dir = mem_printf("%s/raw", state->dir);
	int result = file_make_dirs(dir, err);

	*ret = (struct raw_writer){.state = state, .key = key, .fd = -1, .max_bytes = max_bytes};
	if (result == 0) {
		/* the key's lock makes it ours; its being free tells the janitor that nobody writes any more */
		ret->part = mem_printf("%s/.%llx%s", dir, (unsigned long long)environment_key_offset(key),
				       part_suffix);
		ret->fd = open(ret->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
		if (ret->fd < 0)
			result = err_sys(err, "cannot create %s", ret->part);
	}
	free(dir);
	return result;
}

int raw_write(struct raw_writer *writer, const char *data, size_t len, struct err *err)
{
	writer->bytes += len;
	if (writer->bytes > writer->max_bytes)
		return err_set(err, ERR_LIMIT,
			       "the file is larger than the %llu bytes that raw files may take",
			       (unsigned long long)writer->max_bytes);
	return file_write_all(writer->fd, data, len, err);
}

int raw_finish(struct raw_writer *writer, uint64_t *ret_identity, struct err *err)
{
	struct stat info;

	if (fsync(writer->fd) < 0 || fstat(writer->fd, &info) < 0)
		return err_sys(err, "cannot write %s", writer->part);
	*ret_identity = identity_of(writer->key, &info);
	return 0;
}

static int make_directory(const char *path, struct err *err)
{
	char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	int result = file_make_dirs(dir, err);

	free(dir);
	return result;
}

static int put_in_place(struct raw_writer *writer, struct err *err)
{
	char *path = raw_path(writer->state, writer->key);
	uint64_t others = writer->max_bytes - writer->bytes;
	int result = make_room(writer->state, others, RAW_FILES_MAX - 1, err) < 0 ? -1 : 0;

	if (result == 0)
		result = make_directory(path, err);
	atomic_store(&writer->state->map->raw_files, 1);
	if (result == 0 && rename(writer->part, path) < 0)
		result = err_sys(err, "cannot rename %s to %s", writer->part, path);
	free(path);
	return result;
}

int raw_commit(struct raw_writer *writer, struct err *err)
{
	int result;

	if (lock_raw(writer->state, err) < 0)
		return -1;
	result = put_in_place(writer, err);
	unlock_raw(writer->state);
	if (result == 0) {
		free(writer->part);
		writer->part = NULL;
	}
	return result;
}

void raw_release(struct raw_writer *writer)
{
	if (writer->state == NULL)
		return;
	if (writer->fd >= 0) {
		if (writer->part)
			unlink(writer->part);
		close(writer->fd);
	}
	free(writer->part);
	*writer = (struct raw_writer){.fd = -1};
}

/* ---- the janitor's round ---- */

/* What a fetcher was writing when it was killed: nobody holds its key's lock. */
static void visit_part(void *ctx, const char *dir_path, const char *name)
{
	const struct state *state = ctx;
	size_t len = strlen(name), suffix_len = sizeof(part_suffix) - 1;
	uint64_t offset;
	char *path;

	if (name[0] != '.' || len <= suffix_len + 1 || strcmp(name + len - suffix_len, part_suffix) != 0 ||
	    !num_parse_hex(slice_make(name + 1, len - 1 - suffix_len), &offset) ||
	    file_is_locked(state->fetch_fd, (off_t)offset, 1))
		return;
	path = mem_printf("%s/%s", dir_path, name);
	unlink(path);
	free(path);
}

static int sweep(const struct state *state, uint64_t max_bytes, struct err *err)
{
	char *dir = mem_printf("%s/raw", state->dir);
	int left = each_entry(dir, visit_part, (void *)(uintptr_t)state, err);

	free(dir);
	if (left == 0)
		left = make_room(state, max_bytes, RAW_FILES_MAX, err);
	if (left >= 0)
		atomic_store(&state->map->raw_files, left > 0);
	return left;
}

int raw_sweep(const struct state *state, uint64_t max_bytes, struct err *err)
{
	int left;

	if (lock_raw(state, err) < 0)
		return -1;
	left = sweep(state, max_bytes, err);
	unlock_raw(state);
	return left;
}
