/* SPDX-License-Identifier: MIT */
/* The current store of a cache directory. */
#include "engine/environment.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_OPEN_ATTEMPTS = 3 };

static char *env_path(const struct environment *env, uint32_t number)
{
	return mem_printf("%s/db-%u", env->state->dir, number);
}

static uint64_t current_limit(const struct environment *env)
{
	return atomic_load_explicit(&env->state->map->store_bytes, memory_order_relaxed);
}

static int open_number(struct environment *env, uint32_t number, struct err *err)
{
	struct state_map *map = env->state->map;
	char *path = env_path(env, number), *oversize = mem_printf("%s/oversize", env->state->dir);
	struct store_options options = {
		.dir = path,
		.oversize = {oversize, &map->oversize_number, &map->oversize_bytes},
		.stamps = map->stamps,
		.stamp_count = STATE_STAMPS,
	};
	int result;

	options.max_bytes = env->max_bytes = current_limit(env);
	result = store_open(&env->store, &options, err);
	if (result == 0)
		env->number = number;
	free(oversize);
	free(path);
	return result;
}

/* One process moves it; the others find the number changed. */
static int move_aside(struct environment *env, uint32_t number, const char *why, struct err *err)
{
	struct state *state = env->state;
	char *path = env_path(env, number);
	int result = 0;

	if (file_lock(state->lock_fd, STATE_LOCK_INIT, 1, FILE_LOCK_EXCLUSIVE, true, err) < 0) {
		free(path);
		return -1;
	}
	if (atomic_load(&state->map->env_number) == number) {
		result = store_move_aside(path, err);
		if (result == 0) {
			log_error("database %s is moved aside and begun anew: %s", path, why);
			atomic_store(&state->map->env_number, number + 1);
			if (env->slot)
				counter_add(env->slot, COUNTER_store_moved_aside, 1);
		}
	}
	file_unlock(state->lock_fd, STATE_LOCK_INIT, 1);
	free(path);
	return result;
}

static int open_current(struct environment *env, struct err *err)
{
	for (int i = 0; i < MAX_OPEN_ATTEMPTS; i++) {
		uint32_t number = atomic_load(&env->state->map->env_number);

		if (open_number(env, number, err) == 0)
			return 0;
		if (err->code != ERR_CORRUPT)
			return -1;
		if (move_aside(env, number, err->msg, err) < 0)
			return -1;
	}
	return err_set(err, ERR_SYSTEM, "no usable database in %s", env->state->dir);
}

int environment_open(struct environment *env, struct state *state, struct state_slot *slot, uint64_t max_bytes,
		     struct err *err)
{
	uint64_t none = 0;

	*env = (struct environment){.state = state, .slot = slot};
	atomic_compare_exchange_strong(&state->map->store_bytes, &none, max_bytes);
	return open_current(env, err);
}

void environment_close(struct environment *env)
{
	if (env->store)
		store_close(env->store);
	env->store = NULL;
}

bool environment_is_replaced(const struct environment *env)
{
	return atomic_load_explicit(&env->state->map->env_number, memory_order_relaxed) != env->number;
}

static int follow_limit(struct environment *env, struct err *err)
{
	uint64_t limit = current_limit(env);

	if (limit == env->max_bytes)
		return 0;
	env->max_bytes = limit;
	return store_set_limit(env->store, limit, err);
}

int environment_reopen(struct environment *env, struct err *err)
{
	environment_close(env);
	return open_current(env, err);
}

int environment_refresh(struct environment *env, struct err *err)
{
	if (env->store && !environment_is_replaced(env) && follow_limit(env, err) == 0)
		return 0;
	return environment_reopen(env, err);
}

int environment_condemn(struct environment *env, const char *why, struct err *err)
{
	uint32_t number = env->number;

	environment_close(env);
	if (move_aside(env, number, why, err) < 0)
		return -1;
	return open_current(env, err);
}

int environment_put_aside(struct state *state, const char *why, struct err *err)
{
	struct environment env = {.state = state};

	return move_aside(&env, atomic_load(&state->map->env_number), why, err);
}

off_t environment_key_offset(struct slice key)
{
	return (off_t)(hash_bytes(key.data, key.len) >> 2); /* 62 bits: offset + 1 stays an off_t */
}

/* A held lock belongs to a live fetcher, perhaps another instance's. */
static bool is_being_fetched(void *ctx, struct slice key)
{
	const struct environment *env = ctx;

	return file_is_locked(env->state->fetch_fd, environment_key_offset(key), 1);
}

int environment_recover(struct environment *env, struct err *err)
{
	char why[sizeof(err->msg)];

	if (store_recover(env->store, is_being_fetched, env, err) == 0)
		return 0;
	if (err->code != ERR_CORRUPT)
		return -1;
	snprintf(why, sizeof(why), "%s", err->msg);
	return environment_condemn(env, why, err);
}
