/* SPDX-License-Identifier: MIT */
/* What the parts of the log share. */
#ifndef BASE_LOG_INTERNAL_H
#define BASE_LOG_INTERNAL_H

#include "base/log.h"

#include <stdarg.h>

enum { LOG_LINE_BYTES = 4096 }; /* longer ones are cut */

/* After a fork: what its parent left out, the parent tells. */
void log_forget_left_out(void);

#endif
