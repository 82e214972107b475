/* SPDX-License-Identifier: MIT */
/* src/engine: flights are joined, taken, landed, and survive the death of those who fly them. */
#include "tap.h"

#include "base/mem.h"
#include "engine/flight.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WORKERS = 3, FETCHER_SLOT = 1 };

struct fixture {
	struct state *state;
	int worker_fds[WORKERS];
	struct flight_control worker[WORKERS], fetcher;
};

static void setup(struct fixture *f, const char *name)
{
	char *dir = mem_printf("%s/%s", tap_temp_dir(), name);
	struct flight_control control = {.first_slot = 2, .worker_count = WORKERS, .worker_fds = f->worker_fds};
	struct err err = ERR_INIT;

	if (state_open(&f->state, dir, &err) < 0 || state_claim_slots(f->state, 2 + WORKERS, &err) != 0)
		exit(99);
	control.state = f->state;
	control.queue_fd = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
	control.master_fd = eventfd(0, EFD_NONBLOCK);
	for (unsigned i = 0; i < WORKERS; i++) {
		f->worker_fds[i] = eventfd(0, EFD_NONBLOCK);
		f->worker[i] = control;
		f->worker[i].slot = 2 + i;
	}
	f->fetcher = control;
	f->fetcher.slot = FETCHER_SLOT;
	free(dir);
}

static void teardown(struct fixture *f)
{
	for (unsigned i = 0; i < WORKERS; i++)
		close(f->worker_fds[i]);
	close(f->fetcher.queue_fd);
	close(f->fetcher.master_fd);
	state_close(f->state);
}

static bool is_rung(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

static struct flight_ticket join(struct flight_control *control, const char *key, bool *ret_begun)
{
	struct module_name module = {SLICE_LITERAL("XUL.pdb"), SLICE_LITERAL("ABC1")};
	struct flight_ticket ticket = {0};
	struct err err = ERR_INIT;

	CHECK_INT(flight_join(control, module, slice_of(key), "request-1", &ticket, ret_begun, &err), 0);
	return ticket;
}

static void purposes_are_flown_apart(void)
{
	struct module_name module = {SLICE_LITERAL("XUL.pdb"), SLICE_LITERAL("ABC1")};
	struct slice key = SLICE_LITERAL("xul.pdb/ABC1");
	struct flight_report report = {.outcome = FLIGHT_FOUND}, got;
	struct flight_assignment taken;
	struct flight_ticket table, raw, again;
	struct err err = ERR_INIT;
	struct fixture f;
	bool begun;

	setup(&f, "purposes");
	table = join(&f.worker[0], "xul.pdb/ABC1", &begun);
	CHECK_INT(flight_join_for(&f.worker[1], FLIGHT_RAW, module, key, NULL, &raw, &begun, &err), 0);
	CHECK(begun && raw.index != table.index);
	CHECK_INT(flight_join_for(&f.worker[2], FLIGHT_RAW, module, key, NULL, &again, &begun, &err), 0);
	CHECK(!begun && again.index == raw.index);
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_INT(taken.purpose, taken.index == raw.index ? FLIGHT_RAW : FLIGHT_TABLE);
	flight_land(&f.fetcher, &taken, &report);
	CHECK_INT(flight_landed(&f.worker[0], table, &got) + flight_landed(&f.worker[1], raw, &got), 1);
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_INT(taken.purpose, taken.index == raw.index ? FLIGHT_RAW : FLIGHT_TABLE);
	teardown(&f);
}

static void one_search_for_all_who_ask(void)
{
	struct flight_report report = {.outcome = FLIGHT_FOUND, .wire_bytes = 9, .cause = ""}, got;
	struct flight_assignment taken, none;
	struct flight_ticket one, two, other;
	struct err err = ERR_INIT;
	struct fixture f;
	bool begun;

	setup(&f, "one");
	one = join(&f.worker[0], "xul.pdb/ABC1", &begun);
	CHECK(begun);
	two = join(&f.worker[1], "xul.pdb/ABC1", &begun);
	CHECK(!begun);
	other = join(&f.worker[2], "nss.pdb/ABC1", &begun);
	CHECK(begun);
	CHECK(is_rung(f.fetcher.queue_fd));
	flight_watch(&f.worker[0], one);
	flight_watch(&f.worker[1], two);
	CHECK(!flight_landed(&f.worker[0], one, &got));
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_TEXT(taken.key, "xul.pdb/ABC1");
	CHECK_TEXT(taken.module.debug_file, "XUL.pdb");
	CHECK_TEXT(slice_of(taken.request), "request-1");
	flight_land(&f.fetcher, &taken, &report);
	CHECK(is_rung(f.worker_fds[0]) && is_rung(f.worker_fds[1]) && !is_rung(f.worker_fds[2]));
	CHECK(flight_landed(&f.worker[0], one, &got) && flight_landed(&f.worker[1], two, &got));
	CHECK_INT(got.outcome, FLIGHT_FOUND);
	CHECK_INT(got.wire_bytes, 9);
	CHECK(!flight_landed(&f.worker[2], other, &got));
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_INT(flight_take(&f.fetcher, &none, &err), 0);
	/* a landed flight is not joined: its outcome may be old */
	join(&f.worker[0], "xul.pdb/ABC1", &begun);
	CHECK(begun);
	teardown(&f);
}

static void who_is_awake_wakes_the_rest(void)
{
	struct flight_report report = {.outcome = FLIGHT_FOUND}, got;
	struct flight_assignment taken;
	struct flight_ticket ticket;
	struct err err = ERR_INIT;
	struct fixture f;
	bool begun;

	setup(&f, "awake");
	ticket = join(&f.worker[0], "xul.pdb/ABC1", &begun);
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	/* the fetcher comes no further than to land it */
	flight_land(&f.fetcher, &taken, &report);
	for (unsigned i = 0; i < WORKERS; i++)
		flight_watch(&f.worker[i], ticket);
	CHECK(!is_rung(f.worker_fds[1]) && !is_rung(f.worker_fds[2]));
	CHECK(flight_landed(&f.worker[0], ticket, &got));
	CHECK(is_rung(f.worker_fds[1]) && is_rung(f.worker_fds[2]));
	teardown(&f);
}

static void dead_fetcher_is_replaced_once(void)
{
	struct flight_assignment taken;
	struct flight_ticket ticket;
	struct flight_report got;
	struct err err = ERR_INIT;
	struct fixture f;
	bool begun;

	setup(&f, "dead");
	ticket = join(&f.worker[0], "xul.pdb/ABC1", &begun);
	flight_watch(&f.worker[0], ticket);
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_INT(flight_fetcher_died(&f.fetcher, FETCHER_SLOT + 7), 0);
	CHECK_INT(flight_fetcher_died(&f.fetcher, FETCHER_SLOT), 1);
	CHECK(!flight_landed(&f.worker[0], ticket, &got));
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_INT(flight_fetcher_died(&f.fetcher, FETCHER_SLOT), 1);
	CHECK(is_rung(f.worker_fds[0]));
	CHECK(flight_landed(&f.worker[0], ticket, &got));
	CHECK_INT(got.outcome, FLIGHT_UNKNOWN);
	CHECK(got.cause[0] != '\0');
	teardown(&f);
}

static void flights_run_out_and_come_back(void)
{
	struct module_name module = {SLICE_LITERAL("a"), SLICE_LITERAL("1")};
	struct flight_report report = {.outcome = FLIGHT_ABSENT}, got;
	struct flight_ticket first = {0}, ticket;
	struct flight_assignment taken;
	struct err err = ERR_INIT;
	struct fixture f;
	bool begun;

	setup(&f, "full");
	for (unsigned i = 0; i < STATE_FLIGHTS; i++) {
		char *key = mem_printf("m%u/1", i);

		ticket = join(&f.worker[0], key, &begun);
		if (i == 0)
			first = ticket;
		free(key);
	}
	CHECK_INT(flight_join(&f.worker[0], module, SLICE_LITERAL("more/1"), NULL, &ticket, &begun, &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	flight_land(&f.fetcher, &taken, &report);
	ticket = join(&f.worker[0], "more/1", &begun);
	CHECK(begun);
	/* whoever held the reused flight's ticket is told that it is over */
	CHECK(flight_landed(&f.worker[0], first, &got));
	CHECK_INT(got.outcome, FLIGHT_UNKNOWN);
	teardown(&f);
}

static void flights_of_a_dead_instance_are_landed(void)
{
	struct flight_ticket ticket;
	struct flight_report got;
	struct fixture f;
	bool begun;

	setup(&f, "instance");
	ticket = join(&f.worker[0], "xul.pdb/ABC1", &begun);
	f.state->map->flights[ticket.index].instance = 9; /* nobody holds its lock */
	CHECK(flight_is_foreign(&f.worker[0], ticket));
	flight_sweep(&f.fetcher);
	CHECK(flight_landed(&f.worker[0], ticket, &got));
	CHECK_INT(got.outcome, FLIGHT_UNKNOWN);
	teardown(&f);
}

/* The master is killed and another begins at once; the old fetcher has not yet noticed. */
static void fetcher_of_a_dead_master_lands_nothing(void)
{
	struct flight_report report = {.outcome = FLIGHT_UNKNOWN}, got;
	struct flight_assignment old, taken;
	struct flight_ticket ticket;
	struct err err = ERR_INIT;
	struct fixture f;
	bool begun;

	setup(&f, "orphan");
	join(&f.worker[0], "xul.pdb/ABC1", &begun);
	CHECK_INT(flight_take(&f.fetcher, &old, &err), 1);
	atomic_store(&f.state->map->flights[old.index].state, FLIGHT_FREE);
	ticket = join(&f.worker[1], "nss.pdb/ABC1", &begun);
	CHECK_INT(ticket.index, old.index);
	CHECK_TEXT(old.key, "xul.pdb/ABC1"); /* under which it will publish what it has */
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	flight_land(&f.fetcher, &old, &report);
	CHECK(!flight_landed(&f.worker[1], ticket, &got));
	report.outcome = FLIGHT_FOUND;
	flight_land(&f.fetcher, &taken, &report);
	CHECK(flight_landed(&f.worker[1], ticket, &got));
	CHECK_INT(got.outcome, FLIGHT_FOUND);
	teardown(&f);
}

/* Under load there is always something queued in a place before ours. */
static void who_waits_longest_is_next(void)
{
	struct flight_assignment taken;
	struct err err = ERR_INIT;
	struct fixture f;
	bool begun;

	setup(&f, "order");
	join(&f.worker[0], "late/1", &begun);
	join(&f.worker[0], "early/1", &begun);
	f.state->map->flights[0].since_ms += 5;
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_TEXT(taken.key, "early/1");
	CHECK_INT(flight_take(&f.fetcher, &taken, &err), 1);
	CHECK_TEXT(taken.key, "late/1");
	teardown(&f);
}

static const struct tap_case cases[] = {
	{"one search for all who ask", one_search_for_all_who_ask},
	{"who is awake wakes the rest", who_is_awake_wakes_the_rest},
	{"flights of different purposes are flown apart", purposes_are_flown_apart},
	{"a dead fetcher's flight is flown once more, then given up", dead_fetcher_is_replaced_once},
	{"flights run out and come back", flights_run_out_and_come_back},
	{"flights of a dead instance are landed", flights_of_a_dead_instance_are_landed},
	{"who waits longest is next", who_waits_longest_is_next},
	{"a fetcher of a dead master lands nothing", fetcher_of_a_dead_master_lands_nothing},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
