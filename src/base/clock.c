/* SPDX-License-Identifier: MIT */
/* Time. */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

static uint64_t read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

uint64_t clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t clock_wall_s(void)
{
	return read_us(CLOCK_REALTIME) / 1000000;
}

double clock_wall_exact_s(void)
{
	return (double)read_us(CLOCK_REALTIME) / 1e6;
}

uint64_t clock_cpu_us(void)
{
	return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

int clock_left_ms(uint64_t deadline_ms)
{
	uint64_t now = clock_mono_ms();

	if (deadline_ms <= now)
		return 0;
	return deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
}
