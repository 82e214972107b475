/* SPDX-License-Identifier: MIT */
/* The janitor: recovery before the first worker, and what nobody else gets round to. */
#include "process/instance.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/environment.h"
#include "process/signals.h"

#include <poll.h>
#include <sysexits.h>

enum { ROUND_MS = 1000, RECOVER_EVERY_MS = 10 * 60 * 1000 };

static int open_env(const struct instance *instance, struct environment *env, struct err *err)
{
	struct state_slot *slot = &instance->state->map->slots[instance_janitor_slot(instance)];

	return environment_open(env, instance->state, slot, instance_store_bytes(instance), err);
}

int recovery_main(const struct instance *instance)
{
	struct environment env;
	struct err err = ERR_INIT;

	if (open_env(instance, &env, &err) < 0 || environment_recover(&env, &err) < 0) {
		log_error("cannot open the cache in %s: %s", instance->state->dir, err.msg);
		return err_exit_code(&err);
	}
	environment_close(&env);
	return EX_OK;
}

static void delete_bad_tables(struct environment *env)
{
	for (int i = 0; i < STATE_BAD_TABLES; i++) {
		uint64_t id = atomic_load(&env->state->map->bad_tables[i]);
		struct err err = ERR_INIT;

		if (id == 0)
			continue;
		if (store_delete_id(env->store, id, &err) < 0)
			log_error("cannot delete a damaged table: %s", err.msg);
		else
			state_bad_table_remove(env->state, id);
	}
}

static void recover_now_and_then(struct environment *env, uint64_t *next_ms)
{
	struct err err = ERR_INIT;

	if (clock_mono_ms() < *next_ms)
		return;
	*next_ms = clock_mono_ms() + RECOVER_EVERY_MS;
	if (environment_recover(env, &err) < 0)
		log_error("cannot clean the database: %s", err.msg);
}

/* What the dead had half written takes room from those who write. */
static bool has_anybody_died(const struct state *state, uint64_t *deaths)
{
	uint64_t last = *deaths;

	*deaths = state_counter(state, COUNTER_children_died);
	return *deaths != last;
}

/* Of all janitors on the directory, the one that holds the lock works. */
static void work(const struct instance *instance, struct environment *env, struct flight_control *flights,
		 uint64_t *next_recovery_ms, uint64_t *deaths)
{
	struct err err = ERR_INIT;

	if (file_lock(instance->state->lock_fd, STATE_LOCK_JANITOR, 1, FILE_LOCK_EXCLUSIVE, false, &err) != 1)
		return;
	if (environment_refresh(env, &err) < 0) {
		log_error("cannot open the database: %s", err.msg);
		return;
	}
	flight_sweep(flights);
	delete_bad_tables(env);
	if (has_anybody_died(env->state, deaths))
		*next_recovery_ms = 0;
	recover_now_and_then(env, next_recovery_ms);
}

int janitor_main(const struct instance *instance)
{
	struct flight_control flights = instance_flights(instance, instance_janitor_slot(instance));
	uint64_t next_recovery_ms = clock_mono_ms() + RECOVER_EVERY_MS, deaths = 0;
	struct environment env;
	struct err err = ERR_INIT;

	if (open_env(instance, &env, &err) < 0) {
		log_error("cannot start: %s", err.msg);
		return err_exit_code(&err);
	}
	while (!signals_stopping()) {
		work(instance, &env, &flights, &next_recovery_ms, &deaths);
		signals_allow();
		poll(NULL, 0, ROUND_MS);
		signals_block();
	}
	environment_close(&env);
	return EX_OK;
}
