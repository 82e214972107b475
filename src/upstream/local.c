/* SPDX-License-Identifier: MIT */
/* Symbol files in local directories. */
#include "upstream/local.h"

#include "base/hash.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SCAN_MAX = 1000000, /* entries of one directory that are looked at for a name in another case */
	READ_BYTES = 256 * 1024,
};

/* What a symbol file may be called behind its name, best first. */
static const char *const suffixes[] = {"", ".gz", ".zst"};

bool local_is_file_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.data[i];

		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
			return false;
	}
	return name.len && !slice_is(name, ".") && !slice_is(name, "..");
}

/* "Not there", as opposed to "cannot tell"; a name longer than the file system allows cannot be there. */
static bool is_absence(int code)
{
	return code == ENOENT || code == ENOTDIR || code == ENAMETOOLONG;
}

/* 1 with a descriptor, 0 there is no such directory, -1. */
static int open_dir(int parent, const char *name, int *ret_fd, struct err *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return is_absence(errno) ? 0 : err_sys(err, "cannot open directory %s", name);
	*ret_fd = fd;
	return 1;
}

/* 1 with a descriptor, 0 there is no such regular file, -1.  A FIFO does not hold us up. */
static int open_file(int parent, const char *name, int *ret_fd, struct err *err)
{
	int fd = openat(parent, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat info;

	if (fd < 0)
		return is_absence(errno) || errno == ENXIO ? 0 : err_sys(err, "cannot open %s", name);
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return 0;
	}
	*ret_fd = fd;
	return 1;
}

typedef int opener(int parent, const char *name, int *ret_fd, struct err *err);

/*
 * Finds `name` without case: 1 with the spelling in *ret, which is the first in
 * byte order so that every process finds the same.
 */
static int scan_dir(DIR *dir, struct slice name, char **ret, struct err *err)
{
	char *best = NULL;
	struct dirent *entry;
	long seen = 0;

	errno = 0;
	while ((entry = readdir(dir)) != NULL && seen++ < SCAN_MAX) {
		if (!slice_equal_nocase(slice_of(entry->d_name), name))
			continue;
		if (best == NULL || strcmp(entry->d_name, best) < 0) {
			free(best);
			best = mem_strdup(entry->d_name);
		}
	}
	if (best) {
		*ret = best;
		return 1;
	}
	if (entry)
		return err_set(err, ERR_LIMIT, "more than %d entries in a directory", SCAN_MAX);
	return errno ? err_sys(err, "cannot read a directory") : 0;
}

static int find_spelling(int parent, struct slice name, char **ret, struct err *err)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int result;

	if (dir == NULL) {
		err_sys(err, "cannot read a directory");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	result = scan_dir(dir, name, ret, err);
	closedir(dir);
	return result;
}

/* Opens an entry by name, then by the name without case, and adds its spelling to `path`. */
static int open_entry(int parent, const char *name, opener *open_it, int *ret_fd, struct buf *path,
		      struct err *err)
{
	char *spelling = NULL;
	int result = open_it(parent, name, ret_fd, err);

	if (result == 0) {
		result = find_spelling(parent, slice_of(name), &spelling, err);
		if (result == 1)
			result = open_it(parent, spelling, ret_fd, err);
	}
	if (result == 1)
		buf_addf(path, "/%s", spelling ? spelling : name);
	free(spelling);
	return result;
}

/* Goes down one level; `parent` is closed in any case. */
static int descend(int parent, const char *name, int *ret_fd, struct buf *path, struct err *err)
{
	int result = open_entry(parent, name, open_dir, ret_fd, path, err);

	close(parent);
	return result;
}

/* NAME.sym in any case before NAME.sym.gz in any case. */
static int open_any_suffix(int parent, struct module_name module, int *ret_fd, struct buf *path,
			   struct err *err)
{
	struct buf name = BUF_INIT;
	int result = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && result == 0; i++) {
		buf_clear(&name);
		module_add_sym_name(&name, module.debug_file);
		buf_add_text(&name, suffixes[i]);
		result = open_entry(parent, buf_text(&name), open_file, ret_fd, path, err);
	}
	buf_release(&name);
	return result;
}

static int open_path(const char *dir, struct module_name module, int *ret_fd, struct buf *path,
		     struct err *err)
{
	struct buf file = BUF_INIT, id = BUF_INIT;
	int fd = -1, result;

	buf_add_slice(&file, module.debug_file);
	module_add_id(&id, module.debug_id);
	buf_add_text(path, dir);
	result = open_dir(AT_FDCWD, dir, &fd, err);
	if (result == 1)
		result = descend(fd, buf_text(&file), &fd, path, err);
	if (result == 1)
		result = descend(fd, buf_text(&id), &fd, path, err);
	if (result == 1) {
		int parent = fd;

		result = open_any_suffix(parent, module, ret_fd, path, err);
		close(parent);
	}
	buf_release(&file);
	buf_release(&id);
	return result;
}

/* Without the device: network and layered file systems have another number after every mount. */
static uint64_t identity_of(const char *path, const struct stat *info)
{
	uint64_t numbers[] = {
		(uint64_t)info->st_ino, (uint64_t)info->st_size,
		(uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec,
	};

	return hash_seeded(hash_bytes(path, strlen(path)), numbers, sizeof(numbers));
}

int local_open(struct local_file *ret, const char *dir, struct module_name module, struct err *err)
{
	struct buf path = BUF_INIT;
	int result = 0;

	*ret = (struct local_file){.fd = -1};
	if (module_is_askable(module) && local_is_file_name(module.debug_file))
		result = open_path(dir, module, &ret->fd, &path, err);
	if (result == 1) {
		ret->path = mem_strdup(buf_text(&path));
		if (fstat(ret->fd, &ret->info) < 0)
			result = err_sys(err, "cannot examine %s", ret->path);
		ret->identity = identity_of(ret->path, &ret->info);
	}
	if (result < 0) {
		err_prefix(err, "in %s", dir);
		local_close(ret);
	}
	buf_release(&path);
	return result;
}

void local_close(struct local_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	*file = (struct local_file){.fd = -1};
}

/* A file that is written while it is read may be torn, though every read succeeds. */
static int check_unchanged(const struct local_file *file, struct err *err)
{
	struct stat now;

	if (fstat(file->fd, &now) < 0)
		return err_sys(err, "cannot examine the file");
	if (identity_of(file->path, &now) != file->identity)
		return err_set(err, ERR_UPSTREAM, "the file changed while it was read");
	return 0;
}

int local_read(const struct local_file *file, local_output *output, void *ctx, struct err *err)
{
	char *block = mem_alloc(READ_BYTES);
	ssize_t got;
	int result = 0;

	while (result == 0 && (got = read(file->fd, block, READ_BYTES)) != 0) {
		if (got > 0)
			result = output(ctx, block, (size_t)got, err);
		else if (errno != EINTR)
			result = err_sys(err, "cannot read");
	}
	free(block);
	return result < 0 ? -1 : check_unchanged(file, err);
}
