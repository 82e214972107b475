/* SPDX-License-Identifier: MIT */
/* Blacklists and whitelists: lists of regular expressions over debug file names. */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

/*
 * As pySymProxy had them: a pattern must match from the name's first byte on and
 * may end anywhere (Python's re.match).  Case does not count, unless the pattern
 * begins with (?-i).  Names come from the net: a match that takes too many steps
 * is given up and counts as none.  Pure; one filter may be used by many callers.
 */
struct filter;

/* ERR_INPUT for a pattern that is none; the message names it and the place.  No patterns: matches nothing. */
int filter_new(struct filter **ret, const char *const *patterns, unsigned count, struct err *err);
void filter_free(struct filter *filter);

/* Whether any pattern matches; NULL matches nothing. */
bool filter_matches(const struct filter *filter, struct slice name);

#endif
