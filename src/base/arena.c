/* SPDX-License-Identifier: MIT */
/* An arena of chunks. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t bytes;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena)
{
	*arena = (struct arena)ARENA_INIT;
}

static void use_chunk(struct arena *arena, struct arena_chunk *chunk)
{
	arena->next = chunk->data;
	arena->end = chunk->data + chunk->bytes;
}

static void free_chunks(struct arena_chunk *chunk)
{
	while (chunk) {
		struct arena_chunk *older = chunk->older;

		free(chunk);
		chunk = older;
	}
}

void arena_release(struct arena *arena)
{
	free_chunks(arena->chunks);
	arena_init(arena);
}

void arena_clear(struct arena *arena)
{
	struct arena_chunk *keep = arena->chunks;

	if (keep == NULL)
		return;
	free_chunks(keep->older);
	keep->older = NULL;
	if (keep->bytes > CHUNK_BYTES) {
		arena_release(arena);
		return;
	}
	use_chunk(arena, keep);
}

static void add_chunk(struct arena *arena, size_t bytes)
{
	struct arena_chunk *chunk;

	if (bytes < CHUNK_BYTES)
		bytes = CHUNK_BYTES;
	chunk = mem_alloc(sizeof(*chunk) + bytes);
	chunk->bytes = bytes;
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	use_chunk(arena, chunk);
}

static void *take(struct arena *arena, size_t bytes)
{
	char *memory;

	if (arena->next == NULL || (size_t)(arena->end - arena->next) < bytes)
		add_chunk(arena, bytes);
	memory = arena->next;
	arena->next += bytes;
	return memory;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	size_t skew = (uintptr_t)arena->next % alignof(max_align_t);
	size_t pad = skew ? alignof(max_align_t) - skew : 0;

	if (arena->next && (size_t)(arena->end - arena->next) >= bytes + pad)
		arena->next += pad;
	else
		add_chunk(arena, bytes); /* chunks start aligned */
	return take(arena, bytes);
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX / 2;
	return memset(arena_alloc(arena, bytes), 0, bytes);
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
	char *copy = take(arena, s.len);

	if (s.len)
		memcpy(copy, s.data, s.len);
	return slice_make(copy, s.len);
}
