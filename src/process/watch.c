/* SPDX-License-Identifier: MIT */
/* Which children show no life. */
#include "process/watch.h"

bool watch_is_hung(struct watch *watch, const struct state_slot *slot, uint64_t limit_ms, uint64_t now_ms)
{
	uint64_t life_ms = atomic_load(&slot->phase_since_ms);

	if (atomic_load(&slot->phase) == PHASE_IDLE || life_ms + limit_ms >= now_ms) {
		*watch = (struct watch){0};
		return false;
	}
	if (watch->suspected_ms == 0 || watch->life_ms != life_ms) {
		*watch = (struct watch){.life_ms = life_ms, .suspected_ms = now_ms};
		return false;
	}
	return now_ms - watch->suspected_ms >= WATCH_CONFIRM_MS;
}
