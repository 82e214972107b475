/* SPDX-License-Identifier: MIT */
/* The current store of a cache directory: db-N, replaced by db-N+1 when it proves damaged. */
#ifndef ENGINE_ENVIRONMENT_H
#define ENGINE_ENVIRONMENT_H

#include "stats/state.h"
#include "store/store.h"

#include <sys/types.h>

struct environment {
	struct state *state;
	struct state_slot *slot; /* counts what is moved aside; NULL in commands */
	uint64_t max_bytes; /* the limit it is open with */
	uint32_t number; /* of the one that is open */
	struct store *store;
};

/*
 * Opens the current database in this process (after fork); a damaged one is moved
 * aside and the next begun.  Its limit is that of state.map; `max_bytes` counts
 * where no process on the directory has set one.
 */
int environment_open(struct environment *env, struct state *state, struct state_slot *slot, uint64_t max_bytes,
		     struct err *err);
void environment_close(struct environment *env);

/* Follows others that replaced the database or changed its limit.  Cheap: call it before each use, outside a read. */
int environment_refresh(struct environment *env, struct err *err);

/* After ERR_SYSTEM from the store: LMDB may want nothing but to be opened anew. */
int environment_reopen(struct environment *env, struct err *err);

/* The open database proved damaged (`why`): moves it aside for everybody and opens the next. */
int environment_condemn(struct environment *env, const char *why, struct err *err);

/* Whether others have replaced the database since it was opened or refreshed here. */
bool environment_is_replaced(const struct environment *env);

/* Moves the current database aside without opening it: for the master, when children crash at it. */
int environment_put_aside(struct state *state, const char *why, struct err *err);

/*
 * One step towards the limit, for the janitor: evicts what is too much, then
 * replaces a file that is too large by a copy of what it holds.  1: call again,
 * 0: nothing to do, -1.  Where the disk has no room for the copy, the next
 * database begins empty.
 */
int environment_keep_limit(struct environment *env, struct err *err);

/* Deletes older databases and half copies, for whoever holds STATE_LOCK_JANITOR: they are a crash's. */
void environment_tidy(struct environment *env);

/* The byte of fetch.lock that guards a module key. */
off_t environment_key_offset(struct slice key);

/* What a crash left behind, before the first worker starts and now and then. */
int environment_recover(struct environment *env, struct err *err);

#endif
