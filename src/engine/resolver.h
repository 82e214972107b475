/* SPDX-License-Identifier: MIT */
/* Resolving a request: every frame's module to a table, every offset to named frames. */
#ifndef ENGINE_RESOLVER_H
#define ENGINE_RESOLVER_H

#include "addrcache/addrcache.h"
#include "engine/environment.h"
#include "engine/flight.h"
#include "engine/open_tables.h"
#include "engine/sources.h"
#include "job/job.h"

/*
 * Order: tables held here, memcached for the rest (one multi-get), what is
 * remembered of what sources said, flights for what is still missing.  One read transaction
 * at a time, never held while waiting.
 */
struct resolver_options {
	struct sources sources; /* whose negative entries answer */
	const struct upstream_source *local_dirs; /* whose files must still be those that tables were made from */
	unsigned local_dir_count;
	bool nearest; /* Snappy's lookup on Snappy's dialects */
	unsigned wait_ms;
	unsigned max_fetches;  /* flights begun or joined for one request */
	unsigned max_waiting;  /* workers of this instance that may wait at a time */
};

/* Keys a process remembers having offered to memcached, by hash: a collision costs one add too many or too few. */
enum { RESOLVER_ADDED_KEYS = 65536 };

struct resolver {
	struct resolver_options options;
	struct environment *env;
	struct open_tables *tables;
	struct addrcache *addrcache;
	struct flight_control *flights; /* NULL: never wait, what is not held stays unsettled */
	struct state_slot *slot;
	uint32_t *added;      /* hashes of keys this process has offered to memcached */
};

void resolver_init(struct resolver *resolver, const struct resolver_options *options, struct environment *env,
		   struct open_tables *tables, struct addrcache *addrcache, struct flight_control *flights,
		   struct state_slot *slot);
void resolver_release(struct resolver *resolver);

enum resolver_verdict {
	RESOLVER_COMPLETE,
	RESOLVER_UNSETTLED,   /* some modules are still under way: the client may ask again */
	RESOLVER_BUSY,        /* nothing could be answered and too many are waiting */
	RESOLVER_CLIENT_GONE, /* no use in answering */
};

/* How a wait ends early. */
struct resolver_wait {
	int wake_fd;   /* this worker's eventfd; -1: poll the flight */
	int client_fd; /* the web server's connection, or -1 */
};

/* What is to be added to memcached once the answer is out; lives in the request's arena. */
struct resolver_adds;

/*
 * Fills in module states and answers; all in `arena`, file names live until the
 * next call.  `request` must live until resolver_after_answer().  *ret_timing has modules when
 * request->want_debug.
 */
enum resolver_verdict resolver_resolve(struct resolver *resolver, struct request *request, struct arena *arena,
				       const struct resolver_wait *wait, struct request_timing *ret_timing,
				       struct resolver_adds **ret_adds);

/* After the answer has gone out, before the arena is cleared. */
void resolver_after_answer(struct resolver *resolver, struct resolver_adds *adds);

/* What frame_key_add() names was deleted from memcached: may be offered again. */
void resolver_forget_add(struct resolver *resolver, struct slice module_key, uint64_t generation,
			 bool nearest, uint64_t offset);

#endif
