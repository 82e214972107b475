/* SPDX-License-Identifier: MIT */
/* Hashes: one for tables and keys, one for checksums.  Both are xxHash's. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * hash_bytes: 64 bits, the same in every process and on every machine, so it
 * may be stored and compared.  Not for tables that an attacker can fill at will.
 */
uint64_t hash_bytes(const void *data, size_t len);

/* The same, started from `seed`: for chaining and for tables fed from outside. */
uint64_t hash_seeded(uint64_t seed, const void *data, size_t len);

#endif
