/* SPDX-License-Identifier: MIT */
/* The steps of resolving a request, in the order they are taken. */
#ifndef ENGINE_RESOLVER_STEPS_H
#define ENGINE_RESOLVER_STEPS_H

#include "engine/resolver.h"
#include "engine/resolver_modules.h"

/* A request on its way through the steps. */
struct resolving {
	struct resolver *resolver;
	struct wanted wanted;
	struct arena *arena;
	const struct resolver_wait *wait;
	bool nearest;        /* Snappy's lookup rule for this request */
	bool adds_first;     /* cacheHits mode: memcached is asked first and filled before the answer */
	bool over_cap;
	uint64_t cache_us, table_us, wait_us;
	uint32_t cache_lookups, cache_hits, resolved;
};

/* Modules whose tables are held here are looked up and settled. */
void resolve_from_tables(struct resolving *r);

/* Frames that memcached knows are answered; modules whose frames it all knows are settled. */
void resolve_from_addrcache(struct resolving *r);

/* Modules of which every source said something lately: absent, or not settled where one of them failed. */
void resolve_remembered(struct resolving *r);

/* Begins or joins flights for what is still open and waits for them.  RESOLVER_COMPLETE: all landed. */
enum resolver_verdict resolve_by_flights(struct resolving *r);

/* Offers answers that came from tables to memcached; `wait`: until it has them. */
void resolver_add_answers(struct resolver *resolver, const struct wanted *wanted, bool nearest, bool wait);


#endif
