/* SPDX-License-Identifier: MIT */
/* What is in a cache directory, seen from outside: for tests that kill and for those that take long. */
#include "store/store_internal.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "stats/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/*
 * cache_watch DIR MAX_MB watch: until SIGTERM a line for every table that came or
 * went between two looks, with the wall clock's microseconds of these:
 *	+ BEFORE AFTER ID KEY
 *	- BEFORE AFTER ID KEY
 *	= BEFORE AFTER 0 -      at the end: the last look
 * cache_watch DIR MAX_MB facts | recover: one JSON object, before or after what a
 * crash left was cleaned up.  The server may be running; it must use MAX_MB, too.
 * cache_watch DIR MAX_MB leave: ends with a table half written, as a killed fetcher does.
 */
enum { LOOK_EVERY_US = 5000, LEAVE_TXN_BYTES = 64 << 10, LEAVE_VALUES = 10 };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int fail(const struct err *err)
{
	fprintf(stderr, "cache_watch: %s\n", err->msg);
	return err_exit_code(err);
}

static struct store *open_store(struct state *state, uint64_t max_mb, struct err *err)
{
	char *dir = mem_printf("%s/db-%u", state->dir, atomic_load(&state->map->env_number));
	struct store_options options = {.dir = dir, .max_bytes = max_mb << 20, .txn_bytes = LEAVE_TXN_BYTES};
	struct store *store = NULL;

	store_open(&store, &options, err);
	free(dir);
	return store;
}

/* ---- watch ---- */

struct seen {
	uint64_t id;
	char *key;
};

struct look {
	struct seen *list; /* in ascending order of keys */
	size_t count, room;
};

static int add_seen(void *ctx, struct slice key, const struct store_table *table)
{
	struct look *look = ctx;

	if (look->count == look->room) {
		look->room = look->room ? look->room * 2 : 64;
		look->list = mem_realloc_array(look->list, look->room, sizeof(*look->list));
	}
	look->list[look->count++] = (struct seen){table->id, mem_strndup(key.data, key.len)};
	return 0;
}

static void look_clear(struct look *look)
{
	for (size_t i = 0; i < look->count; i++)
		free(look->list[i].key);
	look->count = 0;
}

static bool has(const struct look *look, const struct seen *seen)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->list[i].id == seen->id)
			return true;
	return false;
}

static void tell_missing(char sign, const struct look *from, const struct look *in, long long before,
			 long long after)
{
	for (size_t i = 0; i < from->count; i++)
		if (!has(in, &from->list[i]))
			printf("%c %lld %lld %llu %s\n", sign, before, after,
			       (unsigned long long)from->list[i].id, from->list[i].key);
}

static int watch(struct store *store, struct err *err)
{
	struct look looks[2] = {0};
	long long before = now_us(), after = before;
	unsigned turn = 0;
	bool over = false; /* once more after the end was asked for */
	int result = 0;

	while (!over && result == 0) {
		struct look *last = &looks[turn], *look = &looks[turn = !turn];

		over = stopped;
		look_clear(look);
		before = after;
		result = store_each(store, add_seen, look, err);
		after = now_us();
		tell_missing('-', last, look, before, after);
		tell_missing('+', look, last, before, after);
		fflush(stdout);
		usleep(LOOK_EVERY_US);
	}
	printf("= %lld %lld 0 -\n", before, after);
	for (int i = 0; i < 2; i++) {
		look_clear(&looks[i]);
		free(looks[i].list);
	}
	return result;
}

/* ---- facts ---- */

static int count_reader(const char *line, void *ctx)
{
	unsigned *count = ctx;

	*count += line[strspn(line, " ")] >= '0' && line[strspn(line, " ")] <= '9';
	return 0;
}

static bool is_being_fetched(void *ctx, struct slice key)
{
	(void)ctx;
	(void)key;
	return false;
}

static unsigned flights_under_way(const struct state *state)
{
	unsigned count = 0;

	for (int i = 0; i < STATE_FLIGHTS; i++) {
		uint32_t flight = atomic_load(&state->map->flights[i].state);

		count += flight == FLIGHT_QUEUED || flight == FLIGHT_RUNNING;
	}
	return count;
}

/* Slots whose process has gone without its master's taking note. */
static unsigned dead_slots(const struct state *state)
{
	unsigned count = 0;

	for (int i = 0; i < STATE_SLOTS; i++) {
		int pid = atomic_load(&state->map->slots[i].pid);

		count += pid != 0 && kill(pid, 0) < 0;
	}
	return count;
}

static int facts(struct state *state, struct store *store, struct err *err)
{
	struct store_stat stat;
	unsigned readers = 0;

	if (store_stat(store, &stat, err) < 0)
		return -1;
	mdb_reader_list(store->env, count_reader, &readers);
	printf("{\"tables\":%llu,\"pages\":%llu,\"pending_pages\":%llu,\"dying_pages\":%llu,"
	       "\"free_pages\":%llu,\"budget_pages\":%llu,\"file_bytes\":%llu,\"max_bytes\":%llu,"
	       "\"absent_entries\":%llu,\"readers\":%u,\"flights\":%u,\"dead_slots\":%u,\"env\":%u,"
	       "\"tables_built\":%llu}\n",
	       (unsigned long long)stat.tables, (unsigned long long)stat.pages,
	       (unsigned long long)stat.pending_pages, (unsigned long long)stat.dying_pages,
	       (unsigned long long)stat.free_pages, (unsigned long long)stat.budget_pages,
	       (unsigned long long)stat.file_bytes, (unsigned long long)stat.max_bytes,
	       (unsigned long long)stat.absent_entries, readers, flights_under_way(state), dead_slots(state),
	       atomic_load(&state->map->env_number),
	       (unsigned long long)state_counter(state, COUNTER_tables_built));
	return 0;
}

/* ---- leave ---- */

static int leave(struct store *store, struct err *err)
{
	static const char value[16000];
	struct store_insert *insert;

	if (store_insert_begin(&insert, store, SLICE_LITERAL("left.so/1"), err) < 0)
		return -1;
	for (uint64_t i = 0; i < LEAVE_VALUES; i++)
		if (store_insert_value(insert, 0, i, slice_make(value, sizeof(value)), err) < 0)
			return -1;
	_exit(EX_OK);
}

static int run(struct state *state, struct store *store, const char *what, struct err *err)
{
	if (strcmp(what, "leave") == 0)
		return leave(store, err);
	if (strcmp(what, "watch") == 0)
		return watch(store, err);
	if (strcmp(what, "recover") == 0 && store_recover(store, is_being_fetched, NULL, err) < 0)
		return -1;
	return facts(state, store, err);
}

int main(int argc, char **argv)
{
	struct state *state = NULL;
	struct store *store = NULL;
	struct err err = ERR_INIT;
	uint64_t max_mb;
	int status = EX_OK;

	if (argc != 4 || !num_parse_dec(slice_of(argv[2]), 1 << 20, &max_mb)) {
		fputs("Usage: cache_watch DIR MAX_MB watch|facts|recover|leave\n", stderr);
		return EX_USAGE;
	}
	signal(SIGTERM, stop);
	if (state_open(&state, argv[1], &err) < 0 || (store = open_store(state, max_mb, &err)) == NULL ||
	    run(state, store, argv[3], &err) < 0)
		status = fail(&err);
	store_close(store);
	state_close(state);
	return status;
}
