/* SPDX-License-Identifier: MIT */
/* What one address resolves to. */
#ifndef SYMBOLS_ANSWER_H
#define SYMBOLS_ANSWER_H

#include "base/slice.h"

#include <stdint.h>

/* One function at one place.  An absent file is {NULL, 0}; line 0 is "unknown", as it is without a file. */
struct symbol_frame {
	struct slice function;
	struct slice file;
	uint32_t line;
};

/*
 * The physical function, and the functions inlined into it at the address,
 * innermost first.  By rule R29 `outer` carries the call site of the outermost
 * inline, or the line record's place where nothing is inlined.
 */
struct symbol_answer {
	uint64_t function_start; /* same unit as the address asked: bytes from the module's base */
	struct symbol_frame outer;
	const struct symbol_frame *inlines;
	uint32_t inline_count;
};

#endif
