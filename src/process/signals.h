/* SPDX-License-Identifier: MIT */
/* Signals: blocked while there is work, let in where a process waits. */
#ifndef PROCESS_SIGNALS_H
#define PROCESS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* In a child, first thing: SIGTERM and SIGINT ask it to stop, SIGALRM only interrupts, all are blocked, the rest is as by default. */
void signals_child(void);

/* Lets signals in, and out again.  A signal between the two interrupts what waits there. */
void signals_allow(void);
void signals_block(void);

/* Whether the child was asked to stop, or its master is gone. */
bool signals_stopping(void);

/* SIGALRM every 100 ms from `after_ms` on, so that a blocking read ends; 0 stops it.  Lets only SIGALRM in. */
void signals_alarm(unsigned after_ms);

#endif
