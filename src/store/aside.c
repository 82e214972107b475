/* SPDX-License-Identifier: MIT */
/* Putting a damaged environment aside, deleting one. */
#include "store/store.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* "db-", digits, ".bad": nobody else's file is ever deleted. */
static bool is_bad_environment(const char *name)
{
	size_t digits;

	if (strncmp(name, "db-", 3) != 0)
		return false;
	digits = strspn(name + 3, "0123456789");
	return digits > 0 && strcmp(name + 3 + digits, ".bad") == 0;
}

static int remove_environment(int parent_fd, const char *name, struct err *err)
{
	static const char *const files[] = {"data.mdb", "lock.mdb"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = mem_printf("%s/%s", name, files[i]);
		int rc = unlinkat(parent_fd, path, 0);

		free(path);
		if (rc < 0 && errno != ENOENT)
			return err_sys(err, "cannot delete %s in %s", files[i], name);
	}
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "cannot delete %s", name);
	return 0;
}

int store_remove(const char *dir, struct err *err)
{
	return remove_environment(AT_FDCWD, dir, err);
}

static int remove_older(DIR *parent, struct err *err)
{
	struct dirent *entry;

	while ((entry = readdir(parent)) != NULL)
		if (is_bad_environment(entry->d_name) &&
		    remove_environment(dirfd(parent), entry->d_name, err) < 0)
			return -1;
	return 0;
}

static char *parent_of(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	if (slash == NULL)
		return mem_strdup(".");
	return slash == dir ? mem_strdup("/") : mem_strndup(dir, (size_t)(slash - dir));
}

int store_move_aside(const char *dir, struct err *err)
{
	char *parent_path = parent_of(dir), *bad;
	DIR *parent;
	int result = 0;

	if (access(dir, F_OK) < 0 && errno == ENOENT) {
		free(parent_path);
		return 0;
	}
	parent = opendir(parent_path);
	if (parent == NULL)
		err_sys(err, "cannot read %s", parent_path);
	free(parent_path);
	if (parent == NULL)
		return -1;
	result = remove_older(parent, err);
	closedir(parent);
	bad = mem_printf("%s.bad", dir);
	if (result == 0 && rename(dir, bad) < 0 && errno != ENOENT)
		result = err_sys(err, "cannot move %s aside", dir);
	free(bad);
	return result;
}
