/* SPDX-License-Identifier: MIT */
/* The janitor: recovery before the first worker, and what nobody else gets round to. */
#include "process/instance.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/kept.h"
#include "engine/raw_files.h"
#include "engine/settings.h"
#include "process/signals.h"

#include <poll.h>
#include <sysexits.h>

enum { ROUND_MS = 1000, RECOVER_EVERY_MS = 10 * 60 * 1000, SWEEP_EVERY_MS = 10 * 1000 };

/* When what is not done in each round comes next; clock_mono_ms(). */
struct timetable {
	uint64_t recovery_ms, limit_ms, tidy_ms, sweep_ms;
	uint64_t deaths; /* of processes, counted when it was last looked */
};

static int open_env(const struct instance *instance, struct environment *env, struct err *err)
{
	struct state_slot *slot = &instance->state->map->slots[instance_janitor_slot(instance)];

	return environment_open(env, instance->state, slot, instance_store_bytes(instance), err);
}

/* Raw files over their share go, and tables whose raw file is gone. */
static void sweep_raw_files(const struct instance *instance, struct environment *env)
{
	struct err err = ERR_INIT;

	if (raw_sweep(instance->state, settings_raw_bytes(instance->config), &err) < 0 ||
	    kept_drop_orphans(env, &err) < 0)
		log_error("cannot clean the raw files: %s", err.msg);
}

int recovery_main(const struct instance *instance)
{
	struct environment env;
	struct err err = ERR_INIT;

	if (open_env(instance, &env, &err) < 0 || environment_recover(&env, &err) < 0) {
		log_error("cannot open the cache in %s: %s", instance->state->dir, err.msg);
		return err_exit_code(&err);
	}
	sweep_raw_files(instance, &env);
	environment_close(&env);
	return EX_OK;
}

static void delete_bad_tables(struct environment *env)
{
	static struct log_limit limit;

	for (int i = 0; i < STATE_BAD_TABLES; i++) {
		uint64_t id = atomic_load(&env->state->map->bad_tables[i]);
		struct err err = ERR_INIT;

		if (id == 0)
			continue;
		if (store_delete_id(env->store, id, &err) < 0)
			log_limited(&limit, LEVEL_ERROR, "cannot delete a damaged table: %s", err.msg);
		else
			state_bad_table_remove(env->state, id);
	}
}

/* Whether its time has come; then sets the next one. */
static bool is_due(uint64_t *next_ms, unsigned every_ms)
{
	if (clock_mono_ms() < *next_ms)
		return false;
	*next_ms = clock_mono_ms() + every_ms;
	return true;
}

static void recover(struct environment *env)
{
	struct err err = ERR_INIT;

	if (store_keep_stamps(env->store, &err) < 0 || environment_recover(env, &err) < 0)
		log_error("cannot clean the database: %s", err.msg);
}

/* What the dead had half written takes room from those who write. */
static bool has_anybody_died(const struct state *state, struct timetable *times)
{
	uint64_t last = times->deaths;

	times->deaths = state_counter(state, COUNTER_children_died);
	return times->deaths != last;
}

static void sweep_oversize(struct environment *env)
{
	struct err err = ERR_INIT;

	if (store_sweep_oversize(env->store, &err) < 0)
		log_error("cannot delete tables larger than the cache: %s", err.msg);
}

/* In steps, between which others come to write and signals are taken. */
static void keep_limit(struct environment *env, struct timetable *times)
{
	enum { PAUSE_AFTER_FAILURE_MS = 60 * 1000 };
	struct err err = ERR_INIT;
	int result = clock_mono_ms() < times->limit_ms ? 0 : 1;

	while (result > 0 && !signals_stopping()) {
		result = environment_keep_limit(env, &err);
		signals_allow();
		signals_block();
	}
	if (result >= 0)
		return;
	log_error("cannot bring the database under its limit: %s", err.msg);
	environment_close(env); /* LMDB may want to be opened anew */
	times->limit_ms = clock_mono_ms() + PAUSE_AFTER_FAILURE_MS;
}

/* Of all janitors on the directory, the one that holds the lock works. */
static void work(const struct instance *instance, struct environment *env, struct flight_control *flights,
		 struct timetable *times)
{
	static struct log_limit limit;
	struct err err = ERR_INIT;
	int locked = file_lock(instance->state->lock_fd, STATE_LOCK_JANITOR, 1, FILE_LOCK_EXCLUSIVE, false, &err);

	if (locked == 0)
		return;
	if (locked < 0 || environment_refresh(env, &err) < 0) {
		log_limited(&limit, LEVEL_ERROR, "cannot work on the database: %s", err.msg);
		return;
	}
	flight_sweep(flights);
	delete_bad_tables(env);
	if (is_due(&times->tidy_ms, RECOVER_EVERY_MS))
		environment_tidy(env);
	if (is_due(&times->sweep_ms, SWEEP_EVERY_MS))
		sweep_raw_files(instance, env);
	if (has_anybody_died(env->state, times))
		times->recovery_ms = 0;
	if (is_due(&times->recovery_ms, RECOVER_EVERY_MS))
		recover(env);
	sweep_oversize(env);
	keep_limit(env, times);
}

int janitor_main(const struct instance *instance)
{
	struct flight_control flights = instance_flights(instance, instance_janitor_slot(instance));
	struct timetable times = {.recovery_ms = clock_mono_ms() + RECOVER_EVERY_MS};
	struct environment env;
	struct err err = ERR_INIT;

	if (open_env(instance, &env, &err) < 0) {
		log_error("cannot start: %s", err.msg);
		return err_exit_code(&err);
	}
	state_slot_phase(instance->state, instance_janitor_slot(instance), PHASE_IDLE);
	while (!signals_stopping()) {
		work(instance, &env, &flights, &times);
		log_tell_left_out();
		signals_allow();
		poll(NULL, 0, ROUND_MS);
		signals_block();
	}
	if (env.store && store_keep_stamps(env.store, &err) < 0)
		log_warning("cannot save when tables were used: %s", err.msg);
	environment_close(&env);
	return EX_OK;
}
