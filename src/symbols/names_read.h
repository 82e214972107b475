/* SPDX-License-Identifier: MIT */
/* Names by ordinal: from the ring, or decoded out of their group. */
#ifndef SYMBOLS_NAMES_READ_H
#define SYMBOLS_NAMES_READ_H

#include "base/buf.h"
#include "symbols/key_set.h"
#include "symbols/names_ring.h"
#include "symbols/ticket_map.h"

#include <zstd.h>

struct names_reader {
	uint32_t count;
	struct names_ring *ring;
	uint32_t era;
	struct ticket_map tickets;
	ZSTD_DDict *ddict; /* or NULL */
	struct key_set verified;
	/* the group decoded last, and how far it was walked */
	struct buf frame, decoded, name;
	uint32_t group_first, group_count; /* names; 0: none decoded */
	uint32_t walked;                   /* names taken; `name` is the last of them */
	size_t lengths_at, rest_at;
};

int names_reader_init(struct names_reader *reader, uint32_t count, struct names_ring *ring,
		      struct slice dictionary, struct err *err);
void names_reader_release(struct names_reader *reader);

/* Whether the ring has it; *ret is valid until the next names_decode() of any table. */
bool names_recall(struct names_reader *reader, uint32_t ordinal, struct slice *ret);

/*
 * Decodes the name and keeps it in the ring.  *ret is valid until the next call.
 * Ascending ordinals decode each group once.
 */
int names_decode(struct names_reader *reader, const struct table_source *source, uint32_t ordinal,
		 struct slice *ret, struct err *err);

#endif
