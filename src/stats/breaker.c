/* SPDX-License-Identifier: MIT */
/* A breaker in shared memory. */
#include "stats/breaker.h"

enum breaker_state breaker_ask(struct breaker *breaker, uint64_t now_ms)
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

bool breaker_is_open(const struct breaker *breaker, uint64_t now_ms)
{
	return atomic_load_explicit(&breaker->closed_again_ms, memory_order_relaxed) > now_ms;
}

void breaker_probed(struct breaker *breaker, bool ok, uint64_t now_ms)
{
	uint32_t pause_ms = atomic_load(&breaker->pause_ms);

	if (ok) {
		atomic_store(&breaker->bad_in_a_row, 0);
		atomic_store(&breaker->closed_again_ms, 0);
		return;
	}
	pause_ms = pause_ms < BREAKER_PAUSE_MAX_MS / 2 ? pause_ms * 2 : BREAKER_PAUSE_MAX_MS;
	atomic_store(&breaker->pause_ms, pause_ms);
	atomic_store(&breaker->closed_again_ms, now_ms + pause_ms);
}

bool breaker_open(struct breaker *breaker, unsigned pause_ms, uint64_t now_ms)
{
	uint64_t closed = 0;

	if (!atomic_compare_exchange_strong(&breaker->closed_again_ms, &closed, now_ms + pause_ms))
		return false;
	atomic_store(&breaker->pause_ms, pause_ms);
	return true;
}

bool breaker_hold(struct breaker *breaker, unsigned pause_ms, uint64_t now_ms)
{
	atomic_store(&breaker->pause_ms, pause_ms < BREAKER_PAUSE_MAX_MS ? pause_ms : BREAKER_PAUSE_MAX_MS);
	return atomic_exchange(&breaker->closed_again_ms, now_ms + pause_ms) == 0;
}

bool breaker_note(struct breaker *breaker, bool bad, unsigned limit)
{
	if (bad)
		return atomic_fetch_add(&breaker->bad_in_a_row, 1) + 1 >= limit;
	/* the usual case does not write to the line that all processes read */
	if (atomic_load_explicit(&breaker->bad_in_a_row, memory_order_relaxed))
		atomic_store(&breaker->bad_in_a_row, 0);
	return false;
}
