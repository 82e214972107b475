/* SPDX-License-Identifier: MIT */
/* The breaker that all workers share: one pays for a dead memcached, the others know. */
#ifndef ADDRCACHE_BREAKER_H
#define ADDRCACHE_BREAKER_H

#include "addrcache/addrcache.h"

/*
 * Closed: all may ask.  Open until a time: nobody.  Then whoever gets
 * BREAKER_PROBE, and nobody else, tries; should it die meanwhile, another does
 * a pause later.
 */
enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBE };

enum breaker_state breaker_ask(struct addrcache_breaker *breaker, uint64_t now_ms);

/* After BREAKER_PROBE.  A failure doubles the pause, up to 60 s. */
void breaker_probed(struct addrcache_breaker *breaker, bool ok, uint64_t now_ms);

/* Opens a closed one; false if another process was quicker. */
bool breaker_open(struct addrcache_breaker *breaker, unsigned pause_ms, uint64_t now_ms);

/* Counts an answer that came; true when it is one slow answer too many in a row. */
bool breaker_note_time(struct addrcache_breaker *breaker, bool slow);

#endif
