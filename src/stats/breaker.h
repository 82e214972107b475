/* SPDX-License-Identifier: MIT */
/* A breaker in shared memory: one process pays for a server that is dead, the others know. */
#ifndef STATS_BREAKER_H
#define STATS_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Closed: all may ask.  Open until a time: nobody.  Then whoever gets
 * BREAKER_PROBE, and nobody else, tries; should it die meanwhile, another does
 * a pause later.  Words only, safe when a process dies anywhere; all zero is the
 * start state.  Times are those of clock_mono_ms().
 */
struct breaker {
	_Atomic uint64_t closed_again_ms; /* of the next probe; 0: closed */
	_Atomic uint32_t pause_ms;        /* of the current opening, doubling up to BREAKER_PAUSE_MAX_MS */
	_Atomic uint32_t bad_in_a_row;
};
enum { BREAKER_PAUSE_MAX_MS = 60000 };

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBE };

enum breaker_state breaker_ask(struct breaker *breaker, uint64_t now_ms);

/* Whether it is open, without taking the probe that may be due. */
bool breaker_is_open(const struct breaker *breaker, uint64_t now_ms);

/* After BREAKER_PROBE.  A failure doubles the pause. */
void breaker_probed(struct breaker *breaker, bool ok, uint64_t now_ms);

/* Opens a closed one; false if another process was quicker. */
bool breaker_open(struct breaker *breaker, unsigned pause_ms, uint64_t now_ms);

/* Opens it for just so long, whatever it was: the server said when to come again.  False if it was open. */
bool breaker_hold(struct breaker *breaker, unsigned pause_ms, uint64_t now_ms);

/* Counts an answer that came; true when it is the last of `limit` bad ones in a row, or one more. */
bool breaker_note(struct breaker *breaker, bool bad, unsigned limit);

#endif
