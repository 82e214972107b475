/* SPDX-License-Identifier: MIT */
/* Snappy's debug protocol: what of it concerns caches that are held here. */
#include "web/debug.h"

#include "addrcache/frame_value.h"
#include "base/log.h"

static void answer(struct web_response *response, int status, const char *text)
{
	response->status = status;
	buf_add_text(&response->body, text);
}

static void output_cache_hits(struct web *web, const struct debug_request *debug, struct web_response *response)
{
	if (!debug->has_enabled) {
		answer(response, 400, "{\"title\": \"enabled is missing\"}");
		return;
	}
	atomic_store(&web->resolver->env->state->map->cache_hits_mode, debug->enabled);
	answer(response, 200, "{\"success\": true}");
}

/* The table, or the memory of there being none. */
static bool evict_table(struct store *store, struct module_name module, struct slice key)
{
	struct buf spelling = BUF_INIT;
	struct err err = ERR_INIT;
	bool done;

	module_add_spelling(&spelling, module);
	done = store_delete(store, key, &err) >= 0 && store_absent_delete(store, buf_slice(&spelling), &err) >= 0;
	buf_release(&spelling);
	if (!done)
		log_error("cannot evict %.*s: %s", SLICE_PRINT(key), err.msg);
	return done;
}

/* With an offset the SymServer's address cache is meant, otherwise the DiskCache's file. */
static bool evict(struct web *web, const struct debug_request *debug, struct slice key)
{
	struct resolver *resolver = web->resolver;
	struct buf text = BUF_INIT;

	if (!debug->has_offset)
		return evict_table(resolver->env->store, debug->module, key);
	if (!addrcache_has_servers(resolver->addrcache))
		return false;
	frame_key_add(&text, key, 0, resolver->options.nearest, debug->offset);
	resolver_forget_add(resolver, key, 0, resolver->options.nearest, debug->offset);
	addrcache_delete(resolver->addrcache, buf_slice(&text));
	buf_release(&text);
	return true;
}

static bool exists(struct web *web, struct slice key)
{
	struct store *store = web->resolver->env->store;
	struct store_table table;
	struct err err = ERR_INIT;
	bool found;

	if (store_read_begin(store, &err) < 0)
		return false;
	found = store_find(store, key, &table, &err) == 1;
	store_read_end(store);
	return found;
}

static void handle_module(struct web *web, const struct debug_request *debug, struct web_response *response)
{
	struct buf key = BUF_INIT;

	if (!debug->has_module) {
		answer(response, 400, "{\"title\": \"libName or breakpadId is missing\"}");
		return;
	}
	if (!module_is_askable(debug->module)) {
		answer(response, 200, debug->action == DEBUG_CACHE_EXISTS ? "{\"exists\": false}" : "{\"success\": true}");
		return;
	}
	module_add_key(&key, debug->module);
	if (debug->action == DEBUG_CACHE_EXISTS)
		answer(response, 200, exists(web, buf_slice(&key)) ? "{\"exists\": true}" : "{\"exists\": false}");
	else if (evict(web, debug, buf_slice(&key)))
		answer(response, 200, "{\"success\": true}");
	else
		answer(response, 400, "{\"title\": \"there is no address cache\"}");
	buf_release(&key);
}

void debug_handle(struct web *web, const struct debug_request *debug, struct web_response *response)
{
	struct err err = ERR_INIT;

	if (environment_refresh(web->resolver->env, &err) < 0) {
		answer(response, 503, "{\"title\": \"the cache is not available\"}");
		return;
	}
	switch (debug->action) {
	case DEBUG_OUTPUT_CACHE_HITS:
		output_cache_hits(web, debug, response);
		break;
	case DEBUG_CACHE_EVICT:
	case DEBUG_CACHE_EXISTS:
		handle_module(web, debug, response);
		break;
	default:
		answer(response, 200, "{\"message\": \"Invalid action\"}");
	}
}
