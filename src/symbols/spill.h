/* SPDX-License-Identifier: MIT */
/* Finished blocks, kept outside of memory until the names have their ordinals. */
#ifndef SYMBOLS_SPILL_H
#define SYMBOLS_SPILL_H

#include "base/buf.h"
#include "symbols/table_build.h"

struct spill {
	const struct table_build_io *io;
	uint64_t written;   /* handed to io; what follows is `pending` */
	struct buf pending; /* a small file never leaves it */
	struct buf window;  /* read back */
	uint64_t window_at;
};

void spill_init(struct spill *spill, const struct table_build_io *io);
void spill_release(struct spill *spill);

static inline uint64_t spill_end(const struct spill *spill)
{
	return spill->written + spill->pending.len;
}

int spill_add(struct spill *spill, const void *data, size_t len, struct err *err);

/* Nothing is added any more. */
int spill_finish(struct spill *spill, struct err *err);

/* *ret points at `len` bytes from `offset` on, valid until the next call. */
int spill_read(struct spill *spill, uint64_t offset, size_t len, const char **ret, struct err *err);

#endif
