/* SPDX-License-Identifier: MIT */
/* What the roles derive from their instance. */
#include "process/instance.h"

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

uint64_t instance_store_bytes(const struct instance *instance)
{
	return (uint64_t)instance->config->disk_cache.max_size_mb << 20;
}
