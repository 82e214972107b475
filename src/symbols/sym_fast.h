/* SPDX-License-Identifier: MIT */
/* Line and INLINE records in the form every dumper writes: four in five lines of a file. */
#ifndef SYMBOLS_SYM_FAST_H
#define SYMBOLS_SYM_FAST_H

#include "symbols/sym_scan.h"

enum { SYM_FAST_ROOM = 80 }; /* bytes that can be read from the start of a record */

/*
 * Takes records from `at` on while they have that form and room is left before
 * `end`.  Returns where it stopped: the start of a line that sym_scan.c must
 * read.  Reads exactly what that would read, and counts nothing as bad.
 */
const char *sym_fast_records(struct sym_scan *scan, const char *at, const char *end);

#endif
