/* SPDX-License-Identifier: MIT */
/* hash_seeded() by AVX2; to be called only where the processor has it. */
#ifndef BASE_HASH_AVX2_H
#define BASE_HASH_AVX2_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define HASH_AVX2
uint64_t hash_seeded_avx2(uint64_t seed, const void *data, size_t len);
#endif

#endif
