/* SPDX-License-Identifier: MIT */
/* An instance: the one struct that crosses fork, and the roles that children take. */
#ifndef PROCESS_INSTANCE_H
#define PROCESS_INSTANCE_H

#include "config/config.h"
#include "engine/flight.h"

#include <signal.h>
#include <sys/types.h>

/*
 * Slots of state.map, in this order: master, janitor, fetchers, workers.
 * LMDB, curl and memcached are opened after fork, in the process that uses them.
 */
struct instance {
	const struct config *config;
	struct state *state;
	pid_t master_pid;
	int listen_fd;
	unsigned first_slot;
	unsigned fetcher_count, worker_count; /* slots of each; workers: process.maxWorkers */
	int *worker_fds; /* an eventfd per worker slot, kept over respawns */
	int queue_fd, master_fd;
};

static inline unsigned instance_janitor_slot(const struct instance *instance)
{
	return instance->first_slot + 1;
}

static inline unsigned instance_fetcher_slot(const struct instance *instance, unsigned index)
{
	return instance->first_slot + 2 + index;
}

static inline unsigned instance_worker_slot(const struct instance *instance, unsigned index)
{
	return instance->first_slot + 2 + instance->fetcher_count + index;
}

static inline unsigned instance_slot_count(const struct instance *instance)
{
	return 2 + instance->fetcher_count + instance->worker_count;
}

/* What flights need to know in the process of that slot. */
struct flight_control instance_flights(const struct instance *instance, unsigned slot);

/* Where the current database may grow to, by the configuration. */
uint64_t instance_store_bytes(const struct instance *instance);
/* This configuration's limits count from now on, for every process on the directory. */
void instance_set_limits(const struct instance *instance);

/*
 * The master's and the workers' log (SymServer.log); that of fetchers, janitor and
 * recovery (DiskCache.log) can be opened, too, or it is an error.
 */
int instance_open_logs(const struct config *config, struct err *err);

/* What is wrong with a configuration, each problem a line. */
void instance_log_problems(const struct config_problems *problems);

/* In a child, anew: the lock that is held while a file is rotated belongs to the open file. */
void instance_open_child_log(const struct instance *instance, enum slot_kind kind);

/* The bodies of the children; each returns the process's exit code. */
int worker_main(const struct instance *instance, unsigned index);
int fetcher_main(const struct instance *instance, unsigned index);
int janitor_main(const struct instance *instance);
int recovery_main(const struct instance *instance); /* before the first worker */

/* The master: runs until told to stop.  Returns the program's exit code. */
int master_run(struct instance *instance, const struct config_args *args);

#endif
