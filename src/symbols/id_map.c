/* SPDX-License-Identifier: MIT */
/* An array for the small ids, a hash table for the others. */
#include "symbols/id_map.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

void id_map_release(struct id_map *map)
{
	free(map->direct);
	free(map->slots);
	*map = (struct id_map){.count = 0};
}

static uint32_t *direct_place(struct id_map *map, uint32_t id)
{
	if (id >= map->direct_count) {
		size_t count = map->direct_count ? map->direct_count : 1024;

		while (count <= id)
			count *= 2;
		map->direct = mem_realloc_array(map->direct, count, sizeof(*map->direct));
		memset(map->direct + map->direct_count, 0,
		       (count - map->direct_count) * sizeof(*map->direct));
		map->direct_count = count;
	}
	return &map->direct[id];
}

static struct id_map_slot *find_slot(struct id_map_slot *slots, size_t count, uint32_t id)
{
	size_t at = (id * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (count - 1);

	while (slots[at].number && slots[at].id != id)
		at = (at + 1) & (count - 1);
	return &slots[at];
}

static void grow_slots(struct id_map *map)
{
	size_t count = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
	struct id_map_slot *slots = mem_calloc(count, sizeof(*slots));

	for (size_t i = 0; i < map->slot_count; i++)
		if (map->slots[i].number)
			*find_slot(slots, count, map->slots[i].id) = map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->slot_count = count;
}

static uint32_t *hashed_place(struct id_map *map, uint32_t id)
{
	struct id_map_slot *slot;

	if (map->slots_used * 2 >= map->slot_count)
		grow_slots(map);
	slot = find_slot(map->slots, map->slot_count, id);
	if (slot->number == 0) {
		slot->id = id;
		map->slots_used++;
	}
	return &slot->number;
}

uint32_t id_map_add(struct id_map *map, uint32_t id)
{
	uint32_t *place = id < ID_MAP_DIRECT ? direct_place(map, id) : hashed_place(map, id);

	if (*place == 0)
		*place = ++map->count;
	return *place - 1;
}
