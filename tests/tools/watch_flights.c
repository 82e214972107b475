/* SPDX-License-Identifier: MIT */
/*
 * How long after a flight has landed those who wait for it go on, as seen from
 * outside: state.map is looked at every 100 us.  For tests in which all waiters
 * wait for the same flights: a worker's waiting ends with the last landing.
 *
 *	watch_flights CACHE STOP-FILE
 *
 * Until STOP-FILE exists; then one JSON line: wake-ups seen, their median and
 * worst in microseconds, how many came later than 5 ms, and most workers seen
 * waiting at a time.  "missed" are those for which this program itself did not
 * come to look in time, on a busy machine: nothing can be told of them.
 */
#include "base/clock.h"
#include "stats/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_EVERY_NS = 100 * 1000, LONGEST_GAP_US = 1000, MAX_WAKES = 100000, PROMPT_US = 5000 };

struct watcher {
	const struct state_map *map;
	uint32_t flight_states[STATE_FLIGHTS], generations[STATE_FLIGHTS];
	bool waiting[STATE_SLOTS];
	uint64_t landed_us; /* the last one; 0: not known well enough */
	uint64_t looked_us;
	unsigned most_waiting, count, missed;
	uint64_t wakes_us[MAX_WAKES];
};

static void look_at_flights(struct watcher *w, uint64_t now_us, bool in_time)
{
	for (int i = 0; i < STATE_FLIGHTS; i++) {
		const struct state_flight *flight = &w->map->flights[i];
		uint32_t state = atomic_load(&flight->state), generation = atomic_load(&flight->generation);

		if (state == FLIGHT_DONE && (w->flight_states[i] != state || w->generations[i] != generation))
			w->landed_us = in_time ? now_us : 0;
		w->flight_states[i] = state;
		w->generations[i] = generation;
	}
}

static void note_wake(struct watcher *w, uint64_t now_us, bool in_time)
{
	if (!in_time || w->landed_us == 0)
		w->missed++;
	else if (w->count < MAX_WAKES)
		w->wakes_us[w->count++] = now_us - w->landed_us;
}

static void look_at_workers(struct watcher *w, uint64_t now_us, bool in_time)
{
	unsigned count = 0;

	for (int i = 0; i < STATE_SLOTS; i++) {
		const struct state_slot *slot = &w->map->slots[i];
		bool waiting = atomic_load(&slot->kind) == SLOT_WORKER && atomic_load(&slot->phase) == PHASE_WAITING;

		count += waiting;
		if (w->waiting[i] && !waiting)
			note_wake(w, now_us, in_time);
		w->waiting[i] = waiting;
	}
	if (count > w->most_waiting)
		w->most_waiting = count;
}

static void look(struct watcher *w)
{
	uint64_t now_us = clock_mono_us();
	bool in_time = now_us - w->looked_us <= LONGEST_GAP_US;

	w->looked_us = now_us;
	look_at_flights(w, now_us, in_time);
	look_at_workers(w, now_us, in_time);
}

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void report(struct watcher *w)
{
	unsigned late = 0;

	qsort(w->wakes_us, w->count, sizeof(w->wakes_us[0]), by_size);
	for (unsigned i = 0; i < w->count; i++)
		late += w->wakes_us[i] > PROMPT_US;
	printf("{\"wakes\": %u, \"median_us\": %llu, \"worst_us\": %llu, \"late\": %u, \"missed\": %u, "
	       "\"most_waiting\": %u}\n",
	       w->count, (unsigned long long)(w->count ? w->wakes_us[w->count / 2] : 0),
	       (unsigned long long)(w->count ? w->wakes_us[w->count - 1] : 0), late, w->missed, w->most_waiting);
}

int main(int argc, char **argv)
{
	static struct watcher watcher;
	struct timespec pause = {.tv_nsec = LOOK_EVERY_NS};
	struct err err = ERR_INIT;
	struct state *state;

	if (argc != 3 || state_open(&state, argv[1], &err) < 0) {
		fprintf(stderr, "usage: watch_flights CACHE STOP-FILE\n%s\n", err.msg);
		return 64;
	}
	watcher.map = state->map;
	/* what landed before is of no interest */
	look_at_flights(&watcher, 0, false);
	while (access(argv[2], F_OK) < 0) {
		look(&watcher);
		nanosleep(&pause, NULL);
	}
	report(&watcher);
	state_close(state);
	return 0;
}
