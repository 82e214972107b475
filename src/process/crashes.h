/* SPDX-License-Identifier: MIT */
/* Crashes of children: several in a minute point to a database that makes its readers crash. */
#ifndef PROCESS_CRASHES_H
#define PROCESS_CRASHES_H

#include <stdbool.h>
#include <stdint.h>

enum { CRASHES_SUSPICIOUS = 3, CRASHES_WITHIN_MS = 60 * 1000 };

/* Zeroed at first. */
struct crashes {
	uint64_t at_ms[CRASHES_SUSPICIOUS]; /* of the last ones, in turn; clock_mono_ms() */
	unsigned count;
};

/* Notes how a child ended (as waitpid() tells).  True with the last of several crashes; counting then begins anew. */
bool crashes_note(struct crashes *crashes, int status, uint64_t now_ms);

#endif
