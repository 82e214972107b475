/* SPDX-License-Identifier: MIT */
/* A directory for a store that ends with the command. */
#include "cli/temp_store.h"

#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

const char *temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && dir[0] ? dir : "/tmp";
}

char *temp_store_new(struct err *err)
{
	char *dir = mem_printf("%s/symbolicate-XXXXXX", temp_dir());

	if (mkdtemp(dir))
		return dir;
	err_sys(err, "cannot make a directory in %s", temp_dir());
	free(dir);
	return NULL;
}

/* A store has files only, so there is nothing to descend into. */
void temp_store_remove(const char *dir)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;

	while (handle && (entry = readdir(handle)))
		unlinkat(dirfd(handle), entry->d_name, 0);
	if (handle)
		closedir(handle);
	rmdir(dir);
}
