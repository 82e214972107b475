/* SPDX-License-Identifier: MIT */
/* The ring of decoded names that all tables of a process share. */
#ifndef SYMBOLS_NAMES_RING_H
#define SYMBOLS_NAMES_RING_H

#include "symbols/table.h"

#include <stdint.h>
#include <zstd.h>

/*
 * Names are written one behind the other, over the oldest.  Whoever puts one in
 * is given a ticket, which is good until the ring has come round.  Tickets are
 * 32 bits, so they would repeat: when names_ring_era() changes, all older ones
 * must be forgotten.
 */
uint32_t names_ring_era(const struct names_ring *ring);

/*
 * A decompression context for all tables of the ring: it is large, and each
 * fresh one is paid in page faults.  NULL: out of memory.
 */
ZSTD_DCtx *names_ring_decompressor(struct names_ring *ring);

/* A ticket, or 0 for a name that is too long to be kept. */
uint32_t names_ring_put(struct names_ring *ring, struct slice name);

/* Whether the name is still there; *ret points into the ring until the next put. */
bool names_ring_get(const struct names_ring *ring, uint32_t ticket, struct slice *ret);

#endif
