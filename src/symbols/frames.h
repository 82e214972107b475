/* SPDX-License-Identifier: MIT */
/* The frames at an address: the function, what is inlined there, and the place of each. */
#ifndef SYMBOLS_FRAMES_H
#define SYMBOLS_FRAMES_H

#include "symbols/record_read.h"

/*
 * Everything but the names, for an address at or before the end of the value whose
 * record_search() gave `index`: 1, 0 where nothing covers it, -1.  Until names are filled in, `function` of each
 * frame is {NULL, ordinal}; inlines lie in `arena`.
 */
int frames_resolve(struct table *table, const struct table_source *source, const struct record_view *view,
		   unsigned index, uint64_t address, struct arena *arena, struct symbol_answer *ret,
		   struct err *err);

static inline struct symbol_frame frame_named(uint32_t ordinal)
{
	return (struct symbol_frame){.function = {NULL, ordinal}};
}

static inline uint32_t frame_ordinal(const struct symbol_frame *frame)
{
	return (uint32_t)frame->function.len;
}

/* The inlines of an answer that frames_resolve() made and whose names are still to be filled in. */
struct symbol_frame *frames_inlines(struct symbol_answer *answer);

#endif
