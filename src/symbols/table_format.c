/* SPDX-License-Identifier: MIT */
/* The checksum that ends every value. */
#include "symbols/table_format.h"

#include "base/hash.h"

uint32_t table_checksum(unsigned kind, uint64_t key, const void *data, size_t len)
{
	uint64_t seed = (key ^ (uint64_t)kind << 56) * UINT64_C(0x9e3779b97f4a7c15) + kind;

	return (uint32_t)hash_seeded(seed, data, len);
}
