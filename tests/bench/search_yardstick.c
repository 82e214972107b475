/* SPDX-License-Identifier: MIT */
/* The yardstick for lookups: a branch-free binary search. */
#include "search_yardstick.h"

#include "../naive/random.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

enum { NUMBERS = 1770000, SEARCHES = 200000 };

struct search_yardstick {
	struct random random;
	uint32_t *sorted;
	uint32_t *wanted;
	volatile uint64_t sum; /* what is found is used */
};

struct search_yardstick *search_yardstick_new(void)
{
	struct search_yardstick *yardstick = mem_zalloc(sizeof(*yardstick));
	uint32_t number = 0;

	random_init(&yardstick->random, 1);
	yardstick->sorted = mem_calloc(NUMBERS, sizeof(*yardstick->sorted));
	yardstick->wanted = mem_calloc(SEARCHES, sizeof(*yardstick->wanted));
	for (size_t i = 0; i < NUMBERS; i++)
		yardstick->sorted[i] = number += 1 + (uint32_t)random_below(&yardstick->random, 20);
	return yardstick;
}

void search_yardstick_free(struct search_yardstick *yardstick)
{
	free(yardstick->sorted);
	free(yardstick->wanted);
	free(yardstick);
}

/* The last number not above `wanted`, or the first one. */
static const uint32_t *search(const uint32_t *sorted, uint32_t wanted)
{
	const uint32_t *base = sorted;
	size_t count = NUMBERS;

	while (count > 1) {
		size_t half = count / 2;

		base += half & -(size_t)(base[half] <= wanted);
		count -= half;
	}
	return base;
}

static uint64_t search_all(const struct search_yardstick *yardstick)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < SEARCHES; i++)
		sum += *search(yardstick->sorted, yardstick->wanted[i]);
	return sum;
}

double search_yardstick_ns(struct search_yardstick *yardstick)
{
	uint32_t limit = yardstick->sorted[NUMBERS - 1];
	uint64_t started_us;

	for (size_t i = 0; i < SEARCHES; i++)
		yardstick->wanted[i] = (uint32_t)random_below(&yardstick->random, limit);
	yardstick->sum = search_all(yardstick); /* what ran before has had the caches */
	started_us = clock_cpu_us();
	yardstick->sum += search_all(yardstick);
	return (double)(clock_cpu_us() - started_us) * 1000 / SEARCHES;
}
