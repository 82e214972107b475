/* SPDX-License-Identifier: MIT */
/* src/stats: state.map between processes that come, die and come again. */
#include "tap.h"

#include "base/file.h"
#include "base/mem.h"
#include "stats/state.h"

#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *new_dir(const char *name)
{
	return mem_printf("%s/%s", tap_temp_dir(), name);
}

static struct state *open_state(const char *dir)
{
	struct state *state = NULL;
	struct err err = ERR_INIT;

	if (!CHECK_INT(state_open(&state, dir, &err), 0)) {
		tap_note("%s", err.msg);
		exit(99);
	}
	return state;
}

/* Runs body(dir) in a child and returns its exit status; killed: -signal. */
static int in_child(const char *dir, int (*body)(const char *dir))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body(dir));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int count_and_die(const char *dir)
{
	struct state *state;
	struct err err = ERR_INIT;
	int first;

	if (state_open(&state, dir, &err) < 0)
		return 1;
	first = state_claim_slots(state, 4, &err);
	if (first < 0)
		return 2;
	state_slot_start(state, (unsigned)first, SLOT_WORKER);
	counter_add(&state->map->slots[first], COUNTER_frames, 7);
	raise(SIGKILL);
	return 3;
}

static void counters_outlive_their_process(void)
{
	char *dir = new_dir("killed");
	struct state *state;
	struct err err = ERR_INIT;
	int first;

	CHECK_INT(in_child(dir, count_and_die), -SIGKILL);
	state = open_state(dir);
	CHECK_INT(state_counter(state, COUNTER_frames), 7);
	first = state_claim_slots(state, 4, &err);
	CHECK_INT(first, 0);
	counter_add(&state->map->slots[first], COUNTER_frames, 1);
	state_slot_end(state, (unsigned)first);
	CHECK_INT(state_counter(state, COUNTER_frames), 8);
	state_close(state);
	free(dir);
}

static void instances_share_and_are_told_apart(void)
{
	char *dir = new_dir("two");
	struct state *one = open_state(dir), *two;
	struct err err = ERR_INIT;
	int first_one = state_claim_slots(one, 10, &err), first_two;

	two = open_state(dir);
	first_two = state_claim_slots(two, 10, &err);
	CHECK_INT(first_one, 0);
	CHECK_INT(first_two, 10);
	CHECK_INT(one->instance, 0);
	CHECK_INT(two->instance, 1);
	CHECK(state_instance_alive(one, 1));
	CHECK(!state_instance_alive(one, 2));
	state_close(two);
	CHECK(!state_instance_alive(one, 1));
	/* a third takes over the slots of the dead one */
	two = open_state(dir);
	CHECK_INT(state_claim_slots(two, 10, &err), 10);
	state_close(two);
	state_close(one);
	free(dir);
}

/* One of two instances dies with a search under way, and its successor gets its number. */
static void flights_of_a_predecessor_are_dropped(void)
{
	char *dir = new_dir("predecessor");
	struct state *one = open_state(dir), *two = open_state(dir);
	struct state_flight *flights = one->map->flights;
	struct err err = ERR_INIT;

	CHECK_INT(state_claim_slots(one, 10, &err), 0);
	CHECK_INT(state_claim_slots(two, 10, &err), 10);
	for (uint32_t i = 0; i < 2; i++) {
		flights[i].instance = i;
		atomic_store(&flights[i].generation, 7);
		atomic_store(&flights[i].state, FLIGHT_RUNNING);
	}
	state_close(two);
	two = open_state(dir);
	CHECK_INT(state_claim_slots(two, 10, &err), 10);
	CHECK_INT(two->instance, 1);
	CHECK_INT(atomic_load(&flights[0].state), FLIGHT_RUNNING);
	CHECK_INT(atomic_load(&flights[1].state), FLIGHT_FREE);
	CHECK_INT(atomic_load(&flights[1].generation), 8);
	state_close(two);
	state_close(one);
	free(dir);
}

static void slots_run_out(void)
{
	char *dir = new_dir("full");
	struct state *state = open_state(dir);
	struct err err = ERR_INIT;

	CHECK_INT(state_claim_slots(state, STATE_SLOTS + 1, &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	state_close(state);
	free(dir);
}

static void another_layout_is_respected_while_used(void)
{
	char *dir = new_dir("layout");
	struct state *state = open_state(dir), *other = NULL;
	struct err err = ERR_INIT;

	CHECK_INT(state_claim_slots(state, 1, &err), 0);
	state->map->layout = 999;
	CHECK_INT(state_open(&other, dir, &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	state_close(state);
	/* nobody left: begun anew */
	other = open_state(dir);
	CHECK(other->map->layout != 999);
	CHECK_INT(atomic_load(&other->map->env_number), 1);
	state_close(other);
	free(dir);
}

static void damaged_file_is_begun_anew(void)
{
	char *dir = new_dir("damaged"), *path = mem_printf("%s/state.map", dir);
	struct state *state = open_state(dir);

	atomic_store(&state->map->env_number, 5);
	state_close(state);
	state = open_state(dir);
	CHECK_INT(atomic_load(&state->map->env_number), 5);
	state_close(state);
	CHECK_INT(truncate(path, 100), 0);
	state = open_state(dir);
	CHECK_INT(atomic_load(&state->map->slots[0].kind), SLOT_FREE);
	state_close(state);
	free(path);
	free(dir);
}

static void bad_tables_are_noted_once(void)
{
	char *dir = new_dir("bad");
	struct state *state = open_state(dir);

	state_bad_table_add(state, 42);
	state_bad_table_add(state, 42);
	CHECK(state_bad_table_has(state, 42));
	state_bad_table_remove(state, 42);
	CHECK(!state_bad_table_has(state, 42));
	CHECK_INT(atomic_load(&state->map->bad_tables[0]), 0);
	CHECK_INT(atomic_load(&state->map->bad_tables[1]), 0);
	for (uint64_t id = 1; id <= STATE_BAD_TABLES + 5; id++)
		state_bad_table_add(state, id);
	CHECK(state_bad_table_has(state, STATE_BAD_TABLES));
	state_close(state);
	free(dir);
}

enum { RACERS = 8, HELD_UP_MAX = 3, TRIES = 3000 };

/* In and out again, and whether there were ever more than may be; stays in with the last try. */
static int race_to_be_held_up(const char *dir, unsigned first_slot, unsigned racer, uint32_t instance)
{
	struct state *state;
	struct err err = ERR_INIT;

	if (state_open(&state, dir, &err) < 0)
		return 2;
	state->instance = instance;
	state_slot_start(state, first_slot + racer, SLOT_WORKER);
	for (int i = 0; i < TRIES; i++) {
		bool entered = state_enter_held_up(state, first_slot + racer, racer % 2 ? PHASE_WAITING : PHASE_SENDING,
						   HELD_UP_MAX);

		if (state_count_held_up(state) > HELD_UP_MAX)
			return 1;
		if (entered && i + 1 < TRIES)
			state_slot_phase(state, first_slot + racer, PHASE_BUSY);
	}
	return 0;
}

static void no_more_are_held_up_than_may(void)
{
	char *dir = new_dir("held_up");
	struct state *state = open_state(dir);
	struct err err = ERR_INIT;
	int first = state_claim_slots(state, RACERS, &err), status;
	unsigned failed = 0;

	for (unsigned i = 0; i < RACERS; i++)
		if (fork() == 0)
			_exit(race_to_be_held_up(dir, (unsigned)first, i, state->instance));
	for (unsigned i = 0; i < RACERS; i++) {
		wait(&status);
		failed += status != 0;
	}
	CHECK_INT(failed, 0);
	CHECK_INT(state_count_held_up(state), HELD_UP_MAX);
	/* what another instance's workers do is its own affair */
	for (int i = 0; i < RACERS; i++)
		atomic_store(&state->map->slots[first + i].instance, state->instance + 1);
	CHECK_INT(state_count_held_up(state), 0);
	state_close(state);
	free(dir);
}

static const struct tap_case cases[] = {
	{"counters outlive a killed process", counters_outlive_their_process},
	{"instances share, and are told apart", instances_share_and_are_told_apart},
	{"flights of a predecessor are dropped", flights_of_a_predecessor_are_dropped},
	{"slots run out with an error", slots_run_out},
	{"another layout is respected while it is in use", another_layout_is_respected_while_used},
	{"a damaged file is begun anew", damaged_file_is_begun_anew},
	{"damaged tables are noted once", bad_tables_are_noted_once},
	{"no more are held up than may be", no_more_are_held_up_than_may},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
