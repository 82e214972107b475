/* SPDX-License-Identifier: MIT */
/* Having one module fetched, for whoever wants the module and no address of it. */
#include "engine/resolver_steps.h"

static enum flight_outcome outcome_of(const struct wanted_module *module)
{
	if (module->landed)
		return module->report.outcome;
	return module->state == MODULE_ABSENT ? FLIGHT_ABSENT : FLIGHT_UNKNOWN;
}

enum resolver_verdict resolver_fetch(struct resolver *resolver, struct module_name module, struct slice key,
				     enum flight_purpose purpose, const char *request_id, struct arena *arena,
				     const struct resolver_wait *wait, enum flight_outcome *ret_outcome)
{
	struct wanted_module wanted = {.name = module, .key = key, .frame_count = 1, .purpose = purpose};
	struct request request = {.id = request_id};
	struct resolving r = {
		.resolver = resolver,
		.wanted = {.request = &request, .modules = &wanted, .module_count = 1},
		.arena = arena,
		.wait = wait,
	};
	enum resolver_verdict verdict;

	if (purpose == FLIGHT_TABLE)
		resolve_remembered(&r);
	verdict = resolve_by_flights(&r);
	*ret_outcome = outcome_of(&wanted);
	return r.over_cap ? RESOLVER_BUSY : verdict;
}
