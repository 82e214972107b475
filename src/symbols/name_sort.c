/* SPDX-License-Identifier: MIT */
/* Sorting names by eight bytes at a time: C++ names share long beginnings. */
#include "symbols/name_pool.h"

#include "base/mem.h"

#include <stdlib.h>

/*
 * Multikey quicksort.  A key is the next eight bytes as a big-endian number,
 * zeros after the end; of names that are equal so far the one that ends goes
 * first, so a name with NULs at its end stays in order.
 */
struct key {
	uint64_t piece;
	uint32_t number;
	uint32_t left; /* bytes in the piece, 0..8; breaks ties of zero bytes against the end */
};

enum { PIECE = 8, INSERTION_MAX = 12 };

static struct key make_key(const struct name *names, uint32_t number, size_t depth)
{
	const struct name *name = &names[number];
	size_t left = name->len > depth ? name->len - depth : 0;
	uint64_t piece = 0;

	if (left >= PIECE)
		memcpy(&piece, name->data + depth, PIECE);
	else if (left > 0)
		memcpy(&piece, name->data + depth, left);
	return (struct key){.piece = __builtin_bswap64(piece),
			    .number = number,
			    .left = left < PIECE ? (uint32_t)left : PIECE};
}

static int compare_keys(const struct key *a, const struct key *b)
{
	if (a->piece != b->piece)
		return a->piece < b->piece ? -1 : 1;
	return (int)a->left - (int)b->left;
}

static int compare_from(const struct name *names, const struct key *a, const struct key *b, size_t depth)
{
	const struct name *x = &names[a->number], *y = &names[b->number];
	int order = compare_keys(a, b);
	size_t from = depth + PIECE, len = x->len < y->len ? x->len : y->len;

	if (order != 0 || a->left < PIECE)
		return order;
	if (len > from)
		order = memcmp(x->data + from, y->data + from, len - from);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void insertion_sort(const struct name *names, struct key *keys, size_t count, size_t depth)
{
	for (size_t i = 1; i < count; i++) {
		struct key key = keys[i];
		size_t at = i;

		for (; at > 0 && compare_from(names, &key, &keys[at - 1], depth) < 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/* The median of three places that depend on the count: no order of the input is bad for long. */
static struct key choose_pivot(const struct key *keys, size_t count)
{
	uint64_t random = count * UINT64_C(0x9e3779b97f4a7c15);
	struct key a = keys[random % count], b = keys[(random >> 20) % count],
		   c = keys[(random >> 40) % count];

	if (compare_keys(&a, &b) > 0) {
		struct key swap = a;

		a = b;
		b = swap;
	}
	if (compare_keys(&c, &b) >= 0)
		return b;
	return compare_keys(&c, &a) > 0 ? c : a;
}

/* Three parts: below, equal to and above the pivot. */
static void partition(struct key *keys, size_t count, struct key pivot, size_t *ret_below, size_t *ret_above)
{
	size_t below = 0, above = count;

	for (size_t i = 0; i < above;) {
		int order = compare_keys(&keys[i], &pivot);
		struct key key = keys[i];

		if (order < 0) {
			keys[i++] = keys[below];
			keys[below++] = key;
		} else if (order > 0) {
			keys[i] = keys[--above];
			keys[above] = key;
		} else {
			i++;
		}
	}
	*ret_below = below;
	*ret_above = above;
}

/* Recurses into the parts that differ, loops on the equal one: the depth stays logarithmic. */
static void sort_keys(const struct name *names, struct key *keys, size_t count, size_t depth)
{
	while (count > INSERTION_MAX) {
		struct key pivot = choose_pivot(keys, count);
		size_t below, above;

		partition(keys, count, pivot, &below, &above);
		sort_keys(names, keys, below, depth);
		sort_keys(names, keys + above, count - above, depth);
		if (pivot.left < PIECE)
			return; /* the names end here, so they are one name */
		depth += PIECE;
		keys += below;
		count = above - below;
		for (size_t i = 0; i < count; i++)
			keys[i] = make_key(names, keys[i].number, depth);
	}
	insertion_sort(names, keys, count, depth);
}

static struct key *collect_keys(const struct name_pool *pool, size_t *ret_count)
{
	struct key *keys = mem_alloc(pool->count * sizeof(*keys) + 1);
	size_t count = 0;

	for (size_t i = 0; i < pool->count; i++)
		if (pool->names[i].ordinal == NAME_USED)
			keys[count++] = make_key(pool->names, (uint32_t)i, 0);
	*ret_count = count;
	return keys;
}

void name_pool_sort(struct name_pool *pool, uint32_t **ret_sorted, uint32_t *ret_count)
{
	size_t count;
	struct key *keys;
	uint32_t *sorted;

	free(pool->slots);
	pool->slots = NULL;
	keys = collect_keys(pool, &count);
	sort_keys(pool->names, keys, count, 0);
	sorted = (uint32_t *)(void *)keys; /* a number takes less room than its key */
	for (size_t i = 0; i < count; i++) {
		uint32_t number = keys[i].number;

		sorted[i] = number;
		pool->names[number].ordinal = (uint32_t)i;
	}
	*ret_sorted = mem_realloc(sorted, count * sizeof(*sorted) + 1);
	*ret_count = (uint32_t)count;
}
