/* SPDX-License-Identifier: MIT */
/* Tables whose bytes follow from their name and size, for the tests of src/store. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "store/store.h"

enum { FIXTURE_VALUE_MAX = 16368, FIXTURE_PAGE = 4096 };

/* A new directory below the test's own; the caller frees it. */
char *fixture_dir(void);

/* Opens or ends the test program. */
struct store *fixture_open(const char *dir, uint64_t max_bytes);

/* Writes a table of `values` values of `len` bytes each; an error is returned, not checked. */
int fixture_insert(struct store *store, const char *key, unsigned seed, unsigned values, size_t len,
		   struct err *err);

/* The same for a table made then, whose size the store is told beforehand. */
int fixture_insert_made(struct store *store, const char *key, unsigned seed, unsigned values, size_t len,
			uint64_t made_s, struct err *err);

/* The same up to its publication. */
struct store_insert *fixture_begin(struct store *store, const char *key, unsigned seed, unsigned values,
				   size_t len);

/*
 * Reads the table: -1 absent, else the seed it was made with, with all
 * `values` values there and right.  -2: anything else.
 */
int fixture_read(struct store *store, const char *key, unsigned values, size_t len);
bool fixture_has(struct store *store, const char *key);

struct store_stat fixture_stat(struct store *store);

#endif
