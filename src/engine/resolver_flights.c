/* SPDX-License-Identifier: MIT */
/* Resolving what is missing here: flights, and waiting for them. */
#include "engine/resolver_steps.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A wake-up may be lost when its sender is killed: look again at least this often. */
enum { LOOK_AGAIN_MS = 1000, LOOK_AGAIN_FOREIGN_MS = 20 };

static bool join_flight(struct resolving *r, struct wanted_module *module)
{
	struct resolver *resolver = r->resolver;
	struct err err = ERR_INIT;
	bool begun;

	if (flight_join(resolver->flights, module->name, module->key, r->wanted.request->id, &module->ticket, &begun,
			&err) < 0) {
		static struct log_limit limit;

		log_limited(&limit, LEVEL_WARNING, "cannot look for %.*s: %s", SLICE_PRINT(module->key), err.msg);
		return false;
	}
	counter_add(resolver->slot, begun ? COUNTER_flights_begun : COUNTER_flights_joined, 1);
	module->has_ticket = true;
	return true;
}

/* Returns how many are under way. */
static uint32_t join_flights(struct resolving *r)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->wanted.module_count && count < r->resolver->options.max_fetches; i++) {
		struct wanted_module *module = &r->wanted.modules[i];

		if (module->state == MODULE_UNASKED && module->frame_count && join_flight(r, module))
			count++;
	}
	return count;
}

static void settle_landed(struct resolving *r, struct wanted_module *module)
{
	module->has_ticket = false;
	module->landed = true;
	if (module->report.outcome == FLIGHT_FOUND || module->report.outcome == FLIGHT_UNKNOWN)
		return; /* found: the table answers; unknown: it may be there by another's doing */
	module->state = MODULE_ABSENT;
	(void)r;
}

/* Takes note of flights that landed; returns how many are still under way. */
static uint32_t check_flights(struct resolving *r, bool *ret_foreign)
{
	uint32_t left = 0;

	*ret_foreign = false;
	for (uint32_t i = 0; i < r->wanted.module_count; i++) {
		struct wanted_module *module = &r->wanted.modules[i];

		if (!module->has_ticket)
			continue;
		if (flight_landed(r->resolver->flights, module->ticket, &module->report)) {
			settle_landed(r, module);
			continue;
		}
		left++;
		*ret_foreign |= flight_is_foreign(r->resolver->flights, module->ticket);
	}
	return left;
}

static void watch_flights(struct resolving *r)
{
	for (uint32_t i = 0; i < r->wanted.module_count; i++)
		if (r->wanted.modules[i].has_ticket)
			flight_watch(r->resolver->flights, r->wanted.modules[i].ticket);
}

static bool client_is_gone(const struct pollfd *client)
{
	char byte;

	if (client->revents & (POLLHUP | POLLERR | POLLRDHUP))
		return true;
	return client->revents & POLLIN && recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Sleeps until woken, or it is time to look again.  False: the client left. */
static bool sleep_on(const struct resolver_wait *wait, int timeout_ms)
{
	struct pollfd fds[2] = {
		{.fd = wait->wake_fd, .events = POLLIN},
		{.fd = wait->client_fd, .events = POLLIN | POLLRDHUP},
	};
	uint64_t count;

	if (poll(fds, 2, timeout_ms) < 0)
		return true;
	if (fds[0].revents & POLLIN && read(wait->wake_fd, &count, sizeof(count)) < 0)
		return true;
	return !client_is_gone(&fds[1]);
}

static enum resolver_verdict wait_for_flights(struct resolving *r)
{
	uint64_t deadline = clock_mono_ms() + r->resolver->options.wait_ms;
	uint32_t under_way;
	bool foreign;

	watch_flights(r);
	while ((under_way = check_flights(r, &foreign)) != 0) {
		int left = clock_left_ms(deadline);
		int longest = foreign || r->wait->wake_fd < 0 ? LOOK_AGAIN_FOREIGN_MS : LOOK_AGAIN_MS;

		if (left == 0) {
			log_info("still looked for after %u ms: %u modules", r->resolver->options.wait_ms, under_way);
			return RESOLVER_UNSETTLED;
		}
		if (!sleep_on(r->wait, left < longest ? left : longest))
			return RESOLVER_CLIENT_GONE;
	}
	return RESOLVER_COMPLETE;
}

enum resolver_verdict resolve_by_flights(struct resolving *r)
{
	struct resolver *resolver = r->resolver;
	enum resolver_verdict verdict;
	uint64_t start_us;

	if (resolver->flights == NULL || join_flights(r) == 0)
		return RESOLVER_COMPLETE;
	if (!state_enter_held_up(resolver->env->state, resolver->flights->slot, PHASE_WAITING,
				 resolver->options.max_waiting)) {
		static struct log_limit limit;

		log_limited(&limit, LEVEL_WARNING, "%u workers wait for symbols already: answered with what is known",
			    resolver->options.max_waiting);
		counter_add(resolver->slot, COUNTER_flights_over_cap, 1);
		r->over_cap = true;
		return RESOLVER_UNSETTLED;
	}
	flight_tell_master(resolver->flights);
	start_us = clock_mono_us();
	verdict = wait_for_flights(r);
	r->wait_us += clock_mono_us() - start_us;
	state_slot_phase(resolver->env->state, resolver->flights->slot, PHASE_BUSY);
	return verdict;
}
