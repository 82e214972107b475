/* SPDX-License-Identifier: MIT */
/* Unit tests in TAP. */
#include "tap.h"

#include "base/mem.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool failed;
static const char *skipped;
static jmp_buf case_end;
static char *temp_dir;

bool tap_check(bool ok, const char *file, int line, const char *text)
{
	if (!ok) {
		failed = true;
		printf("# %s:%d: %s\n", file, line, text);
	}
	return ok;
}

bool tap_check_int(long long got, long long want, const char *file, int line, const char *text)
{
	if (!tap_check(got == want, file, line, text))
		printf("#   got %lld, want %lld\n", got, want);
	return got == want;
}

bool tap_check_slice(struct slice got, struct slice want, const char *file, int line, const char *text)
{
	bool same = slice_equal(got, want);

	if (!tap_check(same, file, line, text)) {
		printf("#   got  '%.*s'\n", SLICE_PRINT(got));
		printf("#   want '%.*s'\n", SLICE_PRINT(want));
	}
	return same;
}

void tap_skip(const char *reason)
{
	skipped = reason;
	longjmp(case_end, 1);
}

void tap_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

const char *tap_temp_dir(void)
{
	if (temp_dir == NULL) {
		const char *root = getenv("TMPDIR");

		temp_dir = mem_printf("%s/symbolicate-test-XXXXXX", root ? root : "/tmp");
		if (mkdtemp(temp_dir) == NULL) {
			perror(temp_dir);
			exit(99);
		}
	}
	return temp_dir;
}

static void remove_temp_dir(void)
{
	if (temp_dir)
		nftw(temp_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(temp_dir);
	temp_dir = NULL;
}

static void run_case(const struct tap_case *test)
{
	const char *seconds = getenv("TAP_SECONDS");

	failed = false;
	skipped = NULL;
	alarm(seconds ? (unsigned)atoi(seconds) : 60);
	if (setjmp(case_end) == 0)
		test->run();
	alarm(0);
}

int tap_run(const struct tap_case *cases, size_t count)
{
	int failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		run_case(&cases[i]);
		printf("%s %zu - %s%s%s\n", failed ? "not ok" : "ok", i + 1, cases[i].name,
		       skipped ? " # SKIP " : "", skipped ? skipped : "");
		failures += failed;
	}
	remove_temp_dir();
	return failures != 0;
}
