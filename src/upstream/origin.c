/* SPDX-License-Identifier: MIT */
/* Origins in state.map. */
#include "upstream/origin.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

enum { PLACE_POLL_MS = 20, LOG_PAUSE_MS = 60 * 1000 };
static_assert((int)UPSTREAM_CAUSES <= (int)STATE_FAILURE_KINDS, "each has its room in state.map");

static uint64_t key_of(const char *name)
{
	return hash_bytes(name, strlen(name)) | 1; /* never 0 */
}

/* None is ever given back, so the first free one ends the search, and two processes meet at it. */
static struct state_origin *find(struct state_map *map, uint64_t key, struct state_origin **ret_free)
{
	for (int i = 0; i < STATE_ORIGINS; i++) {
		struct state_origin *origin = &map->origins[i];
		uint64_t found = atomic_load(&origin->key);

		if (found == key)
			return origin;
		if (found == 0) {
			*ret_free = origin;
			return NULL;
		}
	}
	*ret_free = NULL;
	return NULL;
}

struct state_origin *origin_claim(struct state *state, const char *name)
{
	struct state_origin *origin, *unused = NULL;
	uint64_t key, none = 0;

	if (state == NULL || name == NULL)
		return NULL;
	key = key_of(name);
	while ((origin = find(state->map, key, &unused)) == NULL && unused) {
		none = 0;
		if (atomic_compare_exchange_strong(&unused->key, &none, key))
			snprintf(unused->name, sizeof(unused->name), "%s", name);
	}
	return origin;
}

bool origin_is_left_alone(const struct state *state, const char *name)
{
	struct state_origin *unused;
	const struct state_origin *origin = name ? find(state->map, key_of(name), &unused) : NULL;

	return origin && breaker_is_open(&origin->breaker, clock_mono_ms());
}

/* ---- the breaker ---- */

enum judgement { GOOD, BAD, NEITHER };

static enum judgement judge(const struct upstream_result *result)
{
	switch (result->cause) {
	case UPSTREAM_CAUSE_DENIED:
	case UPSTREAM_CAUSE_TRANSPORT:
		return BAD;
	case UPSTREAM_CAUSE_SERVER:
		return result->http_status >= 500 || result->http_status == 429 ? BAD : GOOD;
	case UPSTREAM_CAUSE_LOCAL:
		return NEITHER;
	default:
		return GOOD;
	}
}

static void hold(struct state_origin *origin, unsigned seconds)
{
	if (breaker_hold(&origin->breaker, seconds * 1000, clock_mono_ms()))
		log_warning("%s is left alone for %u s, as it asks for", origin->name, seconds);
}

static void note_bad(struct state_origin *origin, bool probing, const char *text)
{
	uint64_t now_ms = clock_mono_ms();

	if (probing)
		breaker_probed(&origin->breaker, false, now_ms);
	else if (breaker_note(&origin->breaker, true, ORIGIN_TRIGGER) &&
		 breaker_open(&origin->breaker, ORIGIN_BLACKOUT_MS, now_ms))
		log_warning("%s is left alone after %d failures in a row, for %d s at first: %s",
			    origin->name, ORIGIN_TRIGGER, ORIGIN_BLACKOUT_MS / 1000, text);
}

static void note_good(struct state_origin *origin, bool probing)
{
	atomic_store(&origin->denied, 0);
	if (!probing) {
		breaker_note(&origin->breaker, false, ORIGIN_TRIGGER);
		return;
	}
	breaker_probed(&origin->breaker, true, clock_mono_ms());
	log_warning("%s answers again", origin->name);
}

void origin_note(struct state_origin *origin, bool probing, const struct upstream_result *result,
		 const char *text)
{
	enum judgement judgement = judge(result);

	if (result->cause == UPSTREAM_CAUSE_BUSY)
		hold(origin, (unsigned)result->retry_after_s);
	else if (judgement == BAD)
		note_bad(origin, probing, text);
	else if (judgement == GOOD)
		note_good(origin, probing);
}

/* ---- the log ---- */

bool upstream_may_log(struct upstream *upstream, const struct upstream_source *source,
		      enum upstream_cause cause, uint32_t *ret_unlogged)
{
	struct state_origin *origin = origin_claim(upstream_state(upstream), source->origin);
	uint64_t now_ms = clock_mono_ms(), last_ms;

	*ret_unlogged = 0;
	if (origin == NULL)
		return true;
	last_ms = atomic_load(&origin->logged_ms[cause]);
	if ((cause == UPSTREAM_CAUSE_DENIED && atomic_exchange(&origin->denied, 1)) ||
	    (last_ms && now_ms - last_ms < LOG_PAUSE_MS) ||
	    !atomic_compare_exchange_strong(&origin->logged_ms[cause], &last_ms, now_ms)) {
		atomic_fetch_add(&origin->unlogged[cause], 1);
		return false;
	}
	*ret_unlogged = atomic_exchange(&origin->unlogged[cause], 0);
	return true;
}

/* ---- places ---- */

static off_t place_offset(const struct state *state, const struct state_origin *origin, int place)
{
	return STATE_LOCK_PLACES + (off_t)(origin - state->map->origins) * STATE_PLACES_MAX + place;
}

/* As many questions as there are requests under way, and one. */
static int try_places(struct state *state, const struct state_origin *origin, unsigned max_requests,
		      struct err *err)
{
	for (int place = 0; place < (int)max_requests && place < STATE_PLACES_MAX; place++) {
		off_t offset = place_offset(state, origin, place);
		int got = file_lock(state->lock_fd, offset, 1, FILE_LOCK_EXCLUSIVE, false, err);

		if (got)
			return got < 0 ? -1 : place;
	}
	return STATE_PLACES_MAX;
}

int origin_take_place(struct state *state, const struct state_origin *origin,
		      const struct upstream_options *options, unsigned max_requests, uint64_t deadline_ms,
		      struct err *err)
{
	int place;

	while ((place = try_places(state, origin, max_requests, err)) == STATE_PLACES_MAX) {
		if (options->cancelled && options->cancelled(options->cancelled_ctx))
			return err_set(err, ERR_BUSY, "cancelled before it was its turn");
		if (clock_left_ms(deadline_ms) == 0)
			return err_set(err, ERR_TIMEOUT, "%s: %u requests are under way: no turn in time",
				       origin->name, max_requests);
		nanosleep(&(struct timespec){.tv_nsec = PLACE_POLL_MS * 1000000L}, NULL);
	}
	return place;
}

void origin_give_place(struct state *state, const struct state_origin *origin, int place)
{
	file_unlock(state->lock_fd, place_offset(state, origin, place), 1);
}
