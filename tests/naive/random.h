/* SPDX-License-Identifier: MIT */
/* A small deterministic generator of random numbers (xorshift64*), the same on every machine. */
#ifndef NAIVE_RANDOM_H
#define NAIVE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t x = random->state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

static inline void random_init(struct random *random, uint64_t seed)
{
	random->state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	if (random->state == 0)
		random->state = 1;
	for (int i = 0; i < 4; i++)
		random_next(random);
}

/* 0 .. limit-1; limit > 0. Not quite even, which no test minds. */
static inline uint64_t random_below(struct random *random, uint64_t limit)
{
	return (random_next(random) >> 11) % limit;
}

/* True once in `times`. */
static inline bool random_once_in(struct random *random, uint64_t times)
{
	return random_below(random, times) == 0;
}

#endif
