/* SPDX-License-Identifier: MIT */
/* src/engine: text waits in a file while all builders are busy, and becomes the same table. */
#include "tap.h"

#include "base/file.h"
#include "base/mem.h"
#include "engine/intake.h"
#include "stats/state.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACES = 2, FUNCTIONS = 40000, PIECE = 10000 };

struct fixture {
	struct state *state, *others; /* the same directory, opened twice: locks of two processes */
	struct store *store;
	struct buf text;
	char *dir;
	unsigned asked; /* how often cancelled() was */
};

static void make_text(struct buf *text)
{
	buf_add_text(text, "MODULE Linux x86_64 0123456789ABCDEF0123456789ABCDEF0 a\n");
	for (unsigned i = 0; i < FUNCTIONS; i++)
		buf_addf(text, "FUNC %x 10 0 function_%u(int)\n", i * 16, i);
}

static void setup(struct fixture *f, const char *name)
{
	struct store_options options = {.max_bytes = 64 << 20};
	struct err err = ERR_INIT;
	char *store_dir;

	*f = (struct fixture){.dir = mem_printf("%s/%s", tap_temp_dir(), name)};
	store_dir = mem_printf("%s/db-1", f->dir);
	options.dir = store_dir;
	if (state_open(&f->state, f->dir, &err) < 0 || state_open(&f->others, f->dir, &err) < 0 ||
	    store_open(&f->store, &options, &err) < 0) {
		tap_note("%s", err.msg);
		exit(99);
	}
	free(store_dir);
	make_text(&f->text);
}

static void teardown(struct fixture *f)
{
	store_close(f->store);
	state_close(f->state);
	state_close(f->others);
	buf_release(&f->text);
	free(f->dir);
}

static bool after_three(void *ctx)
{
	struct fixture *f = ctx;

	return ++f->asked > 3;
}

static struct intake *begin(struct fixture *f)
{
	struct intake_options options = {
		.compaction = {.temp_dir = f->dir},
		.lock_fd = f->state->lock_fd,
		.places = PLACES,
		.cancelled = after_three,
		.ctx = f,
	};

	return intake_new(&options);
}

static bool take(int fd, unsigned place)
{
	struct err err = ERR_INIT;

	return file_lock(fd, STATE_LOCK_BUILDER + (off_t)place, 1, FILE_LOCK_EXCLUSIVE, false, &err) == 1;
}

static void take_all(const struct fixture *f)
{
	for (unsigned i = 0; i < PLACES; i++)
		CHECK(take(f->others->lock_fd, i));
}

static void leave(const struct fixture *f, unsigned place)
{
	file_unlock(f->others->lock_fd, STATE_LOCK_BUILDER + (off_t)place, 1);
}

/* From `from` up to `to` of the text, in pieces. */
static int feed(struct fixture *f, struct intake *intake, size_t from, size_t to)
{
	struct err err = ERR_INIT;

	for (size_t at = from; at < to; at += PIECE)
		if (intake_feed(intake, f->text.data + at, to - at < PIECE ? to - at : PIECE, &err) < 0) {
			tap_note("%s", err.msg);
			return -1;
		}
	return 0;
}

static int publish(struct fixture *f, struct intake *intake, const char *key, struct compaction_result *ret,
		   struct err *err)
{
	struct store_table info = {.made_s = 1};

	return intake_publish(intake, f->store, slice_of(key), &info, ret, err);
}

static void check_whole(const struct fixture *f, const struct compaction_result *result)
{
	CHECK_INT(result->summary.functions, FUNCTIONS);
	CHECK_INT(result->summary.text_bytes, f->text.len);
}

static void a_free_place_is_used_at_once(void)
{
	struct compaction_result result;
	struct err err = ERR_INIT;
	struct intake *intake;
	struct fixture f;

	setup(&f, "free");
	intake = begin(&f);
	CHECK(take(f.others->lock_fd, 0));
	CHECK_INT(feed(&f, intake, 0, f.text.len), 0);
	CHECK(!intake_was_deferred(intake));
	/* between two pieces it is nobody's */
	CHECK(take(f.others->lock_fd, 1));
	leave(&f, 1);
	CHECK_INT(publish(&f, intake, "a/1", &result, &err), 0);
	check_whole(&f, &result);
	CHECK(take(f.others->lock_fd, 1));
	intake_free(intake);
	teardown(&f);
}

static void text_waits_for_a_place(void)
{
	struct compaction_result result;
	struct err err = ERR_INIT;
	struct intake *intake;
	struct fixture f;

	setup(&f, "kept");
	intake = begin(&f);
	take_all(&f);
	CHECK_INT(feed(&f, intake, 0, f.text.len), 0);
	CHECK(intake_was_deferred(intake));
	CHECK_INT(publish(&f, intake, "a/1", &result, &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	CHECK_INT(f.asked, 4);
	leave(&f, 1);
	CHECK_INT(publish(&f, intake, "a/1", &result, &err), 0);
	check_whole(&f, &result);
	intake_free(intake);
	teardown(&f);
}

static void kept_text_is_made_up_for_on_the_way(void)
{
	struct compaction_result result;
	struct err err = ERR_INIT;
	struct intake *intake;
	struct fixture f;
	size_t third;

	setup(&f, "between");
	third = f.text.len / 3 / PIECE * PIECE;
	intake = begin(&f);
	CHECK_INT(feed(&f, intake, 0, third), 0);
	CHECK(!intake_was_deferred(intake));
	take_all(&f);
	CHECK_INT(feed(&f, intake, third, 2 * third), 0);
	CHECK(intake_was_deferred(intake));
	leave(&f, 0);
	CHECK_INT(feed(&f, intake, 2 * third, f.text.len - 5), 0);
	/* and once more: the file is begun anew */
	CHECK(take(f.others->lock_fd, 0));
	CHECK_INT(feed(&f, intake, f.text.len - 5, f.text.len), 0);
	leave(&f, 0);
	CHECK_INT(publish(&f, intake, "a/1", &result, &err), 0);
	check_whole(&f, &result);
	intake_free(intake);
	teardown(&f);
}

static void bad_text_is_found_late(void)
{
	struct compaction_result result;
	struct err err = ERR_INIT;
	struct intake *intake;
	struct fixture f;

	setup(&f, "bad");
	intake = begin(&f);
	take_all(&f);
	CHECK_INT(intake_feed(intake, "<html>\n", 7, &err), 0);
	leave(&f, 0);
	CHECK_INT(publish(&f, intake, "a/1", &result, &err), -1);
	CHECK_INT(err.code, ERR_INPUT);
	intake_free(intake);
	teardown(&f);
}

/* Takes all places in a process of its own, which then waits to be killed. */
static pid_t start_holder(const char *dir)
{
	int told[2];
	char byte;
	pid_t pid;

	if (pipe(told) < 0 || (pid = fork()) < 0)
		exit(99);
	if (pid == 0) {
		struct err err = ERR_INIT;
		struct state *state;

		if (state_open(&state, dir, &err) < 0)
			_exit(1);
		for (unsigned i = 0; i < PLACES; i++)
			if (!take(state->lock_fd, i) || write(told[1], "x", 1) != 1)
				_exit(1);
		for (;;)
			pause();
	}
	close(told[1]);
	for (unsigned i = 0; i < PLACES; i++)
		CHECK_INT(read(told[0], &byte, 1), 1);
	close(told[0]);
	return pid;
}

static void places_come_back_from_the_dead(void)
{
	char *dir = mem_printf("%s/dead", tap_temp_dir());
	pid_t holder = start_holder(dir); /* before LMDB is open */
	struct fixture f;
	int status;

	setup(&f, "dead");
	CHECK(!take(f.state->lock_fd, 0) && !take(f.state->lock_fd, 1));
	kill(holder, SIGKILL);
	CHECK_INT(waitpid(holder, &status, 0), holder);
	CHECK(take(f.state->lock_fd, 0) && take(f.state->lock_fd, 1));
	teardown(&f);
	free(dir);
}

static const struct tap_case cases[] = {
	{"a free place is used at once, and left between two pieces", a_free_place_is_used_at_once},
	{"text waits for a place, and the wait can be cancelled", text_waits_for_a_place},
	{"kept text is made up for between two pieces", kept_text_is_made_up_for_on_the_way},
	{"bad text that was kept is refused in the end", bad_text_is_found_late},
	{"kill -9 gives places back", places_come_back_from_the_dead},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
