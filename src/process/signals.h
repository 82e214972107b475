/* SPDX-License-Identifier: MIT */
/* Signals: blocked while there is work, let in where a process waits. */
#ifndef PROCESS_SIGNALS_H
#define PROCESS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/*
 * In a child, first thing: SIGTERM asks it to stop when its work is done, SIGINT
 * to drop its work, SIGALRM only interrupts.  All are blocked.
 */
void signals_child(void);

/* Lets signals in, and out again.  A signal between the two interrupts what waits there. */
void signals_allow(void);
void signals_block(void);

/* Whether the child was asked to stop, or its master is gone. */
bool signals_stopping(void);

/* Whether what is under way is of no use to anybody: SIGINT came, or the master is gone. */
bool signals_dropping(void);

/* SIGALRM every 100 ms from `after_ms` on, so that a blocking read ends; 0 stops it.  Lets only SIGALRM in. */
void signals_alarm(unsigned after_ms);

#endif
