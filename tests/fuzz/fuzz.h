/* SPDX-License-Identifier: MIT */
/* What every fuzz target defines: libFuzzer calls it, and so does replay.c with the files of a corpus. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Always 0.  What must not happen ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
