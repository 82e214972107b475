/* SPDX-License-Identifier: MIT */
/* Crashes of children. */
#include "process/crashes.h"

#include <signal.h>
#include <sys/wait.h>

/* What reading a damaged file through a mapping comes to, and LMDB's own assertions; not what a person sends. */
static bool is_crash(int status)
{
	return WIFSIGNALED(status) &&
	       (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS || WTERMSIG(status) == SIGABRT);
}

bool crashes_note(struct crashes *crashes, int status, uint64_t now_ms)
{
	uint64_t *oldest;

	if (!is_crash(status))
		return false;
	crashes->at_ms[crashes->count++ % CRASHES_SUSPICIOUS] = now_ms;
	oldest = &crashes->at_ms[crashes->count % CRASHES_SUSPICIOUS];
	if (crashes->count < CRASHES_SUSPICIOUS || *oldest + CRASHES_WITHIN_MS < now_ms)
		return false;
	*crashes = (struct crashes){0};
	return true;
}
