/* SPDX-License-Identifier: MIT */
/* Request ids and access lines. */
#include "web/access.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "web/web.h"

#include <stdio.h>
#include <unistd.h>

enum { CLIENT_LEFT = 499 }; /* as nginx has it */

void access_init(struct access *access)
{
	struct {
		double wall_s;
		uint64_t mono_us, pid;
	} origin = {clock_wall_exact_s(), clock_mono_us(), (uint64_t)getpid()};

	*access = (struct access){.origin = hash_bytes(&origin, sizeof(origin)) >> 24};
}

static bool is_id_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-_.@:+/=", c));
}

static bool is_id(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_id_byte(text.data[i]))
			return false;
	return text.len > 0 && text.len < ACCESS_ID_BYTES;
}

static struct slice given_id(const struct web_request *request)
{
	struct slice id = request->header(request->ctx, "REQUEST_ID");

	return id.len ? id : request->header(request->ctx, "HTTP_X_REQUEST_ID");
}

void access_begin(struct access *access, const struct web_request *request)
{
	struct slice given = given_id(request);

	if (is_id(given))
		snprintf(access->id, sizeof(access->id), "%.*s", SLICE_PRINT(given));
	else
		snprintf(access->id, sizeof(access->id), "%010jx-%x", (uintmax_t)access->origin, access->count++);
	access->begun_us = request->begun_us;
	access->decoded_us = access->encode_us = 0;
	access->frames = 0;
	access->timing = (struct request_timing){0};
	log_set_request(access->id);
}

/* A query is none of ours and may hold what is nobody's business. */
static struct slice without_query(struct slice uri)
{
	const char *query = uri.len ? memchr(uri.data, '?', uri.len) : NULL;

	return query ? slice_make(uri.data, (size_t)(query - uri.data)) : uri;
}

static struct slice cut(struct slice text, size_t longest)
{
	return slice_make(text.data, text.len < longest ? text.len : longest);
}

void access_handled(struct access *access, const struct web_request *request, const struct web_response *response)
{
	struct slice path = without_query(request->uri);

	access->what[0] = '\0';
	if (!log_enabled(LEVEL_INFO))
		return;
	access->handled_us = clock_mono_us();
	snprintf(access->cause, sizeof(access->cause), "%s", response->cause);
	access->bytes = response->no_answer ? 0 : response->body.len;
	snprintf(access->what, sizeof(access->what), "%.*s %.*s%s %d", SLICE_PRINT(cut(request->method, 16)),
		 SLICE_PRINT(cut(path, 256)), path.len < request->uri.len ? "?..." : "",
		 response->no_answer ? CLIENT_LEFT : response->status);
}

static unsigned microseconds(double seconds)
{
	return (unsigned)(seconds * 1e6 + 0.5);
}

void access_log(const struct access *access)
{
	uint64_t now_us = clock_mono_us(), decoded_us = access->decoded_us ? access->decoded_us : access->handled_us;
	const struct request_timing *timing = &access->timing;

	if (access->what[0] == '\0')
		return;
	log_info("%s bytes=%zu modules=%u frames=%u resolved=%u read_us=%ju addrcache_us=%u table_us=%u wait_us=%u "
		 "encode_us=%ju send_us=%ju total_us=%ju%s%s", access->what, access->bytes, timing->module_count,
		 access->frames, timing->resolved, (uintmax_t)(decoded_us - access->begun_us),
		 microseconds(timing->cache_lookup_s), microseconds(timing->table_s), microseconds(timing->wait_s),
		 (uintmax_t)access->encode_us, (uintmax_t)(now_us - access->handled_us),
		 (uintmax_t)(now_us - access->begun_us), access->cause[0] ? " cause=" : "", access->cause);
}
