/* SPDX-License-Identifier: MIT */
/* Tables whose bytes follow from their name and size. */
#include "store_fixture.h"

#include "tap.h"

#include "base/mem.h"

#include <stdlib.h>

char *fixture_dir(void)
{
	static int count;

	return mem_printf("%s/%d/db-1", tap_temp_dir(), ++count);
}

struct store *fixture_open(const char *dir, uint64_t max_bytes)
{
	struct store_options options = {.dir = dir, .max_bytes = max_bytes, .txn_bytes = 128 * 1024};
	struct err err = ERR_INIT;
	struct store *store = NULL;

	if (store_open(&store, &options, &err) < 0) {
		tap_note("%s", err.msg);
		abort();
	}
	return store;
}

static void fill(char *bytes, size_t len, unsigned seed, unsigned index)
{
	unsigned state = seed * 2654435761u + index + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		bytes[i] = (char)(state >> 24);
	}
	if (len)
		bytes[0] = (char)seed;
}

static int put_values(struct store_insert *insert, unsigned seed, unsigned values, size_t len,
		      struct err *err)
{
	char bytes[FIXTURE_VALUE_MAX];

	for (unsigned i = 0; i < values; i++) {
		fill(bytes, len, seed, i);
		if (store_insert_value(insert, 1, i * 10, slice_make(bytes, len), err) < 0)
			return -1;
	}
	return 0;
}

struct store_insert *fixture_begin(struct store *store, const char *key, unsigned seed, unsigned values,
				   size_t len)
{
	struct store_insert *insert;
	struct err err;

	if (store_insert_begin(&insert, store, slice_of(key), &err) < 0 ||
	    put_values(insert, seed, values, len, &err) < 0) {
		tap_note("%s", err.msg);
		abort();
	}
	return insert;
}

int fixture_insert(struct store *store, const char *key, unsigned seed, unsigned values, size_t len,
		   struct err *err)
{
	return fixture_insert_made(store, key, seed, values, len, 0, err);
}

int fixture_insert_made(struct store *store, const char *key, unsigned seed, unsigned values, size_t len,
			uint64_t made_s, struct err *err)
{
	struct store_table info = {.text_bytes = seed, .made_s = made_s}, made;
	struct store_insert *insert;

	if (store_insert_begin(&insert, store, slice_of(key), err) < 0)
		return -1;
	if (made_s)
		store_insert_expect(insert, (uint64_t)values * FIXTURE_VALUE_MAX);
	if (put_values(insert, seed, values, len, err) < 0) {
		store_insert_abort(insert);
		return -1;
	}
	return store_insert_publish(insert, &info, &made, err);
}

static bool is_whole(struct store *store, const struct store_table *table, unsigned values, size_t len)
{
	char want[FIXTURE_VALUE_MAX];
	struct slice value;
	struct err err;
	uint64_t key;

	for (unsigned i = 0; i < values; i++) {
		fill(want, len, (unsigned)table->text_bytes, i);
		if (store_value(store, table->id, 1, i ? i * 10 - 9 : 0, &key, &value, &err) != 1 ||
		    key != i * 10 || !slice_equal(value, slice_make(want, len)))
			return false;
	}
	return store_value(store, table->id, 1, values * 10, &key, &value, &err) == 0;
}

int fixture_read(struct store *store, const char *key, unsigned values, size_t len)
{
	struct store_table table;
	struct err err = ERR_INIT;
	int result = -2;

	if (store_read_begin(store, &err) < 0)
		return -2;
	switch (store_find(store, slice_of(key), &table, &err)) {
	case 0:
		result = -1;
		break;
	case 1:
		result = is_whole(store, &table, values, len) ? (int)table.text_bytes : -2;
		break;
	}
	store_read_end(store);
	if (err.code != ERR_NONE)
		tap_note("%s", err.msg);
	return result;
}

bool fixture_has(struct store *store, const char *key)
{
	struct store_table table;
	struct err err;
	int found;

	if (!CHECK_INT(store_read_begin(store, &err), 0))
		return false;
	found = store_find(store, slice_of(key), &table, &err);
	store_read_end(store);
	return found == 1;
}

struct store_stat fixture_stat(struct store *store)
{
	struct store_stat stat = {0};
	struct err err;

	CHECK_INT(store_stat(store, &stat, &err), 0);
	return stat;
}
