/* SPDX-License-Identifier: MIT */
/* Names of the counters. */
#include "stats/counters.h"

const char *const counter_names[COUNTER_COUNT] = {
#define X(name, help) #name,
	COUNTERS(X)
#undef X
};

const char *const counter_help[COUNTER_COUNT] = {
#define X(name, help) help,
	COUNTERS(X)
#undef X
};
