/* SPDX-License-Identifier: MIT */
/* A .sym file, read into a compaction. */
#include "cli/sym_file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024, MODULE_LINE_MAX = 8192 };

/* The next field of a line; what is left is moved behind it. */
static struct slice take_field(struct slice *line)
{
	size_t start = 0, end;

	while (start < line->len && line->data[start] == ' ')
		start++;
	for (end = start; end < line->len && line->data[end] != ' '; end++)
		;
	*line = slice_make(line->data + end, line->len - end);
	return slice_make(line->data - (end - start), end - start);
}

bool sym_file_module(struct slice text, struct module_name *ret)
{
	const char *newline = text.len ? memchr(text.data, '\n', text.len) : NULL;
	struct slice line = slice_make(text.data, newline ? (size_t)(newline - text.data) : text.len);
	struct slice id;

	while (line.len && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == ' '))
		line.len--;
	if (!slice_is(take_field(&line), "MODULE") || !take_field(&line).len || !take_field(&line).len)
		return false;
	id = take_field(&line);
	if (line.len < 2)
		return false;
	*ret = (struct module_name){{line.data + 1, line.len - 1}, id}; /* the name may have spaces */
	return true;
}

int sym_file_open(const char *path, struct err *err)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;

	if (fd >= 0 && fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode))
		return fd;
	if (fd >= 0) {
		close(fd);
		errno = EISDIR;
	}
	err_sys(err, "cannot read %s", path);
	err->code = ERR_NOT_FOUND;
	return -1;
}

static void keep_module_line(struct buf *module, const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);
	size_t line = newline ? (size_t)(newline - data) : len;

	if (module && module->len < MODULE_LINE_MAX &&
	    (module->len == 0 || !memchr(module->data, '\n', module->len)))
		buf_add(module, data, line + (newline != NULL));
}

static int feed_all(int fd, struct buf *module, struct compaction *compaction, char *block, struct err *err)
{
	for (;;) {
		ssize_t got = read(fd, block, BLOCK_BYTES);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read");
		if (got == 0)
			return 0;
		keep_module_line(module, block, (size_t)got);
		if (compaction_feed(compaction, block, (size_t)got, err) < 0)
			return -1;
	}
}

int sym_file_compact(int fd, const char *temp_dir, struct slice expected_id, struct buf *module,
		     struct compaction **ret, struct err *err)
{
	struct compaction_options options = {
		.build = {.expected_id = expected_id},
		.temp_dir = temp_dir,
	};
	struct compaction *compaction = compaction_new(&options);
	char *block = mem_alloc(BLOCK_BYTES);
	int result;

	result = feed_all(fd, module, compaction, block, err);
	free(block);
	if (result < 0)
		compaction_free(compaction);
	else
		*ret = compaction;
	return result;
}
