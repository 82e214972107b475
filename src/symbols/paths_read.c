/* SPDX-License-Identifier: MIT */
/* The stream of paths: walked once when its table is opened, read here and there afterwards. */
#include "symbols/paths_read.h"

#include "base/mem.h"
#include "symbols/bits.h"
#include "symbols/table_open.h"

#include <stdlib.h>

/* A place in the stream; `at` is NULL behind something damaged. */
struct walk {
	const uint8_t *at, *end;
};

static uint64_t take_number(struct walk *walk)
{
	uint64_t value = 0;

	if (walk->at)
		walk->at = varint_get(walk->at, walk->end, &value);
	return walk->at ? value : 0;
}

static struct slice take_text(struct walk *walk)
{
	uint64_t len = take_number(walk);
	const uint8_t *text = walk->at;

	if (text == NULL || len > (uint64_t)(walk->end - text)) {
		walk->at = NULL;
		return (struct slice){NULL, 0};
	}
	walk->at += len;
	return slice_make(text, (size_t)len);
}

static struct walk walk_from(const struct paths_reader *reader, uint32_t offset)
{
	const uint8_t *start = (const uint8_t *)reader->bytes.data;

	return (struct walk){start + offset, start + reader->bytes.len};
}

static uint32_t offset_of(const struct paths_reader *reader, const struct walk *walk)
{
	return (uint32_t)(walk->at - (const uint8_t *)reader->bytes.data);
}

static struct slice directory_at(const struct paths_reader *reader, uint64_t number)
{
	struct walk walk = walk_from(reader, reader->directories[number]);

	return take_text(&walk);
}

static void walk_directories(struct paths_reader *reader, struct walk *walk)
{
	uint64_t count = take_number(walk);

	if (walk->at == NULL || count > (uint64_t)(walk->end - walk->at)) {
		walk->at = NULL;
		return;
	}
	reader->directory_count = (uint32_t)count;
	reader->directories = mem_calloc((size_t)count + 1, sizeof(*reader->directories));
	for (uint32_t i = 0; walk->at && i < count; i++) {
		reader->directories[i] = offset_of(reader, walk);
		take_text(walk);
	}
}

/* False where one is damaged, or all together are longer than `bytes_max`. */
static bool walk_paths(struct paths_reader *reader, struct walk *walk, uint64_t bytes_max)
{
	uint64_t bytes = 0;

	reader->paths = mem_calloc((size_t)reader->count + 1, sizeof(*reader->paths));
	for (uint32_t i = 0; walk->at && i < reader->count && bytes <= bytes_max; i++) {
		uint64_t directory;

		reader->paths[i] = offset_of(reader, walk);
		directory = take_number(walk);
		if (directory > reader->directory_count)
			return false;
		if (directory)
			bytes += directory_at(reader, directory - 1).len + take_text(walk).len;
	}
	return walk->at == walk->end && bytes <= bytes_max;
}

int paths_reader_init(struct paths_reader *reader, struct buf *bytes, uint32_t count, uint64_t bytes_max,
		      struct slice *ret_code_file, struct err *err)
{
	struct walk walk;

	*reader = (struct paths_reader){.bytes = *bytes, .count = count};
	*bytes = (struct buf)BUF_INIT;
	arena_init(&reader->text);
	if (count > reader->bytes.len || reader->bytes.len > UINT32_MAX)
		return table_corrupt(err, "paths are missing");
	walk = walk_from(reader, 0);
	*ret_code_file = take_text(&walk);
	if (ret_code_file->len == 0)
		*ret_code_file = (struct slice){NULL, 0};
	walk_directories(reader, &walk);
	if (!walk_paths(reader, &walk, bytes_max))
		return table_corrupt(err, "the paths are damaged");
	reader->whole = mem_calloc((size_t)count + 1, sizeof(*reader->whole));
	return 0;
}

void paths_reader_release(struct paths_reader *reader)
{
	buf_release(&reader->bytes);
	free(reader->directories);
	free(reader->paths);
	free(reader->whole);
	arena_release(&reader->text);
}

static struct slice join(struct arena *arena, struct slice directory, struct slice name)
{
	char *text = arena_alloc(arena, directory.len + name.len + 1);

	memcpy(text, directory.data, directory.len);
	memcpy(text + directory.len, name.data, name.len);
	return slice_make(text, directory.len + name.len);
}

struct slice paths_get(struct paths_reader *reader, uint32_t number)
{
	struct slice *whole = &reader->whole[number];

	if (whole->data == NULL) {
		struct walk walk = walk_from(reader, reader->paths[number]);
		uint64_t directory = take_number(&walk);

		if (directory)
			*whole = join(&reader->text, directory_at(reader, directory - 1), take_text(&walk));
	}
	return *whole;
}
