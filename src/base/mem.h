/* SPDX-License-Identifier: MIT */
/* Heap memory that is never NULL: running out ends the process, whose master replaces it. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Sizes that come from outside are checked against a configured limit before
 * they reach these, so a failure means that the machine is out of memory.
 */
void *mem_alloc(size_t bytes) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t bytes) __attribute__((malloc, returns_nonnull));
void *mem_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *old, size_t bytes) __attribute__((returns_nonnull));
void *mem_realloc_array(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

/*
 * From now on, for the process: large blocks go back to the system as soon as
 * they are freed, and grow without being copied.  For what builds tables, whose
 * large blocks are of ever new sizes: kept for later, they would not fit again.
 */
void mem_give_back(void);

char *mem_strdup(const char *text) __attribute__((malloc, returns_nonnull));
char *mem_strndup(const char *text, size_t len) __attribute__((malloc, returns_nonnull));
char *mem_printf(const char *fmt, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

#endif
