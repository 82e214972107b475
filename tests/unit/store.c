/* SPDX-License-Identifier: MIT */
/* src/store in one process: tables in and out, eviction, negative entries, damage. */
#include "store_fixture.h"
#include "tap.h"

#include "base/clock.h"
#include "base/mem.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MB = 1024 * 1024 };

static void insert_find_read(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 16 * MB);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_read(store, "a/1", 0, 0), -1);
	CHECK_INT(fixture_insert(store, "a/1", 7, 100, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/2", 8, 3, 10, &err), 0);
	CHECK_INT(fixture_insert(store, "c/3", 9, 0, 0, &err), 0);
	CHECK_INT(fixture_read(store, "a/1", 100, FIXTURE_VALUE_MAX), 7);
	CHECK_INT(fixture_read(store, "b/2", 3, 10), 8);
	CHECK_INT(fixture_read(store, "c/3", 0, 0), 9);
	CHECK_INT(fixture_stat(store).tables, 3);
	CHECK_INT(fixture_stat(store).pages, 403);
	CHECK_INT(fixture_stat(store).pending_pages, 0);
	store_close(store);
	store = fixture_open(dir, 16 * MB);
	CHECK_INT(fixture_read(store, "a/1", 100, FIXTURE_VALUE_MAX), 7);
	store_close(store);
	free(dir);
}

static const struct tap_case cases[] = {
	{"insert, find, read", insert_find_read},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
