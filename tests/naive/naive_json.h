/* SPDX-License-Identifier: MIT */
/* The output side of the referee: JSON on stdout, the same bytes that `symbolicate lookup --json` writes. */
#ifndef NAIVE_JSON_H
#define NAIVE_JSON_H

#include "naive_rules.h"

/* A JSON string: ill-formed UTF-8 parts become U+FFFD, NUL becomes `_` (R36). */
void naive_put_string(struct slice text);

/* One line. Members without value are left out; a function of NULL leaves only the address. */
void naive_put_answer(uint64_t address, const struct naive_answer *answer);

#endif
