/* SPDX-License-Identifier: MIT */
/* src/store in several processes: killed writers, readers while tables come and go. */
#include "store_fixture.h"
#include "tap.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MB = 1024 * 1024, KEYS = 12, VALUES = 24 };

static bool nobody_is_live(void *ctx, struct slice key)
{
	(void)ctx;
	(void)key;
	return false;
}

static bool everybody_is_live(void *ctx, struct slice key)
{
	(void)ctx;
	(void)key;
	return true;
}

static void key_of(char key[32], unsigned i)
{
	snprintf(key, 32, "m%u/1", i % KEYS);
}

/* LMDB must not be open in a process that forks: only children and forkless stretches open it. */
static pid_t start_child(const char *dir, void (*run)(struct store *store, int progress_fd), int *ret_fd)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run(fixture_open(dir, 4 * MB), fds[1]);
		_exit(0);
	}
	close(fds[1]);
	*ret_fd = fds[0];
	return pid;
}

static void tell(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(1);
}

/* Waits until the child has made that many steps, then kills it. */
static void kill_after(pid_t pid, int fd, unsigned steps)
{
	char byte;

	while (steps && read(fd, &byte, 1) == 1)
		steps--;
	CHECK_INT(steps, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

static void insert_for_ever(struct store *store, int progress_fd)
{
	static char value[FIXTURE_VALUE_MAX];
	char key[32];
	struct err err;

	for (unsigned i = 0;; i++) {
		struct store_insert *insert;

		key_of(key, i);
		tell(progress_fd);
		insert = fixture_begin(store, key, i % 250 + 1, VALUES, sizeof(value));
		tell(progress_fd);
		if (store_insert_publish(insert, &(struct store_table){.text_bytes = i % 250 + 1},
					 &(struct store_table){0}, &err) < 0)
			_exit(1);
	}
}

static void check_after_kill(const char *dir)
{
	struct store *store = fixture_open(dir, 4 * MB);
	struct err err = ERR_INIT;
	unsigned whole = 0;
	char key[32];

	if (!CHECK_INT(store_recover(store, nobody_is_live, NULL, &err), 0))
		tap_note("%s", err.msg);
	for (unsigned i = 0; i < KEYS; i++) {
		int seed;

		key_of(key, i);
		seed = fixture_read(store, key, VALUES, FIXTURE_VALUE_MAX);
		CHECK(seed != -2);
		whole += seed >= 0;
	}
	CHECK_INT(fixture_stat(store).tables, whole);
	CHECK_INT(fixture_stat(store).pages, whole * VALUES * 4);
	CHECK_INT(fixture_stat(store).pending_pages + fixture_stat(store).dying_pages, 0);
	CHECK(fixture_stat(store).file_bytes <= 4 * MB);
	CHECK_INT(fixture_insert(store, "after", 1, VALUES, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(store_delete(store, SLICE_LITERAL("after"), &err), 1);
	store_close(store);
}

/* The odd steps end somewhere in the writing of values, the even ones in publishing, evicting, reaping. */
static void killed_writers_leave_whole_tables(void)
{
	char *dir = fixture_dir();
	int fd;

	for (unsigned steps = 1; steps <= 40; steps++) {
		pid_t pid = start_child(dir, insert_for_ever, &fd);

		kill_after(pid, fd, steps);
		check_after_kill(dir);
	}
	free(dir);
}

static void begin_and_wait(struct store *store, int progress_fd)
{
	fixture_begin(store, "pending/1", 1, 100, FIXTURE_VALUE_MAX);
	tell(progress_fd);
	pause();
}

static void a_leftover_goes_when_nobody_writes_it(void)
{
	char *dir = fixture_dir();
	struct store *store;
	struct err err = ERR_INIT;
	int fd;
	pid_t pid = start_child(dir, begin_and_wait, &fd);

	kill_after(pid, fd, 1);
	store = fixture_open(dir, 4 * MB);
	CHECK_INT(store_recover(store, everybody_is_live, NULL, &err), 0);
	CHECK(fixture_stat(store).pending_pages > 0);
	CHECK_INT(store_recover(store, nobody_is_live, NULL, &err), 0);
	CHECK_INT(fixture_stat(store).pending_pages, 0);
	store_close(store);
	/* or with the next insert of the same key */
	pid = start_child(dir, begin_and_wait, &fd);
	kill_after(pid, fd, 1);
	store = fixture_open(dir, 4 * MB);
	CHECK(fixture_stat(store).pending_pages > 0);
	CHECK_INT(fixture_insert(store, "pending/1", 2, 1, 1, &err), 0);
	CHECK_INT(fixture_stat(store).pending_pages, 0);
	CHECK_INT(fixture_stat(store).dying_pages, 0);
	store_close(store);
	free(dir);
}

/* ---- readers ---- */

struct shared {
	_Atomic bool stop;
	_Atomic unsigned hits, misses, wrong;
};
static struct shared *shared;

static void count_reading(int seed)
{
	if (seed >= 0)
		atomic_fetch_add(&shared->hits, 1);
	else if (seed == -1)
		atomic_fetch_add(&shared->misses, 1);
	else
		atomic_fetch_add(&shared->wrong, 1);
}

static void read_until_stopped(struct store *store, int progress_fd)
{
	char key[32];

	tell(progress_fd);
	for (unsigned i = 0; !atomic_load(&shared->stop); i++) {
		key_of(key, i);
		count_reading(fixture_read(store, key, VALUES, FIXTURE_VALUE_MAX));
	}
}

static void churn(const char *dir)
{
	struct store *store = fixture_open(dir, 4 * MB);
	struct err err = ERR_INIT;
	uint64_t deadline_ms = clock_mono_ms() + 20000;
	unsigned i, busy = 0;
	char key[32];

	for (i = 0; i < 2000 && clock_left_ms(deadline_ms) > 0; i++) {
		if (i > 300 && atomic_load(&shared->hits) > 1000 && atomic_load(&shared->misses) > 100)
			break;
		key_of(key, i * 5);
		if (fixture_insert(store, key, i % 250, VALUES, FIXTURE_VALUE_MAX, &err) == 0)
			continue;
		/* a reader without the processor for long keeps pages back: told, and no more */
		busy++;
		if (!CHECK_INT(err.code, ERR_BUSY))
			tap_note("%s", err.msg);
	}
	CHECK(fixture_stat(store).file_bytes <= 4 * MB);
	CHECK(busy < i / 4 + 1);
	tap_note("%u inserts (%u in vain), %u whole, %u absent", i, busy, atomic_load(&shared->hits),
		 atomic_load(&shared->misses));
	store_close(store);
}

static void readers_see_whole_tables_or_none(void)
{
	char *dir = fixture_dir();
	int fds[2], status;
	pid_t pids[2];
	char byte;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 2; i++)
		pids[i] = start_child(dir, read_until_stopped, &fds[i]);
	for (int i = 0; i < 2; i++)
		CHECK_INT(read(fds[i], &byte, 1), 1);
	churn(dir);
	atomic_store(&shared->stop, true);
	for (int i = 0; i < 2; i++) {
		waitpid(pids[i], &status, 0);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		close(fds[i]);
	}
	CHECK_INT(atomic_load(&shared->wrong), 0);
	CHECK(atomic_load(&shared->hits) > 0);
	munmap(shared, sizeof(*shared));
	free(dir);
}

static void read_and_wait(struct store *store, int progress_fd)
{
	struct err err;

	if (store_read_begin(store, &err) < 0)
		_exit(1);
	tell(progress_fd);
	pause();
}

/* One that stops in the middle keeps freed pages from being used; a dead one must not. */
static void killed_readers_hold_nothing(void)
{
	char *dir = fixture_dir();
	struct store *store;
	struct err err = ERR_INIT;
	int fd;
	pid_t pid;

	store = fixture_open(dir, 4 * MB);
	CHECK_INT(fixture_insert(store, "a/1", 1, VALUES, FIXTURE_VALUE_MAX, &err), 0);
	store_close(store);
	pid = start_child(dir, read_and_wait, &fd);
	kill_after(pid, fd, 1);
	store = fixture_open(dir, 4 * MB);
	for (unsigned i = 0; i < 60; i++) {
		if (!CHECK_INT(fixture_insert(store, "b/1", i, VALUES, FIXTURE_VALUE_MAX, &err), 0))
			tap_note("%s", err.msg);
	}
	CHECK(fixture_has(store, "a/1")); /* nothing had to be evicted */
	store_close(store);
	free(dir);
}

/* With a live one in the way, an insert fails in bounded time and evicts a bounded amount. */
static void a_stuck_reader_does_not_empty_the_store(void)
{
	char *dir = fixture_dir();
	struct store *store;
	struct err err = ERR_INIT;
	unsigned failed = 0, left = 0;
	char key[32];
	int fd;
	pid_t pid;

	store = fixture_open(dir, 4 * MB);
	for (unsigned i = 0; i < 9; i++) {
		key_of(key, i);
		CHECK_INT(fixture_insert(store, key, i, VALUES, FIXTURE_VALUE_MAX, &err), 0);
	}
	store_close(store);
	pid = start_child(dir, read_and_wait, &fd);
	CHECK_INT(read(fd, key, 1), 1);
	store = fixture_open(dir, 4 * MB);
	for (unsigned i = 0; i < 4; i++)
		failed += fixture_insert(store, "new/1", i, VALUES, FIXTURE_VALUE_MAX, &err) < 0;
	for (unsigned i = 0; i < 9; i++) {
		key_of(key, i);
		left += fixture_has(store, key);
	}
	tap_note("%u of 4 inserts failed (%s), %u of 9 tables left", failed, err.msg, left);
	CHECK(failed > 0 && left >= 6); /* three tables had to leave by the budget */
	kill_after(pid, fd, 0);
	CHECK_INT(err.code, ERR_BUSY);
	CHECK_INT(fixture_insert(store, "new/1", 77, VALUES, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_read(store, "new/1", VALUES, FIXTURE_VALUE_MAX), 77);
	store_close(store);
	free(dir);
}

/* ---- limits that differ ---- */

static void keep_a_reader_then_go_on(struct store *store, int progress_fd)
{
	struct err err;

	if (fixture_read(store, "large/1", 1, 1) != -1)
		_exit(1);
	tell(progress_fd);
	raise(SIGSTOP); /* until the file has grown beyond this process's map */
	if (fixture_read(store, "large/1", 400, FIXTURE_VALUE_MAX) != 3)
		_exit(2);
	if (fixture_insert(store, "small/1", 4, 10, 100, &err) < 0 ||
	    fixture_read(store, "small/1", 10, 100) != 4)
		_exit(3);
}

static void another_process_raises_the_limit(void)
{
	char *dir = fixture_dir();
	struct store *store;
	struct err err = ERR_INIT;
	int fd, status;
	char byte;
	pid_t pid = start_child(dir, keep_a_reader_then_go_on, &fd);

	CHECK_INT(read(fd, &byte, 1), 1);
	waitpid(pid, NULL, WUNTRACED);
	store = fixture_open(dir, 16 * MB);
	CHECK_INT(fixture_insert(store, "large/1", 3, 400, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(fixture_stat(store).file_bytes > 4 * MB);
	store_close(store);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	close(fd);
	free(dir);
}

/* ---- a full disk ---- */

enum { DISK_MB = 6, CANNOT_MOUNT = 77 };

static bool mount_small_disk(const char *dir)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", dir, "tmpfs", 0, "size=6m") == 0;
}

static bool holds_on_small_disk(struct store *store)
{
	struct err err = ERR_INIT;
	unsigned there = 0;
	bool good = true;
	char key[32];

	for (unsigned i = 0; i < 60; i++) {
		snprintf(key, sizeof(key), "m/%u", i);
		good &= CHECK_INT(fixture_insert(store, key, i, VALUES, FIXTURE_VALUE_MAX, &err), 0);
	}
	for (unsigned i = 0; i < 60; i++) {
		int seed;

		snprintf(key, sizeof(key), "m/%u", i);
		seed = fixture_read(store, key, VALUES, FIXTURE_VALUE_MAX);
		good &= CHECK(seed == -1 || seed == (int)i);
		there += seed >= 0;
	}
	good &= CHECK(there > 5);
	good &= CHECK_INT(fixture_read(store, "m/59", VALUES, FIXTURE_VALUE_MAX), 59);
	good &= CHECK_INT(store_recover(store, nobody_is_live, NULL, &err), 0);
	good &= CHECK(fixture_stat(store).file_bytes <= DISK_MB * MB);
	good &= CHECK_INT(store_copy(store, "copy", &err), -1); /* there is no room for that */
	good &= CHECK_INT(err.sys_errno, ENOSPC);
	return good;
}

static int on_small_disk(const char *dir)
{
	struct store *store;
	bool good;

	if (!mount_small_disk(dir))
		return CANNOT_MOUNT;
	if (chdir(dir) < 0)
		return 1;
	store = fixture_open(".", 32 * MB);
	good = holds_on_small_disk(store);
	store_close(store);
	fflush(stdout);
	return !good;
}

/* What is least used makes room on a disk that is full before the limit is reached. */
static void a_full_disk_evicts(void)
{
	char *dir = fixture_dir();
	struct err err;
	int status = 0;
	pid_t pid;

	CHECK_INT(file_make_dirs(dir, &err), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(on_small_disk(dir));
	waitpid(pid, &status, 0);
	free(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_MOUNT) {
		tap_skip("this user cannot mount a small disk");
		return;
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct tap_case cases[] = {
	{"killed writers leave whole tables", killed_writers_leave_whole_tables},
	{"a leftover goes when nobody writes it", a_leftover_goes_when_nobody_writes_it},
	{"readers see whole tables or none", readers_see_whole_tables_or_none},
	{"killed readers hold nothing", killed_readers_hold_nothing},
	{"another process raises the limit", another_process_raises_the_limit},
	{"a full disk evicts", a_full_disk_evicts},
	{"a stuck reader does not empty the store", a_stuck_reader_does_not_empty_the_store},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
