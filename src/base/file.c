/* SPDX-License-Identifier: MIT */
/* Files. */
#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_to_end(int fd, const char *path, size_t max_bytes, struct buf *buf, struct err *err)
{
	size_t start = buf->len;

	for (;;) {
		ssize_t got = read(fd, buf_reserve(buf, 64 * 1024), 64 * 1024);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read %s", path);
		if (got == 0)
			return 0;
		buf->len += (size_t)got;
		if (buf->len - start > max_bytes)
			return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
	}
}

int file_read(const char *path, size_t max_bytes, struct buf *buf, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0) {
		err_sys(err, "cannot open %s", path);
		if (err->sys_errno == ENOENT || err->sys_errno == ENOTDIR)
			err->code = ERR_NOT_FOUND;
		return -1;
	}
	result = read_to_end(fd, path, max_bytes, buf, err);
	close(fd);
	return result;
}

int file_write_all(int fd, const void *data, size_t len, struct err *err)
{
	const char *at = data;

	while (len) {
		ssize_t done = write(fd, at, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(err, "cannot write");
		at += done;
		len -= (size_t)done;
	}
	return 0;
}

int file_pread_all(int fd, void *data, size_t len, off_t offset, struct err *err)
{
	char *at = data;

	while (len) {
		ssize_t got = pread(fd, at, len, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read");
		if (got == 0)
			return err_set(err, ERR_CORRUPT, "file ends %zu bytes early", len);
		at += got;
		offset += got;
		len -= (size_t)got;
	}
	return 0;
}

static int make_dir(const char *path, struct err *err)
{
	struct stat info;

	if (mkdir(path, 0750) == 0 || (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
		return 0;
	return err_sys(err, "cannot create directory %s", path);
}

int file_make_dirs(const char *path, struct err *err)
{
	struct stat info;
	char *copy;
	int result = 0;

	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) /* mostly */
		return 0;
	copy = mem_strdup(path);
	for (char *slash = strchr(copy + 1, '/'); slash && result == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		result = make_dir(copy, err);
		*slash = '/';
	}
	if (result == 0)
		result = make_dir(copy, err);
	free(copy);
	return result;
}

int file_open_unlinked(const char *dir, struct err *err)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *path;

	if (fd >= 0)
		return fd;
	/* a file system without O_TMPFILE */
	path = mem_printf("%s/.tmp-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		err_sys(err, "cannot create a temporary file in %s", dir);
	else
		unlink(path);
	free(path);
	return fd;
}

char *file_resolve(const char *base_dir, const char *path)
{
	return path[0] == '/' ? mem_strdup(path) : mem_printf("%s/%s", base_dir, path);
}

int file_lock(int fd, off_t offset, off_t len, enum file_lock_mode mode, bool wait, struct err *err)
{
	struct flock lock = {
		.l_type = mode == FILE_LOCK_SHARED ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = offset,
		.l_len = len,
	};

	while (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) < 0) {
		if (errno == EINTR)
			continue;
		if (!wait && (errno == EAGAIN || errno == EACCES))
			return 0;
		return err_sys(err, "cannot lock");
	}
	return 1;
}

void file_unlock(int fd, off_t offset, off_t len)
{
	struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = len};

	fcntl(fd, F_OFD_SETLK, &lock);
}

bool file_is_locked(int fd, off_t offset, off_t len)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = len};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
