/* SPDX-License-Identifier: MIT */
/* A set of 64-bit keys: the values of a table that were verified. */
#ifndef SYMBOLS_KEY_SET_H
#define SYMBOLS_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_set {
	uint64_t *slots; /* 0: free */
	size_t count, cap;
	bool has_zero;
};

void key_set_release(struct key_set *set);
bool key_set_has(const struct key_set *set, uint64_t key);
void key_set_add(struct key_set *set, uint64_t key);

#endif
