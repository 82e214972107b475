/* SPDX-License-Identifier: MIT */
/* Heap memory that is never NULL. */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void *checked(void *memory)
{
	static const char text[] = "symbolicate: out of memory\n";

	if (memory == NULL) {
		ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

		(void)ignored;
		_exit(EX_OSERR);
	}
	return memory;
}

static size_t product(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

void *mem_alloc(size_t bytes)
{
	return checked(malloc(bytes ? bytes : 1));
}

void *mem_zalloc(size_t bytes)
{
	return checked(calloc(1, bytes ? bytes : 1));
}

void *mem_calloc(size_t count, size_t size)
{
	return mem_zalloc(product(count, size));
}

void *mem_realloc(void *old, size_t bytes)
{
	return checked(realloc(old, bytes ? bytes : 1));
}

void *mem_realloc_array(void *old, size_t count, size_t size)
{
	return mem_realloc(old, product(count, size));
}

void mem_give_back(void)
{
#ifdef M_MMAP_THRESHOLD
	enum { LARGE_BYTES = 128 * 1024, KEPT_BYTES = 4 * 1024 * 1024 };

	/* glibc's own limit, which it would otherwise raise; and of small blocks, a store's transaction is kept */
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

char *mem_strdup(const char *text)
{
	return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return checked(text);
}
