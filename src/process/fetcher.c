/* SPDX-License-Identifier: MIT */
/* A fetcher: takes flights, searches, compacts, publishes.  The only process that talks to symbol servers. */
#include "process/instance.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/settings.h"
#include "process/signals.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { LOOK_AROUND_MS = 1000, NICE = 19 };

struct fetcher {
	const struct instance *instance;
	unsigned slot;
	struct flight_control flights;
	struct flight_assignment flight; /* the one under way */
	struct environment env;
	struct settings_sources sources;
	struct searcher searcher;
	char *tmp_dir, *names_dir;
};

static void show_life(const struct fetcher *fetcher)
{
	state_slot_alive(&fetcher->instance->state->map->slots[fetcher->slot]);
}

/* Lets signals in for a moment: a search may take minutes. */
static bool is_dropped(void *ctx)
{
	struct fetcher *fetcher = ctx;

	show_life(fetcher);
	signals_allow();
	signals_block();
	return signals_dropping();
}

static void tell_progress(void *ctx, uint64_t text_bytes)
{
	struct fetcher *fetcher = ctx;

	show_life(fetcher);
	flight_progress(&fetcher->flights, &fetcher->flight, text_bytes);
}

static int fetcher_init(struct fetcher *fetcher, struct err *err)
{
	const struct instance *instance = fetcher->instance;
	const struct config *config = instance->config;
	struct state_slot *slot = &instance->state->map->slots[fetcher->slot];
	struct search_options *search = &fetcher->searcher.options;
	struct upstream_options options;

	if (environment_open(&fetcher->env, instance->state, slot, instance_store_bytes(instance), err) < 0)
		return -1;
	settings_upstream(config, &options);
	options.state = instance->state;
	options.cancelled = is_dropped;
	options.cancelled_ctx = fetcher;
	options.names_dir = fetcher->names_dir = mem_printf("%s/names", instance->state->dir);
	if (upstream_open(&fetcher->searcher.upstream, &options, err) < 0)
		return -1;
	fetcher->flights = instance_flights(instance, fetcher->slot);
	if (settings_sources_init(&fetcher->sources, config, err) < 0)
		return -1;
	fetcher->searcher.env = &fetcher->env;
	fetcher->searcher.slot = slot;
	settings_search(config, &fetcher->sources, search);
	search->tmp_dir = fetcher->tmp_dir = mem_printf("%s/tmp", instance->state->dir);
	search->cancelled = is_dropped;
	search->progress = tell_progress;
	search->ctx = fetcher;
	return 0;
}

static void fetcher_deinit(struct fetcher *fetcher)
{
	free(fetcher->tmp_dir);
	free(fetcher->names_dir);
	settings_sources_release(&fetcher->sources);
	upstream_close(fetcher->searcher.upstream);
	environment_close(&fetcher->env);
}

static void fly(struct fetcher *fetcher)
{
	struct flight_assignment *flight = &fetcher->flight;
	struct search_result result;
	struct flight_report report = {0};

	log_set_request(flight->request);
	if (flight->purpose == FLIGHT_RAW)
		search_raw(&fetcher->searcher, flight->module, flight->key, &result);
	else
		search_module(&fetcher->searcher, flight->module, flight->key, &result);
	report.outcome = result.outcome;
	report.download_us = result.download_us;
	report.build_us = result.build_us;
	report.insert_us = result.insert_us;
	report.wire_bytes = result.wire_bytes;
	memcpy(report.cause, result.cause, sizeof(report.cause));
	if (result.outcome != FLIGHT_FOUND && result.cause[0])
		log_info("%.*s could not be had: %s", SLICE_PRINT(flight->key), result.cause);
	log_set_request(NULL);
	flight_land(&fetcher->flights, flight, &report);
}

/* Takes flights until there are none left, whatever the queue's count says. */
static void fly_all(struct fetcher *fetcher)
{
	static struct log_limit limit;
	struct err err = ERR_INIT;
	int taken;

	while (!signals_stopping() && (taken = flight_take(&fetcher->flights, &fetcher->flight, &err)) > 0) {
		state_slot_phase(fetcher->instance->state, fetcher->slot, PHASE_BUSY);
		fly(fetcher);
		state_slot_phase(fetcher->instance->state, fetcher->slot, PHASE_IDLE);
	}
	if (err.code != ERR_NONE)
		log_limited(&limit, LEVEL_ERROR, "cannot take a flight: %s", err.msg);
}

static void wait_for_flight(const struct instance *instance)
{
	static struct log_limit limit;
	struct pollfd queue = {.fd = instance->queue_fd, .events = POLLIN};
	uint64_t count;

	signals_allow();
	if (poll(&queue, 1, LOOK_AROUND_MS) > 0 && read(instance->queue_fd, &count, sizeof(count)) < 0 &&
	    errno != EAGAIN && errno != EINTR)
		log_limited(&limit, LEVEL_ERROR, "cannot read the flight queue: %s", strerror(errno));
	signals_block();
}

/* Workers rely on fetchers for the names in large directories. */
static void refresh_names(struct fetcher *fetcher, uint64_t *next_ms)
{
	const struct config_list *dirs = &fetcher->instance->config->disk_cache.local_symbol_dirs;

	if (clock_mono_ms() < *next_ms)
		return;
	*next_ms = clock_mono_ms() + LOOK_AROUND_MS;
	local_index_refresh(upstream_local_index(fetcher->searcher.upstream), dirs->items, dirs->count);
}

/*
 * Two busy cores would otherwise multiply a hit's waiting time.  A core on which
 * only SCHED_IDLE runs counts as free for whoever wakes up.
 */
static void give_way(void)
{
	const struct sched_param none = {0};

	if (nice(NICE) < 0 && errno)
		log_debug("cannot lower the priority: %s", strerror(errno));
	if (sched_setscheduler(0, SCHED_IDLE, &none) < 0)
		log_debug("cannot run when others are idle only: %s", strerror(errno));
}

int fetcher_main(const struct instance *instance, unsigned index)
{
	struct fetcher fetcher = {.instance = instance, .slot = instance_fetcher_slot(instance, index)};
	uint64_t next_refresh_ms = clock_mono_ms() + LOOK_AROUND_MS;
	struct err err = ERR_INIT;

	give_way();
	mem_give_back();
	if (fetcher_init(&fetcher, &err) < 0) {
		log_error("cannot start: %s", err.msg);
		return err_exit_code(&err);
	}
	state_slot_phase(instance->state, fetcher.slot, PHASE_IDLE);
	while (!signals_stopping()) {
		wait_for_flight(instance);
		refresh_names(&fetcher, &next_refresh_ms);
		fly_all(&fetcher);
		log_tell_left_out();
	}
	fetcher_deinit(&fetcher);
	return EX_OK;
}
