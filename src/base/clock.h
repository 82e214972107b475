/* SPDX-License-Identifier: MIT */
/* Time: one clock for durations and deadlines, one for dates. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Monotonic, comparable between processes of one boot; never goes back. */
uint64_t clock_mono_us(void);
uint64_t clock_mono_ms(void);

/* Seconds since 1970; may jump.  For dates and for what must outlive a reboot. */
uint64_t clock_wall_s(void);
double clock_wall_exact_s(void);

/* CPU time of this process in microseconds, user and system together. */
uint64_t clock_cpu_us(void);

/* Milliseconds left until a clock_mono_ms() deadline, 0 when it passed, at most INT_MAX: for poll(). */
int clock_left_ms(uint64_t deadline_ms);

#endif
