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
	uint64_t max_bytes;
	uint32_t number; /* of the one that is open */
	struct store *store;
};

/* Opens the current database in this process (after fork); a damaged one is moved aside and the next begun. */
int environment_open(struct environment *env, struct state *state, struct state_slot *slot, uint64_t max_bytes,
		     struct err *err);
void environment_close(struct environment *env);

/* Follows another process that moved the database aside.  Cheap: call it before each use.  Outside a read. */
int environment_refresh(struct environment *env, struct err *err);

/* The open database proved damaged (`why`): moves it aside for everybody and opens the next. */
int environment_condemn(struct environment *env, const char *why, struct err *err);

/* Where the open database's file is.  The caller frees it. */
char *environment_data_path(const struct environment *env);

/* The byte of fetch.lock that guards a module key. */
off_t environment_key_offset(struct slice key);

/* What a crash left behind, before the first worker starts. */
int environment_recover(struct environment *env, struct err *err);

#endif
