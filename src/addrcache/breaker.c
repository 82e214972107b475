/* SPDX-License-Identifier: MIT */
/* The breaker that all workers share. */
#include "addrcache/breaker.h"

enum { MAX_PAUSE_MS = 60000, SLOW_LIMIT = 3 };

enum breaker_state breaker_ask(struct addrcache_breaker *breaker, uint64_t now_ms)
{
	uint64_t until_ms = atomic_load_explicit(&breaker->closed_again_ms, memory_order_relaxed);
	uint32_t pause_ms;

	if (until_ms == 0)
		return BREAKER_CLOSED;
	if (now_ms < until_ms)
		return BREAKER_OPEN;
	pause_ms = atomic_load(&breaker->pause_ms);
	return atomic_compare_exchange_strong(&breaker->closed_again_ms, &until_ms, now_ms + pause_ms + 1)
		       ? BREAKER_PROBE
		       : BREAKER_OPEN;
}

void breaker_probed(struct addrcache_breaker *breaker, bool ok, uint64_t now_ms)
{
	uint32_t pause_ms = atomic_load(&breaker->pause_ms);

	if (ok) {
		atomic_store(&breaker->slow_in_a_row, 0);
		atomic_store(&breaker->closed_again_ms, 0);
		return;
	}
	pause_ms = pause_ms < MAX_PAUSE_MS / 2 ? pause_ms * 2 : MAX_PAUSE_MS;
	atomic_store(&breaker->pause_ms, pause_ms);
	atomic_store(&breaker->closed_again_ms, now_ms + pause_ms);
}

bool breaker_open(struct addrcache_breaker *breaker, unsigned pause_ms, uint64_t now_ms)
{
	uint64_t closed = 0;

	if (!atomic_compare_exchange_strong(&breaker->closed_again_ms, &closed, now_ms + pause_ms))
		return false;
	atomic_store(&breaker->pause_ms, pause_ms);
	return true;
}

bool breaker_note_time(struct addrcache_breaker *breaker, bool slow)
{
	if (slow)
		return atomic_fetch_add(&breaker->slow_in_a_row, 1) + 1 >= SLOW_LIMIT;
	/* the usual case does not write to the line that all processes read */
	if (atomic_load_explicit(&breaker->slow_in_a_row, memory_order_relaxed))
		atomic_store(&breaker->slow_in_a_row, 0);
	return false;
}
