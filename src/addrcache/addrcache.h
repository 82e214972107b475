/* SPDX-License-Identifier: MIT */
/* The address cache: resolved addresses in memcached, an accelerator that is never needed. */
#ifndef ADDRCACHE_ADDRCACHE_H
#define ADDRCACHE_ADDRCACHE_H

#include "base/err.h"
#include "base/slice.h"
#include "stats/breaker.h"

#include <stdint.h>

struct addrcache_options {
	const char *const *servers; /* "numeric-address:port", "[::1]:port", or an absolute socket path */
	size_t server_count;        /* 0: no cache, every call is a cheap no-op */
	int timeout_ms;             /* per wait and server */
	unsigned first_pause_ms;    /* of the breaker; 0: 5 s */
	/*
	 * Shared by all workers: a frozen memcached would otherwise cost its timeout
	 * on every request with every libmemcached setting.  NULL: one of this process's own.
	 */
	struct breaker *breaker;
};

/* One per process, opened after fork; it connects when first used. */
struct addrcache;

/* -1 with ERR_INPUT for a server that cannot be understood. */
int addrcache_open(struct addrcache **ret, const struct addrcache_options *options, struct err *err);
void addrcache_close(struct addrcache *cache);

/* Whether there are servers at all. */
bool addrcache_has_servers(const struct addrcache *cache);

/*
 * Whether asking makes sense now: servers are configured and the breaker is
 * closed.  When a pause is over, the one process that finds out first asks each
 * server for a key here, as in any call below, at the cost of a timeout at most.
 */
bool addrcache_usable(struct addrcache *cache);

/*
 * A multi-get, of a thousand keys at a time.  Calls found(ctx, i, value) for
 * each key that is there, in any order; the value is valid during the call and
 * is to be treated as hostile.
 * Trouble is a miss: it is counted by the breaker and told in the result only.
 * Keys are at most ADDRCACHE_KEY_MAX printable bytes without blanks; others are
 * never there.
 */
enum { ADDRCACHE_KEY_MAX = 250, ADDRCACHE_VALUE_MAX = 256 * 1024 };
enum addrcache_result { ADDRCACHE_OK, ADDRCACHE_OFF, ADDRCACHE_FAILED };
typedef void addrcache_found(void *ctx, size_t index, struct slice value);
enum addrcache_result addrcache_get_many(struct addrcache *cache, const struct slice *keys, size_t count,
					 addrcache_found *found, void *ctx);

/*
 * Queues an add (never a set); sent by addrcache_flush() or when buffers are
 * full.  No answer is awaited, so OK says little.  Values above
 * ADDRCACHE_VALUE_MAX are quietly left out.
 */
enum addrcache_result addrcache_add(struct addrcache *cache, struct slice key, struct slice value);
enum addrcache_result addrcache_flush(struct addrcache *cache);

/* The same, and waits until the servers have taken the adds: for who must find them at the next request. */
enum addrcache_result addrcache_sync(struct addrcache *cache);

/* Deletes at once and waits for the answer (the debug protocol's cacheEvict). */
enum addrcache_result addrcache_delete(struct addrcache *cache, struct slice key);

/* This process's, counted up from addrcache_open(). */
struct addrcache_stats {
	uint64_t hits, misses; /* keys; those asked for in vain because of trouble are misses, too */
	uint64_t adds;         /* queued */
	uint64_t failures;     /* calls that came to nothing or took too long */
	uint64_t opened;       /* the breaker, by this process */
};
const struct addrcache_stats *addrcache_stats(const struct addrcache *cache);

#endif
