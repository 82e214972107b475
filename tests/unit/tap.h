/* SPDX-License-Identifier: MIT */
/* Unit tests in TAP: a program is a list of cases, each a function full of CHECKs. */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include "base/slice.h"

#include <stdbool.h>

/*
 * struct tap_case cases[] = {{"name", function}, ...};
 * int main(void) { return tap_run(cases, TAP_COUNT(cases)); }
 *
 * A CHECK that fails prints its place and marks the running case as failed; the
 * case goes on.  tap_skip() ends the running case as skipped, with its reason.
 * A case that runs longer than TAP_SECONDS (default 60) ends the program.
 */
struct tap_case {
	const char *name;
	void (*run)(void);
};

#define TAP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

int tap_run(const struct tap_case *cases, size_t count);
bool tap_check(bool ok, const char *file, int line, const char *text);
bool tap_check_int(long long got, long long want, const char *file, int line, const char *text);
bool tap_check_slice(struct slice got, struct slice want, const char *file, int line, const char *text);
void tap_skip(const char *reason);
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A fresh empty directory, removed when the program ends. */
const char *tap_temp_dir(void);

#define CHECK(condition) tap_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(got, want) tap_check_int((long long)(got), (long long)(want), __FILE__, __LINE__, #got " == " #want)
#define CHECK_SLICE(got, want) tap_check_slice((got), (want), __FILE__, __LINE__, #got " == " #want)
#define CHECK_TEXT(got, want) CHECK_SLICE((got), slice_of(want))

#endif
