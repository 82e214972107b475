/* SPDX-License-Identifier: MIT */
/* Where symbol files come from, as all processes know it: breaker, places, what was logged. */
#ifndef UPSTREAM_ORIGIN_H
#define UPSTREAM_ORIGIN_H

#include "stats/state.h"
#include "upstream/upstream.h"

/*
 * The breaker, in SymProxy's words: so many failures in a row are the trigger,
 * and the blackout doubles from the first figure to a minute while probes fail.
 */
enum { ORIGIN_TRIGGER = 5, ORIGIN_BLACKOUT_MS = 30 * 1000, ORIGIN_RETRY_AFTER_MAX_S = 600 };

/* The origin of that name, made known where it is new; NULL without state, name, or room for another. */
struct state_origin *origin_claim(struct state *state, const char *name);

/* Whether it is known and left alone now. */
bool origin_is_left_alone(const struct state *state, const char *name);

/*
 * How a fetch went: opens and closes the breaker, and logs that.  `probing`:
 * the fetch was the breaker's probe.
 */
void origin_note(struct state_origin *origin, bool probing, const struct upstream_result *result,
		 const char *text);

/*
 * One of `max_requests` places, each a lock on a byte that the kernel takes back
 * from the dead; waits for it until the deadline (clock_mono_ms()).  A process
 * has one at a time.  The place, or -1 with ERR_TIMEOUT, ERR_BUSY (cancelled), ERR_SYSTEM.
 */
int origin_take_place(struct state *state, const struct state_origin *origin,
		      const struct upstream_options *options, unsigned max_requests, uint64_t deadline_ms,
		      struct err *err);
void origin_give_place(struct state *state, const struct state_origin *origin, int place);

#endif
