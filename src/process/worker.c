/* SPDX-License-Identifier: MIT */
/* A worker: accepts, resolves, answers.  It talks to no symbol server and parses nothing that one sends. */
#include "process/instance.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/settings.h"
#include "process/fcgi.h"
#include "process/signals.h"

#include <stdlib.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	OPEN_TABLES = 64,     /* kept open between requests */
	EXTRA_RING_MB = 2,    /* names ring of workers grown beyond process.workers */
	EXTRA_IDLE_MS = 60000 /* after which such a worker ends */
};

struct worker {
	const struct instance *instance;
	unsigned index, slot;
	struct environment env;
	struct open_tables *tables;
	struct addrcache *addrcache;
	struct flight_control flights;
	struct settings_sources sources;
	struct settings_memcached memcached;
	struct resolver resolver;
	struct web web;
};

static bool is_extra(const struct worker *worker)
{
	return worker->index >= worker->instance->config->process.workers;
}

static int open_addrcache(struct worker *worker, struct err *err)
{
	const struct config *config = worker->instance->config;
	struct addrcache_options options = {
		.timeout_ms = (int)config->sym_server.memcached_timeout_ms,
		.breaker = &worker->instance->state->map->addrcache_breaker,
	};

	settings_memcached_init(&worker->memcached, config);
	options.servers = (const char *const *)worker->memcached.items;
	options.server_count = worker->memcached.count;
	return addrcache_open(&worker->addrcache, &options, err);
}

static struct web_options web_options(const struct config *config)
{
	const struct config_sym_server *server = &config->sym_server;

	return (struct web_options){
		.limits = {
			.max_jobs = server->max_jobs,
			.max_modules = server->max_modules,
			.max_stacks = server->max_stacks,
			.max_frames = server->max_frames,
		},
		.lenient = server->lenient_modules,
		.debug_local = config->process.debug_protocol == CONFIG_DEBUG_LOCAL,
		.allowed_hosts = config->process.allowed_hosts.items,
		.allowed_host_count = config->process.allowed_hosts.count,
	};
}

static int worker_init(struct worker *worker, struct err *err)
{
	const struct instance *instance = worker->instance;
	const struct config *config = instance->config;
	struct state_slot *slot = &instance->state->map->slots[worker->slot];
	struct resolver_options resolver_options;
	struct web_options options;
	unsigned ring_mb = is_extra(worker) ? EXTRA_RING_MB : config->process.names_ring_mb;

	if (environment_open(&worker->env, instance->state, slot, instance_store_bytes(instance), err) < 0 ||
	    settings_sources_init(&worker->sources, config, err) < 0 || open_addrcache(worker, err) < 0)
		return -1;
	worker->tables = open_tables_new((size_t)ring_mb << 20, OPEN_TABLES);
	worker->flights = instance_flights(instance, worker->slot);
	settings_resolver(config, &worker->sources, &resolver_options);
	resolver_init(&worker->resolver, &resolver_options, &worker->env, worker->tables, worker->addrcache,
		      &worker->flights, slot);
	options = web_options(config);
	web_init(&worker->web, &options, &worker->resolver, instance->worker_fds[worker->index]);
	return 0;
}

static void worker_deinit(struct worker *worker)
{
	web_release(&worker->web);
	resolver_release(&worker->resolver);
	settings_sources_release(&worker->sources);
	open_tables_free(worker->tables);
	addrcache_close(worker->addrcache);
	settings_memcached_release(&worker->memcached);
	environment_close(&worker->env);
}

/* The pool may have to grow. */
static void tell_held_up(void *ctx)
{
	struct worker *worker = ctx;

	flight_tell_master(&worker->flights);
}

/* Up to a tenth more or less: workers that began together do not end together. */
static uint64_t with_jitter(uint64_t count)
{
	uint64_t tenth = count / 10, random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint64_t)getpid();
	return count - tenth + random % (2 * tenth + 1);
}

/* Workers that were added while others waited go when they are not needed any more. */
static bool is_superfluous(void *ctx)
{
	const struct worker *worker = ctx;
	const struct state_slot *slot = &worker->instance->state->map->slots[worker->slot];

	return is_extra(worker) && clock_mono_ms() - atomic_load(&slot->phase_since_ms) > EXTRA_IDLE_MS;
}

int worker_main(const struct instance *instance, unsigned index)
{
	struct worker worker = {.instance = instance, .index = index, .slot = instance_worker_slot(instance, index)};
	struct fcgi_options options = {
		.listen_fd = instance->listen_fd,
		.read_timeout_ms = instance->config->process.read_timeout_ms,
		.send_timeout_ms = instance->config->process.send_timeout_ms,
		.max_body_bytes = (size_t)instance->config->sym_server.max_body_mb << 20,
		.max_requests = with_jitter(instance->config->process.max_requests),
		.state = instance->state,
		.slot = worker.slot,
		.idle = is_superfluous,
		.held_up = tell_held_up,
		.ctx = &worker,
	};
	struct err err = ERR_INIT;

	if (worker_init(&worker, &err) < 0) {
		log_error("cannot start: %s", err.msg);
		return err_exit_code(&err);
	}
	state_slot_phase(instance->state, worker.slot, PHASE_IDLE);
	flight_tell_master(&worker.flights); /* which may wait for the first that serves */
	if (fcgi_serve(&options, &worker.web, &err) < 0)
		log_error("%s", err.msg);
	worker_deinit(&worker);
	return err.code == ERR_NONE ? EX_OK : err_exit_code(&err);
}
