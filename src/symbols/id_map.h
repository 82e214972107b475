/* SPDX-License-Identifier: MIT */
/* Sparse ids of a text (FILE, INLINE_ORIGIN) to dense numbers in order of first mention. */
#ifndef SYMBOLS_ID_MAP_H
#define SYMBOLS_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

enum { ID_MAP_DIRECT = 1 << 20 }; /* lower ids index an array: dumpers count from 0 */

struct id_map {
	uint32_t *direct; /* number + 1, 0: not mentioned */
	size_t direct_count;
	struct id_map_slot { uint32_t id, number; } *slots; /* number + 1 */
	size_t slot_count, slots_used;
	uint32_t count; /* numbers given */
};

void id_map_release(struct id_map *map);

uint32_t id_map_add(struct id_map *map, uint32_t id);

/* The number of `id`; a new one if it has none. */
static inline uint32_t id_map_number(struct id_map *map, uint32_t id)
{
	if (id < map->direct_count && map->direct[id])
		return map->direct[id] - 1;
	return id_map_add(map, id); /* which knows the hashed ones, too */
}

#endif
