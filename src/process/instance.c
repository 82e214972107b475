/* SPDX-License-Identifier: MIT */
/* What the roles derive from their instance. */
#include "process/instance.h"

#include "base/log.h"
#include "engine/settings.h"

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

int instance_open_log(const struct config_log *log, struct err *err)
{
	struct log_options options = {
		.path = log->path,
		.level = (int)log->level,
		.max_file_bytes = (uint64_t)log->max_file_size_mb << 20,
		.max_files = log->max_files,
	};

	return log_open(&options, err);
}

uint64_t instance_store_bytes(const struct instance *instance)
{
	return settings_store_bytes(instance->config);
}
