/* SPDX-License-Identifier: MIT */
/* Addresses that a .sym file has names for. */
#include "sym_functions.h"

#include "base/mem.h"
#include "base/num.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct slice take_line(struct slice *text)
{
	const char *newline = memchr(text->data, '\n', text->len);
	struct slice line = slice_make(text->data, newline ? (size_t)(newline - text->data) : text->len);

	*text = newline ? slice_make(newline + 1, text->len - line.len - 1) : slice_make(NULL, 0);
	while (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Up to the next blank, which goes with it. */
static struct slice take_field(struct slice *line)
{
	const char *blank = line->len ? memchr(line->data, ' ', line->len) : NULL;
	struct slice field = slice_make(line->data, blank ? (size_t)(blank - line->data) : line->len);

	*line = blank ? slice_make(blank + 1, line->len - field.len - 1) : slice_make(NULL, 0);
	return field;
}

/* MODULE <system> <processor> <id> <name> */
static int read_module(struct sym_functions *functions, struct slice line, const char *path, struct err *err)
{
	functions->module_line = mem_strndup(line.data, line.len);
	line.data = functions->module_line;
	if (!slice_is(take_field(&line), "MODULE"))
		return err_set(err, ERR_INPUT, "%s does not begin with a MODULE line", path);
	take_field(&line);
	take_field(&line);
	functions->module.debug_id = take_field(&line);
	functions->module.debug_file = line;
	return module_is_askable(functions->module) ? 0 : err_set(err, ERR_INPUT, "%s names no module", path);
}

static void add_function(struct sym_functions *functions, uint64_t start, uint64_t size)
{
	uint64_t before = functions->count ? functions->items[functions->count - 1].end_byte : 0;

	if (functions->count == functions->cap) {
		functions->cap = functions->cap ? functions->cap * 2 : 4096;
		functions->items = mem_realloc_array(functions->items, functions->cap, sizeof(*functions->items));
	}
	functions->items[functions->count++] = (struct sym_function){start, before + size};
}

/* FUNC [m] <address> <size> <parameters> <name>, PUBLIC [m] <address> <parameters> <name> */
static void read_symbol(struct sym_functions *functions, struct slice line, bool has_size)
{
	uint64_t start, size = 1;
	struct slice field;

	take_field(&line);
	field = take_field(&line);
	if (slice_is(field, "m"))
		field = take_field(&line);
	if (num_parse_hex(field, &start) && (!has_size || num_parse_hex(take_field(&line), &size)) && start && size)
		add_function(functions, start, size);
}

static void read_symbols(struct sym_functions *functions, struct slice text, struct slice record, bool has_size)
{
	while (text.len) {
		struct slice line = take_line(&text);

		if (slice_starts_with(line, record))
			read_symbol(functions, line, has_size);
	}
}

static int read_text(struct sym_functions *functions, struct slice text, const char *path, struct err *err)
{
	if (read_module(functions, take_line(&text), path, err) < 0)
		return -1;
	read_symbols(functions, text, SLICE_LITERAL("FUNC "), true);
	if (functions->count == 0)
		read_symbols(functions, text, SLICE_LITERAL("PUBLIC "), false);
	return functions->count ? 0 : err_set(err, ERR_INPUT, "%s has no symbols", path);
}

int sym_functions_read(struct sym_functions *functions, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;
	struct stat info;
	void *map;

	*functions = (struct sym_functions){0};
	if (fd < 0)
		return err_sys(err, "cannot read %s", path);
	map = fstat(fd, &info) == 0 && info.st_size > 0
		? mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	close(fd);
	if (map == MAP_FAILED)
		return err_sys(err, "cannot read %s", path);
	result = read_text(functions, slice_make(map, (size_t)info.st_size), path, err);
	munmap(map, (size_t)info.st_size);
	if (result < 0)
		sym_functions_release(functions);
	return result;
}

void sym_functions_release(struct sym_functions *functions)
{
	free(functions->module_line);
	free(functions->items);
	*functions = (struct sym_functions){0};
}

uint64_t sym_functions_pick(const struct sym_functions *functions, struct random *random)
{
	uint64_t byte = random_below(random, functions->items[functions->count - 1].end_byte);
	size_t low = 0, high = functions->count - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (functions->items[middle].end_byte > byte)
			high = middle;
		else
			low = middle + 1;
	}
	return functions->items[low].start + byte - (low ? functions->items[low - 1].end_byte : 0);
}
