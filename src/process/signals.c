/* SPDX-License-Identifier: MIT */
/* Signals of children. */
#include "process/signals.h"

#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked, drop_asked;
static pid_t master;

static void ask_to_stop(int number)
{
	stop_asked = 1;
	if (number == SIGINT)
		drop_asked = 1;
}

static void only_interrupt(int number)
{
	(void)number;
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

void signals_child(void)
{
	sigset_t all;

	stop_asked = drop_asked = 0;
	master = getppid();
	/* a killed master takes its children with it */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	handle(SIGTERM, ask_to_stop);
	handle(SIGINT, ask_to_stop);
	handle(SIGALRM, only_interrupt);
	handle(SIGUSR1, only_interrupt);
	handle(SIGHUP, only_interrupt);
	handle(SIGPIPE, SIG_IGN);
	handle(SIGCHLD, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

void signals_allow(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_block(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

bool signals_stopping(void)
{
	return stop_asked || getppid() != master;
}

bool signals_dropping(void)
{
	return drop_asked || getppid() != master;
}

void signals_alarm(unsigned after_ms)
{
	struct itimerval timer = {
		.it_value = {.tv_sec = after_ms / 1000, .tv_usec = (suseconds_t)(after_ms % 1000) * 1000},
		.it_interval = {.tv_usec = after_ms ? 100000 : 0},
	};
	sigset_t alarm_only;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(after_ms ? SIG_UNBLOCK : SIG_BLOCK, &alarm_only, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}
