/* SPDX-License-Identifier: MIT */
/* src/store in one process: tables in and out, eviction, negative entries. */
#include "store_fixture.h"
#include "tap.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

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

static void info_is_kept(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);
	struct store_insert *insert = fixture_begin(store, "a/1", 1, 2, 5000);
	struct store_table info = {.text_bytes = 1, .made_s = 2, .source = 3, .generation = 4}, made, found;
	struct err err = ERR_INIT;

	CHECK_INT(store_insert_publish(insert, &info, &made, &err), 0);
	CHECK_INT(made.pages, 4);
	CHECK_INT(store_read_begin(store, &err), 0);
	CHECK_INT(store_find(store, SLICE_LITERAL("a/1"), &found, &err), 1);
	store_read_end(store);
	CHECK(memcmp(&made, &found, sizeof(made)) == 0);
	CHECK_INT(found.made_s, 2);
	CHECK_INT(found.source, 3);
	CHECK_INT(found.generation, 4);
	store_close(store);
	free(dir);
}

static void a_table_is_hidden_until_published(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 16 * MB);
	struct store_insert *insert = fixture_begin(store, "a/1", 1, 100, FIXTURE_VALUE_MAX);
	struct err err = ERR_INIT;

	CHECK(!fixture_has(store, "a/1"));
	CHECK(fixture_stat(store).pending_pages > 300);
	store_insert_abort(insert);
	CHECK_INT(fixture_stat(store).pending_pages, 0);
	CHECK_INT(fixture_stat(store).dying_pages, 0);
	/* one that was taken for a leftover of a dead process cannot be published */
	insert = fixture_begin(store, "a/1", 1, 100, FIXTURE_VALUE_MAX);
	CHECK_INT(fixture_insert(store, "a/1", 2, 10, 100, &err), 0);
	CHECK_INT(store_insert_publish(insert, &(struct store_table){0}, &(struct store_table){0}, &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	CHECK_INT(fixture_read(store, "a/1", 10, 100), 2);
	CHECK_INT(fixture_stat(store).pages, 10);
	CHECK_INT(fixture_stat(store).pending_pages, 0);
	store_close(store);
	free(dir);
}

static void replace_and_delete(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 16 * MB);
	struct store_table table;
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 50, 9000, &err), 0);
	CHECK_INT(store_read_begin(store, &err), 0);
	CHECK_INT(store_find(store, SLICE_LITERAL("a/1"), &table, &err), 1);
	store_read_end(store);
	CHECK_INT(fixture_insert(store, "a/1", 2, 60, 9000, &err), 0);
	CHECK_INT(fixture_read(store, "a/1", 60, 9000), 2);
	CHECK_INT(fixture_stat(store).tables, 1);
	CHECK_INT(fixture_stat(store).pages, 180);
	CHECK_INT(store_delete_id(store, table.id, &err), 0); /* no longer the published one */
	CHECK_INT(fixture_read(store, "a/1", 60, 9000), 2);
	CHECK_INT(store_delete_id(store, table.id + 1, &err), 1);
	CHECK(!fixture_has(store, "a/1"));
	CHECK_INT(fixture_insert(store, "a/1", 3, 60, 9000, &err), 0);
	CHECK_INT(store_delete(store, SLICE_LITERAL("a/1"), &err), 1);
	CHECK_INT(store_delete(store, SLICE_LITERAL("a/1"), &err), 0);
	CHECK_INT(fixture_stat(store).pages, 0);
	CHECK_INT(fixture_stat(store).dying_pages, 0);
	store_close(store);
	free(dir);
}

/* More pages than one transaction frees. */
static void large_tables_go_in_steps(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 32 * MB);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 3, 100, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 1300, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "c/1", 3, 3, 100, &err), 0);
	CHECK_INT(store_delete(store, SLICE_LITERAL("b/1"), &err), 1);
	CHECK_INT(fixture_stat(store).dying_pages, 0);
	CHECK_INT(fixture_stat(store).pages, 6);
	CHECK(fixture_stat(store).free_pages > 1300 * 4);
	CHECK_INT(fixture_read(store, "a/1", 3, 100), 1);
	CHECK_INT(fixture_read(store, "c/1", 3, 100), 3);
	CHECK_INT(store_recover(store, NULL, NULL, &err), 0);
	store_close(store);
	free(dir);
}

static void values_have_limits(void)
{
	static const char big[FIXTURE_VALUE_MAX + 1];
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);
	struct store_insert *insert = fixture_begin(store, "a/1", 1, 1, FIXTURE_VALUE_MAX);
	struct err err = ERR_INIT;
	unsigned fitting;

	CHECK_INT(store_insert_value(insert, 2, 0, slice_make(big, sizeof(big)), &err), -1);
	CHECK_INT(err.code, ERR_INPUT);
	CHECK_INT(store_insert_value(insert, 256, 0, slice_make(big, 1), &err), -1);
	store_insert_abort(insert);
	/* more than the whole budget */
	CHECK_INT(fixture_insert(store, "b/1", 1, 64, FIXTURE_VALUE_MAX, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	CHECK_INT(fixture_stat(store).pending_pages, 0);
	/* and one that just fits */
	fitting = (unsigned)fixture_stat(store).budget_pages / 4;
	CHECK_INT(fixture_insert(store, "c/1", 3, fitting, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_read(store, "c/1", fitting, FIXTURE_VALUE_MAX), 3);
	store_close(store);
	free(dir);
}

static void kinds_are_apart(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);
	struct store_insert *insert = fixture_begin(store, "a/1", 1, 0, 0);
	struct store_table made;
	struct err err = ERR_INIT;
	struct slice value;
	uint64_t key;

	CHECK_INT(store_insert_value(insert, 0, 5, SLICE_LITERAL("zero"), &err), 0);
	CHECK_INT(store_insert_value(insert, 2, 0, SLICE_LITERAL("two"), &err), 0);
	CHECK_INT(store_insert_value(insert, 2, UINT64_MAX, SLICE_LITERAL("last"), &err), 0);
	CHECK_INT(store_insert_publish(insert, &(struct store_table){0}, &made, &err), 0);
	CHECK_INT(store_read_begin(store, &err), 0);
	CHECK_INT(store_value(store, made.id, 0, 6, &key, &value, &err), 0);
	CHECK_INT(store_value(store, made.id, 1, 0, &key, &value, &err), 0);
	CHECK_INT(store_value(store, made.id, 2, 1, &key, &value, &err), 1);
	CHECK(key == UINT64_MAX);
	CHECK_TEXT(value, "last");
	CHECK_INT(store_value(store, made.id, 3, 0, &key, &value, &err), 0);
	CHECK_INT(store_value(store, made.id + 1, 0, 0, &key, &value, &err), 0);
	store_read_end(store);
	store_close(store);
	free(dir);
}

/* How many sources' entries hold; the first is in `said`. */
static struct store_absent said[STORE_ABSENT_SOURCES];

static int absent(struct store *store, const char *key, uint64_t now_s)
{
	struct err err;
	int result;

	if (store_read_begin(store, &err) < 0)
		return -1;
	result = store_absent_get(store, slice_of(key), now_s, said, &err);
	store_read_end(store);
	return result;
}

static int put_absent(struct store *store, const char *key, uint64_t source, uint32_t made_s,
		      uint32_t lasts_s)
{
	struct store_absent entry = {.source = source, .made_s = made_s, .lasts_s = lasts_s, .cause = 3};
	struct err err;

	return store_absent_put(store, slice_of(key), &entry, 1, &err);
}

static void long_keys(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 4 * MB);
	struct err err = ERR_INIT;
	char key[831];

	for (size_t len = 390; len < sizeof(key); len += 10) {
		memset(key, 'k', len);
		key[len] = '\0';
		CHECK_INT(fixture_insert(store, key, (unsigned)len, 1, 100, &err), 0);
		key[len - 1] = 'x';
		CHECK(!fixture_has(store, key));
		CHECK_INT(put_absent(store, key, 7, 0, 100), 0);
	}
	CHECK_INT(absent(store, key, 99), 1);
	for (size_t len = 390; len < sizeof(key); len += 10) {
		memset(key, 'k', len);
		key[len] = '\0';
		CHECK_INT(fixture_read(store, key, 1, 100), (int)len);
	}
	CHECK_INT(fixture_stat(store).tables, 45);
	store_close(store);
	free(dir);
}

/* ---- eviction ---- */

static void the_file_keeps_to_its_limit(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 4 * MB);
	struct err err = ERR_INIT;
	char key[32];

	for (unsigned i = 0; i < 300; i++) {
		unsigned values = 1 + i * 7919 % 60;

		snprintf(key, sizeof(key), "m%u/%u", i * 31 % 100, i);
		if (!CHECK_INT(fixture_insert(store, key, i % 1000, values, FIXTURE_VALUE_MAX, &err), 0))
			tap_note("%s", err.msg);
		CHECK_INT(fixture_read(store, key, values, FIXTURE_VALUE_MAX), (int)(i % 1000));
	}
	CHECK(fixture_stat(store).file_bytes <= 4 * MB);
	CHECK(fixture_stat(store).pages <= fixture_stat(store).budget_pages);
	CHECK(fixture_stat(store).pages > fixture_stat(store).budget_pages / 2);
	CHECK_INT(fixture_stat(store).dying_pages, 0);
	CHECK_INT(store_recover(store, NULL, NULL, &err), 0); /* which recounts */
	store_close(store);
	free(dir);
}

static struct store *open_with_stamps(const char *dir, _Atomic uint32_t *stamps, unsigned count)
{
	struct store_options options = {.dir = dir, .max_bytes = MB, .stamps = stamps, .stamp_count = count};
	struct store *store = NULL;
	struct err err;

	if (store_open(&store, &options, &err) < 0)
		abort();
	return store;
}

static void touch_table(struct store *store, const char *key)
{
	struct store_table table;
	struct err err;

	CHECK_INT(store_read_begin(store, &err), 0);
	CHECK_INT(store_find(store, slice_of(key), &table, &err), 1);
	store_touch(store, &table);
	store_read_end(store);
}

static void stamps_give_the_order(void)
{
	static _Atomic uint32_t stamps[8];
	char *dir = fixture_dir();
	struct store *store = open_with_stamps(dir, stamps, 8);
	uint32_t now_s = (uint32_t)clock_wall_s();
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "c/1", 3, 16, FIXTURE_VALUE_MAX, &err), 0);
	for (int i = 0; i < 8; i++)
		atomic_store(&stamps[i], now_s + 100 - (uint32_t)i); /* a (slot 1) is the latest */
	CHECK_INT(fixture_insert(store, "d/1", 4, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(fixture_has(store, "a/1") && fixture_has(store, "b/1") && !fixture_has(store, "c/1"));
	for (int i = 0; i < 8; i++)
		atomic_store(&stamps[i], 0);
	touch_table(store, "a/1");
	CHECK_INT(atomic_load(&stamps[1]) >= now_s, 1);
	store_close(store);
	free(dir);
}

static void saved_stamps_give_the_order_later(void)
{
	static _Atomic uint32_t stamps[8];
	char *dir = fixture_dir();
	struct store *store = open_with_stamps(dir, stamps, 8);
	uint32_t now_s = (uint32_t)clock_wall_s();
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 16, FIXTURE_VALUE_MAX, &err), 0);
	atomic_store(&stamps[1], now_s + 1000);
	CHECK_INT(fixture_insert(store, "c/1", 3, 16, FIXTURE_VALUE_MAX, &err), 0);
	store_close(store);
	store = open_with_stamps(dir, NULL, 0); /* the shared memory is lost */
	CHECK_INT(fixture_insert(store, "d/1", 4, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(fixture_has(store, "a/1") && !fixture_has(store, "b/1") && fixture_has(store, "c/1"));
	store_close(store);
	free(dir);
}

/* A clock that was a year ahead for a while. */
static void stamps_from_the_future_do_not_stick(void)
{
	static _Atomic uint32_t stamps[8];
	char *dir = fixture_dir();
	struct store *store = open_with_stamps(dir, stamps, 8);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "c/1", 3, 16, FIXTURE_VALUE_MAX, &err), 0);
	atomic_fetch_add(&stamps[1], 10);
	atomic_fetch_add(&stamps[2], 10);
	atomic_fetch_add(&stamps[3], 365 * 86400);
	CHECK_INT(fixture_insert(store, "d/1", 4, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(!fixture_has(store, "c/1"));
	store_close(store);
	free(dir);
}

static void trimming_goes_in_steps(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 96 * MB);
	struct err err = ERR_INIT;
	int steps = 0, result;

	CHECK_INT(fixture_insert(store, "a/1", 1, 1500, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 1500, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "c/1", 3, 1500, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(store_trim(store, fixture_stat(store).pages, &err), 0);
	CHECK_INT(fixture_stat(store).tables, 3);
	while ((result = store_trim(store, 10, &err)) > 0)
		steps++;
	CHECK_INT(result, 0);
	CHECK_INT(steps, 1); /* and the last */
	CHECK_INT(fixture_stat(store).tables, 0);
	CHECK_INT(fixture_stat(store).pages + fixture_stat(store).dying_pages, 0);
	CHECK_INT(store_recount(store, &err), 0);
	store_close(store);
	free(dir);
}

/* ---- limits that change ---- */

static void a_raised_limit_counts_at_once(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 4 * MB);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 200, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 400, FIXTURE_VALUE_MAX, &err), -1);
	CHECK_INT(fixture_insert(store, "a/1", 1, 200, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(store_set_limit(store, 16 * MB, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 400, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_read(store, "a/1", 200, FIXTURE_VALUE_MAX), 1);
	CHECK_INT(fixture_read(store, "b/1", 400, FIXTURE_VALUE_MAX), 2);
	CHECK(fixture_stat(store).file_bytes > 4 * MB);
	CHECK_INT(store_set_limit(store, 1, &err), -1);
	store_close(store);
	free(dir);
}

static enum store_fit fit_of(struct store *store)
{
	enum store_fit fit = STORE_FITS;
	struct err err;

	CHECK_INT(store_fit(store, &fit, &err), 0);
	return fit;
}

/* The file is full to the last page when the limit is lowered: evicting needs pages, too. */
static void a_lowered_limit_evicts_and_the_copy_fits(void)
{
	static _Atomic uint32_t stamps[64];
	char *dir = fixture_dir(), *copy = fixture_dir(), key[32];
	struct store_options options = {.dir = dir, .max_bytes = 64 * MB, .stamps = stamps, .stamp_count = 64};
	struct store *store;
	struct err err = ERR_INIT;
	uint64_t tables;

	CHECK_INT(store_open(&store, &options, &err), 0);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "m/%u", i);
		CHECK_INT(fixture_insert(store, key, i, 100, FIXTURE_VALUE_MAX, &err), 0);
		atomic_store(&stamps[i + 1], (uint32_t)clock_wall_s() + i);
	}
	CHECK_INT(put_absent(store, "x/1", 7, 0, 100), 0);
	CHECK_INT(fit_of(store), STORE_FITS);
	CHECK_INT(store_set_limit(store, 8 * MB, &err), 0);
	CHECK_INT(fit_of(store), STORE_HOLDS_TOO_MUCH);
	while (fit_of(store) == STORE_HOLDS_TOO_MUCH)
		if (!CHECK(store_trim(store, UINT64_MAX, &err) >= 0))
			break;
	CHECK_INT(fit_of(store), STORE_FILE_TOO_LARGE);
	tables = fixture_stat(store).tables;
	CHECK_INT(tables, 4);
	CHECK(fixture_has(store, "m/19") && fixture_has(store, "m/16") && !fixture_has(store, "m/15"));
	CHECK_INT(store_copy(store, copy, &err), 0);
	store_close(store);
	store = fixture_open(copy, 8 * MB);
	CHECK_INT(fit_of(store), STORE_FITS);
	CHECK(fixture_stat(store).file_bytes <= 8 * MB);
	CHECK_INT(fixture_stat(store).free_pages, 0);
	CHECK_INT(fixture_read(store, "m/19", 100, FIXTURE_VALUE_MAX), 19);
	CHECK_INT(fixture_stat(store).absent_entries, 1);
	CHECK_INT(store_recount(store, &err), 0);
	for (unsigned i = 0; i < 20; i++)
		CHECK_INT(fixture_insert(store, "more/1", i, 150, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(fixture_stat(store).file_bytes <= 8 * MB);
	store_close(store);
	CHECK_INT(store_remove(dir, &err), 0);
	CHECK_INT(store_remove(dir, &err), 0);
	free(copy);
	free(dir);
}

static void all_stamps_can_be_saved(void)
{
	static _Atomic uint32_t stamps[8];
	char *dir = fixture_dir();
	struct store *store = open_with_stamps(dir, stamps, 8);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "c/1", 3, 16, FIXTURE_VALUE_MAX, &err), 0);
	atomic_store(&stamps[1], (uint32_t)clock_wall_s() + 1000);
	atomic_store(&stamps[2], (uint32_t)clock_wall_s() + 500);
	CHECK_INT(store_keep_stamps(store, &err), 0);
	store_close(store);
	store = open_with_stamps(dir, NULL, 0); /* the shared memory is lost */
	CHECK_INT(fixture_insert(store, "d/1", 4, 16, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(fixture_has(store, "a/1") && fixture_has(store, "b/1") && !fixture_has(store, "c/1"));
	store_close(store);
	free(dir);
}

static void pending_tables_count(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);
	struct store_insert *insert = fixture_begin(store, "a/1", 1, 40, FIXTURE_VALUE_MAX);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "b/1", 1, 30, FIXTURE_VALUE_MAX, &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	CHECK_INT(store_insert_publish(insert, &(struct store_table){.text_bytes = 1},
				       &(struct store_table){0}, &err), 0);
	CHECK_INT(fixture_read(store, "a/1", 40, FIXTURE_VALUE_MAX), 1);
	CHECK_INT(fixture_insert(store, "b/1", 2, 30, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(!fixture_has(store, "a/1"));
	store_close(store);
	free(dir);
}

/* ---- negative entries ---- */

static void absent_entries_expire(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);
	struct err err = ERR_INIT;

	CHECK_INT(absent(store, "a/1", 5), 0);
	CHECK_INT(put_absent(store, "a/1", 7, 4, 6), 0);
	CHECK_INT(absent(store, "a/1", 9), 1);
	CHECK(said[0].source == 7 && said[0].made_s == 4 && said[0].lasts_s == 6 && said[0].cause == 3);
	CHECK_INT(absent(store, "a/1", 10), 0);
	CHECK_INT(absent(store, "a/1", 3), 0); /* the clock was set back */
	CHECK_INT(put_absent(store, "a/1", 7, 4, 16), 0);
	CHECK_INT(absent(store, "a/1", 19), 1);
	CHECK_INT(fixture_stat(store).absent_entries, 1);
	CHECK_INT(store_absent_delete(store, SLICE_LITERAL("a/1"), &err), 1);
	CHECK_INT(store_absent_delete(store, SLICE_LITERAL("a/1"), &err), 0);
	CHECK_INT(absent(store, "a/1", 4), 0);
	CHECK_INT(put_absent(store, "a/1", 7, 4, 16), 0);
	CHECK_INT(fixture_insert(store, "a/1", 1, 1, 1, &err), 0); /* it is there after all */
	CHECK_INT(absent(store, "a/1", 4), 0);
	store_close(store);
	free(dir);
}

static void absent_entries_are_each_sources_own(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);

	CHECK_INT(put_absent(store, "a/1", 1, 10, 600), 0);
	CHECK_INT(put_absent(store, "a/1", 2, 20, 30), 0);
	CHECK_INT(absent(store, "a/1", 49), 2);
	CHECK_INT(absent(store, "a/1", 50), 1);
	CHECK_INT(said[0].source, 1);
	CHECK_INT(put_absent(store, "a/1", 2, 60, 600), 0);
	CHECK_INT(absent(store, "a/1", 609), 2);
	CHECK_INT(absent(store, "a/1", 610), 1);
	CHECK_INT(said[0].source, 2);
	CHECK_INT(fixture_stat(store).absent_entries, 1);
	/* more sources than fit: the latest count */
	for (unsigned i = 0; i < STORE_ABSENT_SOURCES + 8; i++)
		CHECK_INT(put_absent(store, "a/2", 100 + i, 10, 600), 0);
	CHECK_INT(absent(store, "a/2", 11), STORE_ABSENT_SOURCES);
	CHECK_INT(said[0].source, 100 + STORE_ABSENT_SOURCES + 7);
	store_close(store);
	free(dir);
}

static void absent_entries_are_bounded(void)
{
	enum { BOUND = 32 }; /* of a store of 1 MB */
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);
	char key[32];

	for (unsigned i = 0; i < 3 * BOUND; i++) {
		snprintf(key, sizeof(key), "m/%u", i);
		CHECK_INT(put_absent(store, key, 7, 0, 1000 + i), 0);
	}
	CHECK_INT(fixture_stat(store).absent_entries, BOUND);
	CHECK_INT(absent(store, "m/63", 0), 0);
	CHECK_INT(absent(store, "m/64", 0), 1);
	CHECK_INT(absent(store, "m/95", 0), 1);
	store_close(store);
	free(dir);
}

/* ---- looking around ---- */

static int note_key(void *ctx, struct slice key, const struct store_table *table)
{
	char *keys = ctx;

	snprintf(keys + strlen(keys), 64, "%.*s=%u ", SLICE_PRINT(key), (unsigned)table->text_bytes);
	return key.data[0] == 'c';
}

static void each_table_in_order(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, MB);
	struct store_insert *insert = fixture_begin(store, "a/2", 1, 1, 1);
	char keys[256] = "";
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "d/1", 4, 1, 1, &err), 0);
	CHECK_INT(fixture_insert(store, "c/1", 3, 1, 1, &err), 0);
	CHECK_INT(fixture_insert(store, "a/1", 1, 1, 1, &err), 0);
	CHECK_INT(store_each(store, note_key, keys, &err), 0);
	CHECK_TEXT(slice_of(keys), "a/1=1 c/1=3 ");
	store_insert_abort(insert);
	store_close(store);
	free(dir);
}

static const struct tap_case cases[] = {
	{"insert, find, read", insert_find_read},
	{"what is said about a table is kept", info_is_kept},
	{"a table is hidden until published", a_table_is_hidden_until_published},
	{"replace and delete", replace_and_delete},
	{"large tables go in steps", large_tables_go_in_steps},
	{"values have limits", values_have_limits},
	{"kinds and tables are apart", kinds_are_apart},
	{"long keys", long_keys},
	{"the file keeps to its limit", the_file_keeps_to_its_limit},
	{"stamps give the order of eviction", stamps_give_the_order},
	{"saved stamps give it when they are lost", saved_stamps_give_the_order_later},
	{"stamps from the future do not stick", stamps_from_the_future_do_not_stick},
	{"trimming goes in steps", trimming_goes_in_steps},
	{"a raised limit counts at once", a_raised_limit_counts_at_once},
	{"a lowered limit evicts and the copy fits", a_lowered_limit_evicts_and_the_copy_fits},
	{"all stamps can be saved", all_stamps_can_be_saved},
	{"tables being written count", pending_tables_count},
	{"negative entries expire", absent_entries_expire},
	{"negative entries are each source's own", absent_entries_are_each_sources_own},
	{"negative entries are bounded", absent_entries_are_bounded},
	{"each table in order", each_table_in_order},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
