/* SPDX-License-Identifier: MIT */
/* The same hash for processors with AVX2, which halves the time: checksums are much of a first lookup. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2") /* for this file; clang's pragma does not reach the headers' choice */
#endif

#include "base/hash_avx2.h"

#ifdef HASH_AVX2
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_seeded_avx2(uint64_t seed, const void *data, size_t len)
{
	return XXH3_64bits_withSeed(data, len, seed);
}
#endif
