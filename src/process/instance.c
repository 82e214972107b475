/* SPDX-License-Identifier: MIT */
/* What the roles derive from their instance. */
#include "process/instance.h"

#include "base/log.h"

struct flight_control instance_flights(const struct instance *instance, unsigned slot)
{
	return (struct flight_control){
		.state = instance->state,
		.slot = slot,
		.queue_fd = instance->queue_fd,
		.master_fd = instance->master_fd,
		.worker_fds = instance->worker_fds,
		.first_slot = instance_worker_slot(instance, 0),
		.worker_count = instance->worker_count,
	};
}

static int open_log(const struct config_log *log, struct err *err)
{
	struct log_options options = {
		.path = log->path,
		.level = (int)log->level,
		.max_file_bytes = (uint64_t)log->max_file_size_mb << 20,
		.max_files = log->max_files,
	};

	return log_open(&options, err);
}

static void warn_if_replaced(const char *key, const struct config_log *log)
{
	const char *lack = log_lacks(log->path);

	if (lack)
		log_warning("%s is \"%s\" and %s: standard error is used", key, log->path, lack);
}

int instance_open_logs(const struct config *config, struct err *err)
{
	if (log_check(config->disk_cache.log.path, err) < 0 || open_log(&config->sym_server.log, err) < 0)
		return -1;
	warn_if_replaced("DiskCache.log.path", &config->disk_cache.log);
	warn_if_replaced("SymServer.log.path", &config->sym_server.log);
	return 0;
}

void instance_log_problems(const struct config_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++) {
		const struct config_problem *problem = &problems->items[i];
		int level = problem->severity == CONFIG_ERROR ? LEVEL_ERROR : LEVEL_WARNING;

		if (problem->line)
			log_write(level, "%s:%u: %s", problem->source, problem->line, problem->text);
		else
			log_write(level, "%s: %s", problem->source, problem->text);
	}
}

void instance_open_child_log(const struct instance *instance, enum slot_kind kind)
{
	struct err err = ERR_INIT;
	int result = kind == SLOT_WORKER ? log_reopen(&err) : open_log(&instance->config->disk_cache.log, &err);

	if (result < 0)
		log_error("%s; the master's log is used", err.msg); /* a full disk, perhaps: no reason not to serve */
}

uint64_t instance_store_bytes(const struct instance *instance)
{
	return (uint64_t)instance->config->disk_cache.max_size_mb << 20;
}

void instance_set_limits(const struct instance *instance)
{
	struct state_map *map = instance->state->map;

	atomic_store(&map->store_bytes, instance_store_bytes(instance));
	atomic_store(&map->oversize_bytes, (uint64_t)instance->config->disk_cache.max_oversize_mb << 20);
}
