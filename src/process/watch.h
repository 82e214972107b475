/* SPDX-License-Identifier: MIT */
/* Which children show no life: the scoreboard's times against a limit. */
#ifndef PROCESS_WATCH_H
#define PROCESS_WATCH_H

#include "stats/state.h"

/* What the master remembers of one child; all 0 for a new one. */
struct watch {
	uint64_t life_ms;      /* the last sign of life when it became suspect */
	uint64_t suspected_ms; /* since when; 0: not */
};

/*
 * Whether its work has stood still for longer than `limit_ms`; idle is not work.
 * A verdict takes two looks with WATCH_CONFIRM_MS between them: after all
 * processes were stopped together, each shows life before it is judged.
 */
enum { WATCH_CONFIRM_MS = 2000 };
bool watch_is_hung(struct watch *watch, const struct state_slot *slot, uint64_t limit_ms, uint64_t now_ms);

#endif
