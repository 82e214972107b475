/* SPDX-License-Identifier: MIT */
/* Snappy's debug protocol. */
#include "web/debug.h"

#include "addrcache/frame_value.h"
#include "base/json_text.h"
#include "base/log.h"
#include "engine/kept.h"
#include "engine/raw_files.h"
#include "upstream/local_index.h"

#include <stdlib.h>

/* One action on its way. */
struct acting {
	struct web *web;
	const struct web_request *request;
	enum debug_role role;
	const struct debug_request *debug;
	struct slice key; /* of the module; empty where none can have that name and id */
	struct web_response *response;
};

static struct environment *environment_of(const struct acting *a)
{
	return a->web->resolver->env;
}

static void answer(struct acting *a, int status, const char *text)
{
	a->response->status = status;
	buf_add_text(&a->response->body, text);
}

static void answer_unavailable(struct acting *a, const struct err *err)
{
	log_error("debug protocol: %s", err->msg);
	answer(a, 503, "{\"title\": \"the cache is not available\"}");
}

static void output_cache_hits(struct acting *a)
{
	if (!a->debug->has_enabled) {
		answer(a, 400, "{\"title\": \"enabled is missing\"}");
		return;
	}
	atomic_store(&environment_of(a)->state->map->cache_hits_mode, a->debug->enabled);
	answer(a, 200, "{\"success\": true}");
}

/* ---- cacheEvict ---- */

static void evict_address(struct acting *a)
{
	struct resolver *resolver = a->web->resolver;
	const struct debug_request *debug = a->debug;
	struct buf text = BUF_INIT;
	uint64_t source;

	if (!addrcache_has_servers(resolver->addrcache)) {
		answer(a, 400, "{\"title\": \"there is no address cache\"}");
		return;
	}
	answer(a, 200, "{\"success\": true}");
	if (a->key.len == 0 || debug->offset_odd)
		return;
	source = resolver_source_identity(resolver, debug->module, a->key);
	frame_key_add(&text, a->key, source, resolver->options.nearest, debug->offset);
	resolver_forget_add(resolver, a->key, source, resolver->options.nearest, debug->offset);
	addrcache_delete(resolver->addrcache, buf_slice(&text));
	buf_release(&text);
}

static void evict_module(struct acting *a)
{
	struct err err = ERR_INIT;

	if (a->key.len && kept_forget(environment_of(a), a->debug->module, a->key, &err) < 0)
		answer_unavailable(a, &err);
	else
		answer(a, 200, "{\"success\": true}");
}

/* The DiskCache never looked at an offset. */
static void cache_evict(struct acting *a)
{
	if (a->debug->has_offset && a->role == DEBUG_BOTH)
		evict_address(a);
	else
		evict_module(a);
}

/* ---- cacheExists ---- */

/* What is in the cache itself, as Snappy had it: no local directory's file, nor the table made of it. */
static void cache_exists(struct acting *a)
{
	struct environment *env = environment_of(a);
	struct err err = ERR_INIT;
	int found = 0;

	if (a->key.len) {
		uint64_t raw = raw_use(env->state, a->key);

		found = kept_table(env, a->key, raw, &err);
		if (raw)
			found = 1;
	}
	if (found < 0)
		answer_unavailable(a, &err);
	else
		answer(a, 200, found ? "{\"exists\": true}" : "{\"exists\": false}");
}

/* ---- cacheAddRaw and cacheGet ---- */

static void add_member(struct buf *buf, const char *name, struct slice value)
{
	buf_addf(buf, "%s\"%s\": ", buf->len ? ", " : "{", name);
	json_add_string(buf, value, JSON_ASCII);
}

static bool answer_raw(struct acting *a)
{
	const struct state *state = environment_of(a)->state;
	char *path;

	if (raw_use(state, a->key) == 0)
		return false;
	path = raw_path(state, a->key);
	add_member(&a->response->body, "path", slice_of(path));
	buf_add_text(&a->response->body, "}");
	free(path);
	return true;
}

static bool answer_local(struct acting *a)
{
	const struct resolver_options *options = &a->web->resolver->options;
	struct buf path = BUF_INIT;
	int found = 0;

	if (options->local_index)
		local_index_begin(options->local_index);
	for (unsigned i = 0; i < options->local_dir_count && found != 1; i++)
		found = upstream_local_path(options->local_index, &options->local_dirs[i], a->debug->module, &path);
	if (found == 1) {
		add_member(&a->response->body, "path", buf_slice(&path));
		buf_add_text(&a->response->body, "}");
	}
	buf_release(&path);
	return found == 1;
}

/* A compacted table has no file of its own: the database's, and the key there. */
static bool answer_table(struct acting *a)
{
	struct environment *env = environment_of(a);
	struct err err = ERR_INIT;
	int found = kept_table(env, a->key, 0, &err);
	char *path;

	if (found < 0)
		log_error("debug protocol: %s", err.msg);
	if (found != 1)
		return false;
	path = environment_data_path(env);
	add_member(&a->response->body, "path", slice_of(path));
	add_member(&a->response->body, "key", a->key);
	buf_add_text(&a->response->body, "}");
	free(path);
	return true;
}

static bool answer_kept(struct acting *a)
{
	return answer_raw(a) || answer_local(a) || answer_table(a);
}

/* By a fetcher.  False: the answer is written. */
static bool fetch(struct acting *a, enum flight_purpose purpose)
{
	struct resolver_wait wait = web_wait(a->web, a->request);
	enum flight_outcome outcome;
	struct err err = ERR_INIT;

	switch (resolver_fetch(a->web->resolver, a->debug->module, a->key, purpose, a->web->access.id,
			       &a->web->arena, &wait, &outcome)) {
	case RESOLVER_CLIENT_GONE:
		a->response->no_answer = true;
		return false;
	case RESOLVER_BUSY:
		web_add_retry_after(a->response);
		answer(a, 503, "{\"title\": \"too many requests are waiting for symbols\"}");
		return false;
	case RESOLVER_UNSETTLED:
		web_add_retry_after(a->response);
		break;
	case RESOLVER_COMPLETE:
		break;
	}
	/* a fetcher may have had to begin a new database */
	if (environment_refresh(environment_of(a), &err) < 0) {
		answer_unavailable(a, &err);
		return false;
	}
	return true;
}

static void cache_add_raw(struct acting *a)
{
	if (a->key.len && !fetch(a, FLIGHT_RAW))
		return;
	if (a->key.len == 0 || !answer_raw(a))
		answer(a, 200, "{\"path\": null}");
}

static void cache_get(struct acting *a)
{
	if (a->key.len) {
		if (answer_kept(a) || !fetch(a, FLIGHT_TABLE) || answer_kept(a))
			return;
	}
	answer(a, 200, "{\"path\": null}");
}

/* ---- the actions ---- */

static void unknown_action(struct acting *a)
{
	answer(a, 200, "{\"message\": \"Invalid action\"}");
}

static const struct {
	void (*act)(struct acting *a);
	bool of_module;
	bool of_disk_cache; /* the others were the SymServer's */
} actions[] = {
	[DEBUG_OUTPUT_CACHE_HITS] = {output_cache_hits, false, false},
	[DEBUG_CACHE_EVICT] = {cache_evict, true, true},
	[DEBUG_CACHE_ADD_RAW] = {cache_add_raw, true, true},
	[DEBUG_CACHE_GET] = {cache_get, true, true},
	[DEBUG_CACHE_EXISTS] = {cache_exists, true, true},
	[DEBUG_UNKNOWN] = {unknown_action, false, true},
};

static void act(struct acting *a)
{
	struct buf key = BUF_INIT;

	if (a->role == DEBUG_DISK_CACHE && !actions[a->debug->action].of_disk_cache) {
		unknown_action(a);
		return;
	}
	if (actions[a->debug->action].of_module && !a->debug->has_module) {
		answer(a, 400, "{\"title\": \"libName or breakpadId is missing\"}");
		return;
	}
	if (a->debug->has_module && module_is_askable(a->debug->module))
		module_add_key(&key, a->debug->module);
	a->key = buf_slice(&key);
	actions[a->debug->action].act(a);
	buf_release(&key);
}

void debug_handle(struct web *web, const struct web_request *request, enum debug_role role,
		  const struct debug_request *debug, struct web_response *response)
{
	struct acting a = {
		.web = web, .request = request, .role = role, .debug = debug, .response = response};
	struct err err = ERR_INIT;

	if (environment_refresh(environment_of(&a), &err) < 0)
		answer_unavailable(&a, &err);
	else
		act(&a);
}
