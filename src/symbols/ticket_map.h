/* SPDX-License-Identifier: MIT */
/* Which names of a table the ring has: tickets by ordinal. */
#ifndef SYMBOLS_TICKET_MAP_H
#define SYMBOLS_TICKET_MAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * A table that has just been opened is mostly asked for little: then a few
 * entries, of which a later one may push out an earlier one, spare it the pages
 * that an array over all names would touch at random.  After TICKETS_FEW names
 * the array is worth it.
 */
enum { TICKETS_FEW = 512 };

struct ticket_map {
	uint32_t count; /* names of the table */
	uint32_t *all;  /* by ordinal, 0: none; NULL while there are few */
	struct few_ticket {
		uint32_t ordinal, ticket;
	} few[2 * TICKETS_FEW]; /* by ordinal modulo their number */
	unsigned added; /* while there are few */
};

void ticket_map_init(struct ticket_map *map, uint32_t count);
void ticket_map_release(struct ticket_map *map);
void ticket_map_clear(struct ticket_map *map);
void ticket_map_put(struct ticket_map *map, uint32_t ordinal, uint32_t ticket);

/* 0: none. */
static inline uint32_t ticket_map_get(const struct ticket_map *map, uint32_t ordinal)
{
	const struct few_ticket *few = &map->few[ordinal % (2 * TICKETS_FEW)];

	if (map->all)
		return map->all[ordinal];
	return few->ordinal == ordinal ? few->ticket : 0;
}

#endif
