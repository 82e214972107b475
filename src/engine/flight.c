/* SPDX-License-Identifier: MIT */
/* Flights in state.map. */
#include "engine/flight.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

enum { MAX_ATTEMPTS = 2 };

static struct state_flight *flight_at(struct flight_control *control, uint32_t index)
{
	return &control->state->map->flights[index];
}

static int lock_flights(struct flight_control *control, struct err *err)
{
	return file_lock(control->state->lock_fd, STATE_LOCK_FLIGHTS, 1, FILE_LOCK_EXCLUSIVE, true, err) < 0 ? -1 : 0;
}

static void unlock_flights(struct flight_control *control)
{
	file_unlock(control->state->lock_fd, STATE_LOCK_FLIGHTS, 1);
}

static void ring(int fd)
{
	uint64_t one = 1;

	/* fails only when the counter is full: then the reader is awake anyway */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void wake_waiter(struct flight_control *control, unsigned slot)
{
	unsigned worker = slot - control->first_slot;

	if (slot >= control->first_slot && worker < control->worker_count)
		ring(control->worker_fds[worker]);
}

/*
 * Bit by bit, so that others can help: a fetcher's priority is so low that the
 * first waiter it wakes may keep it from waking the next.
 */
static void wake_waiters(struct flight_control *control, struct state_flight *flight)
{
	for (unsigned word = 0; word < STATE_WAITER_WORDS; word++) {
		uint64_t bits;

		while ((bits = atomic_load(&flight->waiters[word])) != 0) {
			uint64_t bit = bits & -bits;

			if (atomic_fetch_and(&flight->waiters[word], ~bit) & bit)
				wake_waiter(control, word * 64 + (unsigned)__builtin_ctzll(bit));
		}
	}
}

static bool is_under_way(const struct state_flight *flight)
{
	uint32_t state = atomic_load(&flight->state);

	return state == FLIGHT_QUEUED || state == FLIGHT_RUNNING;
}

/* What a flight is for. */
struct destination {
	enum flight_purpose purpose;
	struct module_name module;
	struct slice key;
	uint64_t hash; /* of the key */
};

static bool goes_to(const struct state_flight *flight, const struct destination *to)
{
	return flight->key_hash == to->hash && flight->purpose == to->purpose &&
	       slice_equal(slice_make(flight->key, flight->key_len), to->key);
}

/* Unused flights come before landed ones, those landed longest ago first. */
static uint64_t reuse_rank(const struct state_flight *flight)
{
	return atomic_load(&flight->state) == FLIGHT_FREE ? 0 : flight->since_ms;
}

/* The flight under way to there, or NULL and in *ret_reusable one that a new flight may take, if any. */
static struct state_flight *find_flight(struct flight_control *control, const struct destination *to,
					struct state_flight **ret_reusable)
{
	struct state_flight *best = NULL;

	for (uint32_t i = 0; i < STATE_FLIGHTS; i++) {
		struct state_flight *flight = flight_at(control, i);

		if (is_under_way(flight)) {
			if (goes_to(flight, to))
				return flight;
		} else if (best == NULL || reuse_rank(flight) < reuse_rank(best)) {
			best = flight;
		}
	}
	*ret_reusable = best;
	return NULL;
}

const struct state_flight *flight_last(const struct state *state, struct slice key)
{
	const struct destination to = {.purpose = FLIGHT_TABLE, .key = key, .hash = hash_bytes(key.data, key.len)};
	const struct state_flight *last = NULL;

	for (uint32_t i = 0; i < STATE_FLIGHTS; i++) {
		const struct state_flight *flight = &state->map->flights[i];

		if (atomic_load(&flight->state) == FLIGHT_FREE || !goes_to(flight, &to))
			continue;
		if (is_under_way(flight))
			return flight;
		if (last == NULL || flight->since_ms > last->since_ms)
			last = flight;
	}
	return last;
}

static void begin_flight(struct flight_control *control, struct state_flight *flight,
			 const struct destination *to, const char *request)
{
	const struct module_name *module = &to->module;

	atomic_store(&flight->state, FLIGHT_FREE);
	atomic_fetch_add(&flight->generation, 1);
	atomic_store(&flight->bytes, 0);
	for (int i = 0; i < STATE_WAITER_WORDS; i++)
		atomic_store(&flight->waiters[i], 0);
	flight->instance = control->state->instance;
	flight->attempts = 0;
	flight->since_ms = clock_mono_ms();
	flight->outcome = FLIGHT_NONE;
	flight->download_us = flight->build_us = flight->insert_us = flight->wire_bytes = 0;
	flight->cause[0] = '\0';
	snprintf(flight->request, sizeof(flight->request), "%s", request ? request : "");
	flight->purpose = to->purpose;
	flight->key_hash = to->hash;
	flight->key_len = (uint16_t)to->key.len;
	memcpy(flight->key, to->key.data, to->key.len);
	flight->file_len = (uint16_t)module->debug_file.len;
	memcpy(flight->debug_file, module->debug_file.data, module->debug_file.len);
	flight->id_len = (uint16_t)module->debug_id.len;
	memcpy(flight->debug_id, module->debug_id.data, module->debug_id.len);
	atomic_store(&flight->state, FLIGHT_QUEUED);
	ring(control->queue_fd);
}

int flight_join_for(struct flight_control *control, enum flight_purpose purpose, struct module_name module,
		    struct slice key, const char *request, struct flight_ticket *ret_ticket, bool *ret_begun,
		    struct err *err)
{
	struct destination to = {purpose, module, key, hash_bytes(key.data, key.len)};
	struct state_flight *unused = NULL, *flight;

	if (key.len > STATE_KEY_BYTES || module.debug_file.len > STATE_NAME_BYTES ||
	    module.debug_id.len > STATE_ID_BYTES)
		return err_set(err, ERR_LIMIT, "module name too long");
	if (lock_flights(control, err) < 0)
		return -1;
	flight = find_flight(control, &to, &unused);
	*ret_begun = flight == NULL;
	if (flight == NULL && unused) {
		flight = unused;
		begin_flight(control, flight, &to, request);
	}
	if (flight) {
		ret_ticket->index = (uint32_t)(flight - control->state->map->flights);
		ret_ticket->generation = atomic_load(&flight->generation);
	}
	unlock_flights(control);
	return flight ? 0 : err_set(err, ERR_BUSY, "all %d flights are taken", STATE_FLIGHTS);
}

int flight_join(struct flight_control *control, struct module_name module, struct slice key, const char *request,
		struct flight_ticket *ret_ticket, bool *ret_begun, struct err *err)
{
	return flight_join_for(control, FLIGHT_TABLE, module, key, request, ret_ticket, ret_begun, err);
}

static bool is_same(const struct state_flight *flight, struct flight_ticket ticket)
{
	return atomic_load(&flight->generation) == ticket.generation;
}

static void fill_report(const struct state_flight *flight, struct flight_report *report)
{
	report->outcome = (enum flight_outcome)flight->outcome;
	report->download_us = flight->download_us;
	report->build_us = flight->build_us;
	report->insert_us = flight->insert_us;
	report->wire_bytes = flight->wire_bytes;
	memcpy(report->cause, flight->cause, sizeof(report->cause));
	report->cause[sizeof(report->cause) - 1] = '\0';
}

bool flight_landed(struct flight_control *control, struct flight_ticket ticket, struct flight_report *ret_report)
{
	struct state_flight *flight = flight_at(control, ticket.index);
	bool landed = is_same(flight, ticket) && atomic_load(&flight->state) == FLIGHT_DONE;

	if (landed) {
		fill_report(flight, ret_report);
		wake_waiters(control, flight);
	}
	if (is_same(flight, ticket))
		return landed;
	/* landed and reused since: the store tells what came of it */
	*ret_report = (struct flight_report){.outcome = FLIGHT_UNKNOWN, .cause = "superseded"};
	return true;
}

void flight_watch(struct flight_control *control, struct flight_ticket ticket)
{
	struct state_flight *flight = flight_at(control, ticket.index);

	atomic_fetch_or(&flight->waiters[control->slot / 64], UINT64_C(1) << control->slot % 64);
}

void flight_tell_master(struct flight_control *control)
{
	ring(control->master_fd);
}

bool flight_is_foreign(struct flight_control *control, struct flight_ticket ticket)
{
	return flight_at(control, ticket.index)->instance != control->state->instance;
}

static struct slice copy_text(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	return slice_make(to, len);
}

static void assign(struct flight_control *control, struct state_flight *flight, struct flight_assignment *ret)
{
	flight->fetcher_slot = control->slot;
	flight->attempts++;
	atomic_store(&flight->state, FLIGHT_RUNNING);
	ret->index = (uint32_t)(flight - control->state->map->flights);
	ret->generation = atomic_load(&flight->generation);
	ret->purpose = (enum flight_purpose)flight->purpose;
	ret->key = copy_text(ret->key_text, flight->key, flight->key_len);
	snprintf(ret->request_text, sizeof(ret->request_text), "%.*s", STATE_REQUEST_BYTES - 1, flight->request);
	ret->request = ret->request_text[0] ? ret->request_text : NULL;
	ret->module.debug_file = copy_text(ret->debug_file, flight->debug_file, flight->file_len);
	ret->module.debug_id = copy_text(ret->debug_id, flight->debug_id, flight->id_len);
}

/* The one that has waited longest. */
static struct state_flight *next_queued(struct flight_control *control)
{
	struct state_flight *next = NULL;

	for (uint32_t i = 0; i < STATE_FLIGHTS; i++) {
		struct state_flight *flight = flight_at(control, i);

		if (atomic_load(&flight->state) == FLIGHT_QUEUED &&
		    flight->instance == control->state->instance &&
		    (next == NULL || flight->since_ms < next->since_ms))
			next = flight;
	}
	return next;
}

int flight_take(struct flight_control *control, struct flight_assignment *ret, struct err *err)
{
	struct state_flight *flight;

	if (lock_flights(control, err) < 0)
		return -1;
	flight = next_queued(control);
	if (flight)
		assign(control, flight, ret);
	unlock_flights(control);
	return flight != NULL;
}

void flight_progress(struct flight_control *control, const struct flight_assignment *taken, uint64_t text_bytes)
{
	atomic_store_explicit(&flight_at(control, taken->index)->bytes, text_bytes, memory_order_relaxed);
}

static void land(struct flight_control *control, struct state_flight *flight, const struct flight_report *report)
{
	flight->outcome = report->outcome;
	flight->download_us = report->download_us;
	flight->build_us = report->build_us;
	flight->insert_us = report->insert_us;
	flight->wire_bytes = report->wire_bytes;
	memcpy(flight->cause, report->cause, sizeof(flight->cause));
	flight->since_ms = clock_mono_ms();
	atomic_store(&flight->state, FLIGHT_DONE);
	wake_waiters(control, flight);
}

/* A fetcher that outlives its master for a moment finds its flight dropped, perhaps reused by the next one's. */
static bool is_still_ours(const struct flight_control *control, const struct state_flight *flight,
			  const struct flight_assignment *taken)
{
	return atomic_load(&flight->generation) == taken->generation &&
	       atomic_load(&flight->state) == FLIGHT_RUNNING && flight->fetcher_slot == control->slot;
}

void flight_land(struct flight_control *control, const struct flight_assignment *taken,
		 const struct flight_report *report)
{
	struct state_flight *flight = flight_at(control, taken->index);
	struct err err = ERR_INIT;

	if (lock_flights(control, &err) < 0) {
		log_error("cannot land a flight: %s", err.msg);
		return;
	}
	if (is_still_ours(control, flight, taken))
		land(control, flight, report);
	unlock_flights(control);
}

static void land_unknown(struct flight_control *control, struct state_flight *flight, const char *cause)
{
	struct flight_report report = {.outcome = FLIGHT_UNKNOWN};

	snprintf(report.cause, sizeof(report.cause), "%s", cause);
	land(control, flight, &report);
}

static void fly_again(struct flight_control *control, struct state_flight *flight)
{
	bool again = flight->attempts < MAX_ATTEMPTS;

	log_warning("%.*s: its fetcher died, %s", (int)flight->key_len, flight->key,
		    again ? "another is to try" : "for the second time");
	if (again) {
		atomic_store(&flight->state, FLIGHT_QUEUED);
		ring(control->queue_fd);
	} else {
		land_unknown(control, flight, "the fetcher died twice");
	}
}

unsigned flight_fetcher_died(struct flight_control *control, unsigned slot)
{
	struct err err = ERR_INIT;
	unsigned count = 0;

	if (lock_flights(control, &err) < 0) {
		log_error("flights of a dead fetcher: %s", err.msg);
		return 0;
	}
	for (uint32_t i = 0; i < STATE_FLIGHTS; i++) {
		struct state_flight *flight = flight_at(control, i);

		if (atomic_load(&flight->state) != FLIGHT_RUNNING || flight->fetcher_slot != slot ||
		    flight->instance != control->state->instance)
			continue;
		count++;
		fly_again(control, flight);
	}
	unlock_flights(control);
	return count;
}

void flight_sweep(struct flight_control *control)
{
	static struct log_limit limit;
	struct err err = ERR_INIT;

	if (lock_flights(control, &err) < 0) {
		log_limited(&limit, LEVEL_ERROR, "flights of dead instances: %s", err.msg);
		return;
	}
	for (uint32_t i = 0; i < STATE_FLIGHTS; i++) {
		struct state_flight *flight = flight_at(control, i);

		if (is_under_way(flight) && !state_instance_alive(control->state, flight->instance))
			land_unknown(control, flight, "its instance died");
	}
	unlock_flights(control);
}
