/* SPDX-License-Identifier: MIT */
/* Flights: a search for a module, shared by everyone who waits for it. */
#ifndef ENGINE_FLIGHT_H
#define ENGINE_FLIGHT_H

#include "stats/state.h"
#include "symbols/module.h"

/*
 * A worker that misses a module asks for a flight; a fetcher of its instance
 * takes it, searches, and lands it.  A flight outlives whoever asked for it.
 * There is at most one under way per module key and purpose on a cache directory; that only
 * one search ever runs is guarded once more by fetch.lock (engine/fetch.h).
 *
 * Wake-ups: an eventfd per worker slot, and one semaphore eventfd that queued
 * flights are announced on, all made by the master before it forks.
 */
struct flight_control {
	struct state *state;
	unsigned slot;           /* this process's */
	int queue_fd;            /* semaphore eventfd: one count per queued flight */
	int master_fd;           /* eventfd: a worker begins to wait, the pool may have to grow */
	const int *worker_fds;   /* eventfd of slot first_slot + i */
	unsigned first_slot, worker_count;
};

/* A worker's claim on a flight; worthless once the flight's slot serves another module. */
struct flight_ticket {
	uint32_t index, generation;
};

/*
 * Joins the flight of that key or begins one, in the name of that request (NULL:
 * none).  *ret_begun tells which.  ERR_BUSY when all flights are taken.
 */
int flight_join(struct flight_control *control, struct module_name module, struct slice key,
		const char *request, struct flight_ticket *ret_ticket, bool *ret_begun, struct err *err);

struct flight_report {
	enum flight_outcome outcome;
	uint64_t download_us, build_us, insert_us, wire_bytes;
	char cause[STATE_CAUSE_BYTES];
};

/* The same for a flight of that purpose: those of different purposes are different flights. */
int flight_join_for(struct flight_control *control, enum flight_purpose purpose, struct module_name module,
		    struct slice key, const char *request, struct flight_ticket *ret_ticket, bool *ret_begun,
		    struct err *err);

/* Whether the flight has landed; then *ret_report is filled, and who else waits for it is woken.  A ticket that came too late reads as FLIGHT_UNKNOWN. */
bool flight_landed(struct flight_control *control, struct flight_ticket ticket, struct flight_report *ret_report);

/* Puts this worker on the list of those woken when it lands.  Check flight_landed() after it, then wait. */
void flight_watch(struct flight_control *control, struct flight_ticket ticket);

/* Tells the master that this worker begins to wait. */
void flight_tell_master(struct flight_control *control);

/* Whether another instance's fetchers serve it: they cannot wake this worker, so poll. */
bool flight_is_foreign(struct flight_control *control, struct flight_ticket ticket);

/* The flight of that key that is under way, else the one that landed last, for looking at it only; NULL: none. */
const struct state_flight *flight_last(const struct state *state, struct slice key);

/* ---- for fetchers and the master ---- */

/*
 * What is to be searched for is copied: the flight may be dropped and its place
 * reused while an orphaned fetcher is still at it, who must not publish what it
 * has under the new flight's key.  Not to be moved once taken.
 */
struct flight_assignment {
	uint32_t index, generation;
	enum flight_purpose purpose;
	struct module_name module; /* views into what follows */
	struct slice key;
	const char *request; /* the id of the one that began it, for logs; NULL: none */
	char key_text[STATE_KEY_BYTES], debug_file[STATE_NAME_BYTES], debug_id[STATE_ID_BYTES];
	char request_text[STATE_REQUEST_BYTES];
};

/* Takes the flight of this instance that has been queued longest.  1, 0 if there is none, -1. */
int flight_take(struct flight_control *control, struct flight_assignment *ret, struct err *err);
void flight_progress(struct flight_control *control, const struct flight_assignment *taken, uint64_t text_bytes);
/* Lands it and wakes its waiters; nothing happens where the flight was taken away from this fetcher. */
void flight_land(struct flight_control *control, const struct flight_assignment *taken,
		 const struct flight_report *report);

/* A fetcher died: its flights go back into the queue once, then land as unknown.  Returns how many it had. */
unsigned flight_fetcher_died(struct flight_control *control, unsigned slot);

/* Lands what a dead instance left, so that nobody waits for it.  Called now and then by janitors. */
void flight_sweep(struct flight_control *control);

#endif
