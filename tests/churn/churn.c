/* SPDX-License-Identifier: MIT */
/*
 * The store under a limit, as a server's processes use it: several processes
 * look up, check and insert tables of widely different sizes; then the mix of
 * sizes changes; then the limit is lowered and raised under them.  The file
 * never exceeds its limit, no insert fails, every value read is the one that was
 * inserted, and the least recently used tables are those that go.
 *
 *	churn [LIMIT_MB TOTAL_MB MIN_KB MAX_KB SMALL LARGE LARGE_MIN_KB LARGE_MAX_KB]
 */
#include "tables.h"
#include "tap.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/environment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PROCESSES = 3, /* that look up and insert */
	LIVE_SETS = 4, /* distinct tables, in budgets: what does not fit must be made again */
	SAMPLES = 12,  /* values checked at each look-up */
	MAX_TABLES = 40000,
	/* others may use a table while it is being evicted: one of so many that went may have been used lately */
	LRU_RACES = 50,
	ALONE_SHARE = 4, /* of the total is inserted by one process alone: then the order is exact */
	MESSAGES = 20,
	LIMIT_CHANGE_MS = 300 * 1000,
};

/* What the program was asked for. */
static struct {
	unsigned limit_mb, total_mb, min_kb, max_kb, small, large, large_min_kb, large_max_kb;
} plan = {24, 240, 10, 2048, 700, 10, 512, 2048};

/* A table of the universe; everything is shared by all processes. */
struct known {
	uint64_t bytes;
	_Atomic uint32_t version; /* inserted so many times */
	_Atomic uint32_t slot;    /* of its stamp, as inserted last; what it was when it went is there */
};

struct shared {
	_Atomic bool stop_inserting, stop, enforce;
	_Atomic uint32_t messages;
	_Atomic uint32_t tick; /* the clock: one for each operation */
	_Atomic uint64_t inserted_bytes, inserts, failed, hits, misses, wrong, evictions, disorder, over_limit;
	_Atomic uint64_t largest_file, limit_changes;
	unsigned first, count; /* of the tables in use */
	struct known tables[MAX_TABLES];
};

static struct shared *shared;
static struct state *conductor; /* the live instance that the others attach to */
static char *cache_dir;

/* Stamps count operations, not seconds: so their order can be checked. */
uint64_t __wrap_clock_wall_s(void);
uint64_t __wrap_clock_wall_s(void)
{
	return 1000000 + atomic_load(&shared->tick);
}

static void complain(const char *what, unsigned number, const struct err *err)
{
	if (atomic_fetch_add(&shared->messages, 1) < MESSAGES)
		fprintf(stderr, "%s (table %u): %s\n", what, number, err->msg);
}

/* ---- one process ---- */

struct actor {
	struct state *state;
	struct environment env;
	uint64_t random;
};

static void actor_open(struct actor *actor, unsigned seed)
{
	struct err err = ERR_INIT;

	*actor = (struct actor){.random = seed * 7919 + 1};
	if (state_open(&actor->state, cache_dir, &err) < 0 ||
	    environment_open(&actor->env, actor->state, NULL, (uint64_t)plan.limit_mb << 20, &err) < 0) {
		fprintf(stderr, "cannot open: %s\n", err.msg);
		_exit(1);
	}
}

static void actor_close(struct actor *actor)
{
	environment_close(&actor->env);
	state_close(actor->state);
}

static void actor_refresh(struct actor *actor)
{
	struct err err = ERR_INIT;

	if (environment_refresh(&actor->env, &err) == 0)
		return;
	fprintf(stderr, "cannot reopen: %s\n", err.msg);
	_exit(1);
}

static uint64_t data_file_bytes(const struct actor *actor)
{
	char *path = mem_printf("%s/db-%u/data.mdb", cache_dir, atomic_load(&actor->state->map->env_number));
	struct stat info;
	uint64_t bytes = stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;

	free(path);
	return bytes;
}

static void watch_file(const struct actor *actor)
{
	uint64_t bytes = data_file_bytes(actor), largest = atomic_load(&shared->largest_file);

	while (bytes > largest && !atomic_compare_exchange_weak(&shared->largest_file, &largest, bytes))
		;
	if (atomic_load(&shared->enforce) && bytes > atomic_load(&actor->state->map->store_bytes))
		atomic_fetch_add(&shared->over_limit, 1);
}

static int64_t last_use(const struct actor *actor, uint32_t slot)
{
	return atomic_load(&actor->state->map->stamps[slot]);
}

/* The least recent use among the tables that are there.  Inside a read. */
static int64_t oldest_use(struct actor *actor)
{
	int64_t oldest = INT64_MAX;

	for (unsigned i = 0; i < shared->count; i++) {
		char room[CHURN_KEY_ROOM];
		struct store_table found;
		struct err err;

		if (atomic_load(&shared->tables[i].version) == 0 ||
		    store_find(actor->env.store, churn_key(i, room), &found, &err) != 1)
			continue;
		if (last_use(actor, found.slot) < oldest)
			oldest = last_use(actor, found.slot);
	}
	return oldest;
}

/* A table that went must have been used before all that stayed.  Inside a read. */
static void note_eviction(struct actor *actor, const struct known *known)
{
	atomic_fetch_add(&shared->evictions, 1);
	if (last_use(actor, atomic_load(&known->slot)) > oldest_use(actor))
		atomic_fetch_add(&shared->disorder, 1);
}

static void check_found(struct actor *actor, unsigned number, const struct store_table *found, unsigned samples)
{
	struct churn_table table = {number, (unsigned)found->generation, shared->tables[number].bytes};
	struct err err = ERR_INIT;
	int right;

	store_touch(actor->env.store, found);
	right = churn_check(actor->env.store, table, found, samples, &actor->random, &err);
	if (right == 1)
		return;
	complain("wrong bytes", number, &err);
	atomic_fetch_add(&shared->wrong, 1);
}

/* Whether it is there; then it is checked, too.  Under the key's lock it is known what it was last. */
static bool look_up(struct actor *actor, unsigned number, unsigned samples, bool locked)
{
	struct known *known = &shared->tables[number];
	char room[CHURN_KEY_ROOM];
	struct store_table found;
	struct err err = ERR_INIT;
	int result;

	if (store_read_begin(actor->env.store, &err) < 0) {
		atomic_fetch_add(&shared->wrong, 1);
		return true;
	}
	result = store_find(actor->env.store, churn_key(number, room), &found, &err);
	if (result == 1)
		check_found(actor, number, &found, samples);
	else if (result < 0)
		atomic_fetch_add(&shared->wrong, 1);
	else if (locked && atomic_load(&known->version) && !atomic_load(&shared->limit_changes))
		note_eviction(actor, known);
	store_read_end(actor->env.store);
	return result != 0;
}

static void insert(struct actor *actor, unsigned number)
{
	struct known *known = &shared->tables[number];
	struct churn_table table = {number, atomic_load(&known->version) + 1, known->bytes};
	struct store_table made;
	struct err err = ERR_INIT;

	if (churn_insert(actor->env.store, table, &made, &err) < 0) {
		complain("cannot insert", number, &err);
		atomic_fetch_add(&shared->failed, 1);
		return;
	}
	atomic_store(&known->slot, made.slot);
	atomic_store(&known->version, table.version);
	atomic_fetch_add(&shared->inserts, 1);
	atomic_fetch_add(&shared->inserted_bytes, table.bytes);
}

/* As a searcher: under the key's lock, and not if another was quicker. */
static void insert_once(struct actor *actor, unsigned number)
{
	char room[CHURN_KEY_ROOM];
	off_t at = environment_key_offset(churn_key(number, room));
	struct err err;

	if (file_lock(actor->state->fetch_fd, at, 1, FILE_LOCK_EXCLUSIVE, false, &err) != 1)
		return;
	if (!look_up(actor, number, SAMPLES, true))
		insert(actor, number);
	file_unlock(actor->state->fetch_fd, at, 1);
}

static void use(struct actor *actor, unsigned number)
{
	actor_refresh(actor);
	atomic_fetch_add(&shared->tick, 1);
	if (look_up(actor, number, SAMPLES, false)) {
		atomic_fetch_add(&shared->hits, 1);
	} else {
		atomic_fetch_add(&shared->misses, 1);
		if (!atomic_load(&shared->stop_inserting))
			insert_once(actor, number);
	}
	watch_file(actor);
}

/* ---- what processes do ---- */

/* Some tables are asked for much more often than others. */
static unsigned pick(struct actor *actor)
{
	double r = (double)(churn_random(&actor->random) >> 11) / (double)(UINT64_C(1) << 53);

	return (unsigned)((double)shared->count * r * r);
}

static void use_at_random(struct actor *actor)
{
	while (!atomic_load(&shared->stop) && atomic_load(&shared->inserted_bytes) >> 20 < plan.total_mb)
		use(actor, pick(actor));
}

static void use_alone(struct actor *actor)
{
	while (atomic_load(&shared->inserted_bytes) >> 20 < plan.total_mb / ALONE_SHARE)
		use(actor, pick(actor));
}

static void use_until_stopped(struct actor *actor)
{
	while (!atomic_load(&shared->stop))
		use(actor, pick(actor));
}

static void use_each_once(struct actor *actor)
{
	for (unsigned i = shared->first; i < shared->count; i++)
		use(actor, i);
}

static void keep_limit(struct actor *actor)
{
	struct err err = ERR_INIT;
	int result = 1;

	while (!atomic_load(&shared->stop)) {
		actor_refresh(actor);
		while (result > 0)
			result = environment_keep_limit(&actor->env, &err);
		if (result < 0) {
			complain("janitor", 0, &err);
			atomic_fetch_add(&shared->failed, 1);
		}
		result = 1;
		usleep(20 * 1000);
	}
}

/* Every table that went, however long ago, against those that stayed. */
static void check_order(struct actor *actor)
{
	struct err err = ERR_INIT;
	int64_t oldest;

	actor_refresh(actor);
	if (store_read_begin(actor->env.store, &err) < 0)
		_exit(1);
	oldest = oldest_use(actor);
	for (unsigned i = 0; i < shared->count; i++) {
		const struct known *known = &shared->tables[i];
		char room[CHURN_KEY_ROOM];
		struct store_table found;

		if (!atomic_load(&known->version) || store_find(actor->env.store, churn_key(i, room), &found, &err))
			continue;
		atomic_fetch_add(&shared->evictions, 1);
		if (last_use(actor, atomic_load(&known->slot)) > oldest)
			atomic_fetch_add(&shared->disorder, 1);
	}
	store_read_end(actor->env.store);
}

static void verify_all(struct actor *actor)
{
	struct err err = ERR_INIT;
	struct store_stat stat;
	unsigned there = 0;

	actor_refresh(actor);
	atomic_store(&shared->stop_inserting, true);
	for (unsigned i = 0; i < shared->count; i++)
		there += look_up(actor, i, UINT32_MAX, false);
	if (store_recover(actor->env.store, NULL, NULL, &err) < 0 || store_stat(actor->env.store, &stat, &err) < 0) {
		fprintf(stderr, "verify: %s\n", err.msg);
		atomic_fetch_add(&shared->wrong, 1);
		return;
	}
	if (there != stat.tables || stat.pending_pages + stat.dying_pages)
		atomic_fetch_add(&shared->wrong, 1);
	tap_note("%llu tables, each checked whole: %llu MB in a file of %llu MB (limit %llu), %llu MB of free pages",
		 (unsigned long long)stat.tables, (unsigned long long)(stat.pages * stat.page_bytes >> 20),
		 (unsigned long long)(stat.file_bytes >> 20), (unsigned long long)(stat.max_bytes >> 20),
		 (unsigned long long)(stat.free_pages * stat.page_bytes >> 20));
	fflush(stdout);
}

/* ---- the conductor: never opens the store itself ---- */

static pid_t begin(void (*body)(struct actor *actor), unsigned seed)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct actor actor;

		actor_open(&actor, seed);
		body(&actor);
		actor_close(&actor);
		_exit(0);
	}
	return pid;
}

static void finish(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_counts(const char *what, uint64_t began_ms)
{
	double seconds = (double)(clock_mono_ms() - began_ms) / 1000;

	tap_note("%s: %llu MB in %llu inserts, %llu hits, %llu misses, %.1f s; largest file %llu of %u MB", what,
		 (unsigned long long)(shared->inserted_bytes >> 20), (unsigned long long)shared->inserts,
		 (unsigned long long)shared->hits, (unsigned long long)shared->misses, seconds,
		 (unsigned long long)(shared->largest_file >> 20), plan.limit_mb);
	tap_note("%s: %llu evictions seen, %llu out of order", what, (unsigned long long)shared->evictions,
		 (unsigned long long)shared->disorder);
	CHECK_INT(shared->failed, 0);
	CHECK_INT(shared->wrong, 0);
	CHECK(shared->disorder * LRU_RACES <= shared->evictions);
	CHECK_INT(shared->over_limit, 0);
}

static void add_table(uint64_t bytes)
{
	if (shared->count < MAX_TABLES)
		shared->tables[shared->count++].bytes = bytes;
}

static uint64_t log_uniform(uint64_t *random, unsigned min_kb, unsigned max_kb)
{
	double r = (double)(churn_random(random) >> 11) / (double)(UINT64_C(1) << 53);

	return (uint64_t)(1024.0 * min_kb * exp(r * log((double)max_kb / min_kb)));
}

static uint64_t uniform(uint64_t *random, unsigned min_kb, unsigned max_kb)
{
	return 1024 * (min_kb + churn_random(random) % (max_kb - min_kb + 1)) + churn_random(random) % 1024;
}

static void begin_case(const char *name)
{
	struct err err = ERR_INIT;

	if (shared)
		munmap(shared, sizeof(*shared));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	shared->enforce = true;
	state_close(conductor);
	conductor = NULL;
	free(cache_dir);
	cache_dir = mem_printf("%s/%s", tap_temp_dir(), name);
	if (state_open(&conductor, cache_dir, &err) < 0 || state_claim_slots(conductor, 1, &err) < 0) {
		tap_note("%s", err.msg);
		abort();
	}
}

/* ---- the cases ---- */

static void sizes_log_uniform(void)
{
	uint64_t random = 1, bytes = 0, began_ms = clock_mono_ms();
	pid_t pids[PROCESSES], janitor;

	begin_case("mixed");
	while (bytes >> 20 < (uint64_t)LIVE_SETS * plan.limit_mb) {
		add_table(log_uniform(&random, plan.min_kb, plan.max_kb));
		bytes += shared->tables[shared->count - 1].bytes;
	}
	finish(begin(use_alone, 4));
	tap_note("alone: %llu evictions seen, %llu out of order", (unsigned long long)shared->evictions,
		 (unsigned long long)shared->disorder);
	CHECK(shared->evictions > 0);
	CHECK_INT(shared->disorder, 0);
	janitor = begin(keep_limit, 99);
	for (unsigned i = 0; i < PROCESSES; i++)
		pids[i] = begin(use_at_random, i + 1);
	for (unsigned i = 0; i < PROCESSES; i++)
		finish(pids[i]);
	shared->stop = true;
	finish(janitor);
	CHECK(shared->evictions > 0);
	check_counts("log-uniform sizes", began_ms);
	finish(begin(verify_all, 5));
	CHECK_INT(shared->wrong, 0);
}

/* Small tables leave holes too short for large values. */
static void sizes_shift(void)
{
	uint64_t random = 2, began_ms = clock_mono_ms();
	pid_t reader;

	begin_case("shift");
	for (unsigned i = 0; i < plan.small; i++)
		add_table(uniform(&random, 10, 60));
	finish(begin(use_each_once, 1));
	tap_note("%u small tables, %.1f s", plan.small, (double)(clock_mono_ms() - began_ms) / 1000);
	shared->first = plan.small;
	for (unsigned i = 0; i < plan.large; i++)
		add_table(uniform(&random, plan.large_min_kb, plan.large_max_kb));
	shared->stop_inserting = false;
	reader = begin(use_until_stopped, 2);
	finish(begin(use_each_once, 3));
	shared->stop = true;
	finish(reader);
	finish(begin(check_order, 4));
	check_counts("shift of sizes", began_ms);
	finish(begin(verify_all, 5));
	CHECK_INT(shared->wrong, 0);
}

static bool wait_for_file(bool below, uint64_t bytes)
{
	const struct actor actor = {.state = conductor};
	uint64_t deadline_ms = clock_mono_ms() + LIMIT_CHANGE_MS;

	while ((data_file_bytes(&actor) <= bytes) != below && clock_left_ms(deadline_ms) > 0)
		usleep(10 * 1000);
	return (data_file_bytes(&actor) <= bytes) == below;
}

/* While others read and insert. */
static void limits_change(void)
{
	uint64_t random = 3, began_ms = clock_mono_ms(), limit = (uint64_t)plan.limit_mb << 20, high;
	pid_t pids[2], janitor;

	begin_case("limits");
	for (unsigned i = 0; i < 40; i++)
		add_table(limit / 40 - uniform(&random, 0, plan.limit_mb * 4));
	janitor = begin(keep_limit, 99);
	for (unsigned i = 0; i < 2; i++)
		pids[i] = begin(use_until_stopped, i + 1);
	for (unsigned round = 0; round < 2; round++) {
		CHECK(wait_for_file(false, limit / 2));
		high = atomic_load(&shared->inserts);
		shared->enforce = false;
		shared->limit_changes = 1;
		atomic_store(&conductor->map->store_bytes, limit / 4);
		if (!CHECK(wait_for_file(true, limit / 4)))
			break;
		shared->enforce = true;
		while (atomic_load(&shared->inserts) < high + 10)
			usleep(10 * 1000);
		CHECK(wait_for_file(true, limit / 4));
		atomic_store(&conductor->map->store_bytes, limit);
	}
	CHECK(wait_for_file(false, limit / 2));
	CHECK_INT(atomic_load(&conductor->map->env_number), 3);
	shared->stop = true;
	finish(pids[0]);
	finish(pids[1]);
	finish(janitor);
	check_counts("limits that change", began_ms);
	finish(begin(verify_all, 5));
	CHECK_INT(shared->wrong, 0);
}

static const struct tap_case cases[] = {
	{"tables of any size come and go", sizes_log_uniform},
	{"the mix of sizes changes", sizes_shift},
	{"the limit is lowered and raised", limits_change},
};

static void take_plan(char **argv)
{
	unsigned *to[] = {&plan.limit_mb, &plan.total_mb, &plan.min_kb,	      &plan.max_kb,
			  &plan.small,	  &plan.large,	  &plan.large_min_kb, &plan.large_max_kb};

	for (size_t i = 0; i < TAP_COUNT(to); i++)
		*to[i] = (unsigned)strtoul(argv[i], NULL, 10);
}

int main(int argc, char **argv)
{
	if (argc == 9)
		take_plan(argv + 1);
	return tap_run(cases, TAP_COUNT(cases));
}
