/* SPDX-License-Identifier: MIT */
/* Few entries first, an array over all names later. */
#include "symbols/ticket_map.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void ticket_map_init(struct ticket_map *map, uint32_t count)
{
	*map = (struct ticket_map){.count = count};
}

void ticket_map_release(struct ticket_map *map)
{
	free(map->all);
}

void ticket_map_clear(struct ticket_map *map)
{
	memset(map->few, 0, sizeof(map->few));
	if (map->all)
		memset(map->all, 0, map->count * sizeof(*map->all));
}

static void spread(struct ticket_map *map)
{
	map->all = mem_calloc((size_t)map->count + 1, sizeof(*map->all));
	for (size_t i = 0; i < sizeof(map->few) / sizeof(map->few[0]); i++)
		if (map->few[i].ticket)
			map->all[map->few[i].ordinal] = map->few[i].ticket;
}

void ticket_map_put(struct ticket_map *map, uint32_t ordinal, uint32_t ticket)
{
	if (map->all == NULL && map->added++ >= TICKETS_FEW)
		spread(map);
	if (map->all)
		map->all[ordinal] = ticket;
	else
		map->few[ordinal % (2 * TICKETS_FEW)] = (struct few_ticket){ordinal, ticket};
}
