/* SPDX-License-Identifier: MIT */
/* src/store: tables that exceed the whole budget are kept apart, for a while and within a limit of their own. */
#include "store_fixture.h"
#include "tap.h"

#include "base/clock.h"
#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	MB = 1024 * 1024,
	LARGE = 200, /* values: 3.1 MB */
	TOO_LARGE = 1200,
};

/* What processes share. */
struct shared {
	_Atomic uint32_t number;
	_Atomic uint64_t max_bytes;
};

struct place {
	char *dir, *path; /* of the store, and of what is too large for it */
	struct shared *shared;
};

static struct place new_place(void)
{
	struct place place = {.dir = fixture_dir()};

	place.path = mem_printf("%.*soversize", (int)(strlen(place.dir) - 4), place.dir);
	place.shared = mmap(NULL, sizeof(*place.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place.shared == MAP_FAILED)
		abort();
	place.shared->max_bytes = 16 * MB;
	return place;
}

static void place_release(struct place *place)
{
	munmap(place->shared, sizeof(*place->shared));
	free(place->path);
	free(place->dir);
}

/* Holds two megabytes. */
static struct store *open_at(const struct place *place)
{
	struct store_options options = {
		.dir = place->dir,
		.max_bytes = 2 * MB + MB / 2,
		.oversize = {place->path, &place->shared->number, &place->shared->max_bytes},
	};
	struct store *store = NULL;
	struct err err = ERR_INIT;

	if (store_open(&store, &options, &err) < 0) {
		tap_note("%s", err.msg);
		abort();
	}
	return store;
}

static bool has_file(const struct place *place, unsigned number)
{
	char *path = mem_printf("%s-%u/data.mdb", place->path, number);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static int insert(struct store *store, const char *key, unsigned seed, unsigned values, struct err *err)
{
	return fixture_insert_made(store, key, seed, values, FIXTURE_VALUE_MAX, clock_wall_s(), err);
}

static int read_back(struct store *store, const char *key, unsigned values)
{
	return fixture_read(store, key, values, FIXTURE_VALUE_MAX);
}

static void it_is_found_and_pushes_nothing_out(void)
{
	struct place place = new_place();
	struct store *store = open_at(&place);
	struct err err = ERR_INIT;

	CHECK_INT(insert(store, "a/1", 1, 60, &err), 0);
	CHECK_INT(insert(store, "b/1", 2, 60, &err), 0);
	CHECK_INT(fixture_stat(store).oversize_tables, 0);
	if (!CHECK_INT(insert(store, "large/1", 3, LARGE, &err), 0))
		tap_note("%s", err.msg);
	CHECK_INT(read_back(store, "large/1", LARGE), 3);
	CHECK_INT(read_back(store, "a/1", 60), 1);
	CHECK_INT(read_back(store, "b/1", 60), 2);
	CHECK_INT(fixture_stat(store).tables, 2);
	CHECK_INT(fixture_stat(store).oversize_tables, 1);
	CHECK(fixture_stat(store).file_bytes <= 2 * MB + MB / 2);
	store_close(store);
	store = open_at(&place);
	CHECK_INT(read_back(store, "large/1", LARGE), 3);
	CHECK_INT(store_delete(store, SLICE_LITERAL("large/1"), &err), 1);
	CHECK(!fixture_has(store, "large/1"));
	store_close(store);
	place_release(&place);
}

/* Its size was not known before. */
static void one_that_fits_goes_where_all_go(void)
{
	struct place place = new_place();
	struct store *store = open_at(&place);
	struct err err = ERR_INIT;

	CHECK_INT(insert(store, "a/1", 1, 90, &err), 0); /* more than half of the budget */
	CHECK_INT(read_back(store, "a/1", 90), 1);
	CHECK_INT(fixture_stat(store).tables, 1);
	CHECK_INT(place.shared->number, 0);
	store_close(store);
	place_release(&place);
}

static void one_that_exceeds_both_evicts_nothing(void)
{
	struct place place = new_place();
	struct store *store = open_at(&place);
	struct err err = ERR_INIT;

	CHECK_INT(insert(store, "a/1", 1, 60, &err), 0);
	CHECK_INT(insert(store, "huge/1", 2, TOO_LARGE, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	place.shared->max_bytes = 0; /* by configuration */
	CHECK_INT(insert(store, "large/1", 3, LARGE, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	CHECK_INT(place.shared->number, 0);
	CHECK_INT(read_back(store, "a/1", 60), 1);
	store_close(store);
	place_release(&place);
}

static void its_file_has_a_limit(void)
{
	struct place place = new_place();
	struct store *store = open_at(&place);
	struct err err = ERR_INIT;
	char key[32];

	for (unsigned i = 0; i < 12; i++) {
		snprintf(key, sizeof(key), "large/%u", i);
		CHECK_INT(insert(store, key, i, LARGE, &err), 0);
		CHECK_INT(read_back(store, key, LARGE), (int)i);
	}
	CHECK_INT(fixture_stat(store).oversize_tables, 4);
	CHECK(fixture_stat(store).oversize_file_bytes <= 16 * MB);
	store_close(store);
	place_release(&place);
}

static void its_time_ends(void)
{
	struct place place = new_place();
	struct store *store = open_at(&place);
	struct store_table table;
	struct err err = ERR_INIT;
	struct slice value;
	uint64_t key, now_s = clock_wall_s();

	CHECK_INT(store_sweep_oversize(store, &err), 0);
	CHECK_INT(fixture_insert_made(store, "old/1", 1, LARGE, FIXTURE_VALUE_MAX, now_s - 590, &err), 0);
	CHECK_INT(store_sweep_oversize(store, &err), 0);
	CHECK(fixture_has(store, "old/1"));
	CHECK_INT(fixture_insert_made(store, "older/1", 2, LARGE, FIXTURE_VALUE_MAX, now_s - 600, &err), 0);
	CHECK_INT(store_sweep_oversize(store, &err), 0);
	CHECK(fixture_has(store, "old/1") && !fixture_has(store, "older/1"));
	CHECK(has_file(&place, 1));
	/* one of a clock that was wrong */
	CHECK_INT(fixture_insert_made(store, "old/1", 1, LARGE, FIXTURE_VALUE_MAX, now_s + 86400, &err), 0);
	CHECK_INT(store_read_begin(store, &err), 0);
	CHECK_INT(store_find(store, SLICE_LITERAL("old/1"), &table, &err), 1);
	store_read_end(store);
	CHECK_INT(store_sweep_oversize(store, &err), 0);
	CHECK(!fixture_has(store, "old/1"));
	CHECK(!has_file(&place, 1));
	CHECK_INT(place.shared->number, 2);
	/* what its id named is never another table's */
	CHECK_INT(insert(store, "new/1", 3, LARGE, &err), 0);
	CHECK_INT(place.shared->number, 3);
	CHECK_INT(store_read_begin(store, &err), 0);
	CHECK_INT(store_value(store, table.id, 1, 0, &key, &value, &err), 0);
	store_read_end(store);
	CHECK_INT(store_delete_id(store, table.id, &err), 0);
	CHECK_INT(read_back(store, "new/1", LARGE), 3);
	store_close(store);
	place_release(&place);
}

static void a_new_table_takes_its_place(void)
{
	struct place place = new_place();
	struct store *store = open_at(&place);
	struct err err = ERR_INIT;

	CHECK_INT(insert(store, "a/1", 1, 10, &err), 0);
	CHECK_INT(insert(store, "a/1", 2, LARGE, &err), 0);
	CHECK_INT(read_back(store, "a/1", LARGE), 2);
	CHECK_INT(insert(store, "a/1", 3, 10, &err), 0);
	CHECK_INT(read_back(store, "a/1", 10), 3);
	CHECK_INT(store_delete(store, SLICE_LITERAL("a/1"), &err), 1);
	CHECK(!fixture_has(store, "a/1"));
	store_close(store);
	place_release(&place);
}

static void damage_costs_it_alone(void)
{
	static const char zeros[8192];
	struct place place = new_place();
	struct store *store = open_at(&place);
	struct err err = ERR_INIT;
	char *path = mem_printf("%s-1/data.mdb", place.path);
	int fd;

	CHECK_INT(insert(store, "a/1", 1, 10, &err), 0);
	CHECK_INT(insert(store, "large/1", 2, LARGE, &err), 0);
	store_close(store);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK_INT(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	close(fd);
	store = open_at(&place);
	CHECK(!fixture_has(store, "large/1"));
	CHECK_INT(read_back(store, "a/1", 10), 1);
	CHECK(!has_file(&place, 1));
	CHECK_INT(insert(store, "large/1", 3, LARGE, &err), 0);
	CHECK_INT(read_back(store, "large/1", LARGE), 3);
	store_close(store);
	free(path);
	place_release(&place);
}

/* ---- other processes ---- */

static void watch(const struct place *place, int progress_fd)
{
	struct store *store = open_at(place);
	uint64_t map_number = store_map_number(store);

	if (fixture_has(store, "large/1") || write(progress_fd, "x", 1) != 1)
		_exit(1);
	raise(SIGSTOP); /* until it is there */
	if (read_back(store, "large/1", LARGE) != 1 || store_map_number(store) == map_number)
		_exit(2);
	map_number = store_map_number(store);
	raise(SIGSTOP); /* until it is gone */
	if (fixture_has(store, "large/1") || store_map_number(store) == map_number)
		_exit(3);
	store_close(store);
	_exit(0);
}

static void go_on(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
}

static void other_processes_follow(void)
{
	struct place place = new_place();
	struct store *store;
	struct err err = ERR_INIT;
	int fds[2], status;
	char byte;
	pid_t pid;

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		watch(&place, fds[1]);
	CHECK_INT(read(fds[0], &byte, 1), 1);
	go_on(pid);
	store = open_at(&place);
	CHECK_INT(insert(store, "large/1", 1, LARGE, &err), 0);
	kill(pid, SIGCONT);
	go_on(pid);
	CHECK_INT(fixture_insert_made(store, "large/1", 1, LARGE, FIXTURE_VALUE_MAX, 1, &err), 0);
	CHECK_INT(store_sweep_oversize(store, &err), 0);
	CHECK(!has_file(&place, 1));
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	store_close(store);
	close(fds[0]);
	close(fds[1]);
	place_release(&place);
}

/* Killed at any moment: what is left is gone with the next sweep. */
static void killed_writers_leave_nothing(void)
{
	struct place place = new_place();
	struct store *store;
	struct err err = ERR_INIT;

	for (unsigned ms = 1; ms < 60; ms += 6) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			store = open_at(&place);
			_exit(insert(store, "large/1", 1, LARGE * 4, &err) < 0);
		}
		usleep(ms * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		store = open_at(&place);
		CHECK(!fixture_has(store, "large/1") || read_back(store, "large/1", LARGE * 4) == 1);
		store_delete(store, SLICE_LITERAL("large/1"), &err);
		CHECK_INT(store_sweep_oversize(store, &err), 0);
		CHECK_INT(place.shared->number % 2, 0);
		CHECK(place.shared->number == 0 || !has_file(&place, place.shared->number - 1));
		store_close(store);
	}
	place_release(&place);
}

static const struct tap_case cases[] = {
	{"it is found and pushes nothing out", it_is_found_and_pushes_nothing_out},
	{"one that fits goes where all go", one_that_fits_goes_where_all_go},
	{"one that exceeds both evicts nothing", one_that_exceeds_both_evicts_nothing},
	{"its file has a limit", its_file_has_a_limit},
	{"its time ends", its_time_ends},
	{"a new table takes its place", a_new_table_takes_its_place},
	{"damage costs it alone", damage_costs_it_alone},
	{"other processes follow", other_processes_follow},
	{"killed writers leave nothing", killed_writers_leave_nothing},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
