/* SPDX-License-Identifier: MIT */
/* Hashes by xxHash (XXH3). */
#include "base/hash.h"

#include "base/hash_avx2.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

uint64_t hash_seeded(uint64_t seed, const void *data, size_t len)
{
#ifdef HASH_AVX2
	enum { LONG = 1024 }; /* where the choice costs nothing beside the hash */

	if (len >= LONG && __builtin_cpu_supports("avx2"))
		return hash_seeded_avx2(seed, data, len);
#endif
	return XXH3_64bits_withSeed(data, len, seed);
}
