/* SPDX-License-Identifier: MIT */
/* The yardstick for lookups: a branch-free binary search over as many sorted numbers as libjvm.so has lines. */
#ifndef BENCH_SEARCH_YARDSTICK_H
#define BENCH_SEARCH_YARDSTICK_H

struct search_yardstick;

struct search_yardstick *search_yardstick_new(void);
void search_yardstick_free(struct search_yardstick *yardstick);

/* Searches for a few hundred thousand random numbers; nanoseconds per search. */
double search_yardstick_ns(struct search_yardstick *yardstick);

#endif
