/* SPDX-License-Identifier: MIT */
/* Router, CORS, and the symbolication handler. */
#include "web/web.h"

#include "base/clock.h"
#include "base/log.h"
#include "web/admission.h"
#include "web/debug.h"

#include <stdio.h>

enum { RETRY_AFTER_S = 5 };

struct route {
	const char *path;
	enum protocol_api api;
	enum counter counter;
};

static const struct route routes[] = {
	{"/", API_SNAPPY, COUNTER_requests_snappy},
	{"/symbolicate/v4", API_SYMBOLICATE_V4, COUNTER_requests_v4},
	{"/symbolicate/v5", API_SYMBOLICATE_V5, COUNTER_requests_v5},
};

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"}, {400, "Bad Request"}, {404, "Not Found"}, {405, "Method Not Allowed"},
	{413, "Payload Too Large"}, {500, "Internal Server Error"}, {503, "Service Unavailable"},
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

void web_response_init(struct web_response *response)
{
	*response = (struct web_response){.headers = BUF_INIT, .body = BUF_INIT};
}

void web_response_clear(struct web_response *response)
{
	buf_clear(&response->headers);
	buf_clear(&response->body);
	response->status = 200;
	response->cause[0] = '\0';
	response->no_answer = false;
}

void web_response_release(struct web_response *response)
{
	buf_release(&response->headers);
	buf_release(&response->body);
}

void web_init(struct web *web, const struct web_options *options, struct resolver *resolver, int wake_fd)
{
	*web = (struct web){.options = *options, .resolver = resolver, .wake_fd = wake_fd};
	arena_init(&web->arena);
	access_init(&web->access);
}

void web_release(struct web *web)
{
	arena_release(&web->arena);
}

static struct slice header(const struct web_request *request, const char *cgi_name)
{
	return request->header(request->ctx, cgi_name);
}

static void count(struct web *web, enum counter counter)
{
	counter_add(web->resolver->slot, counter, 1);
}

static void add_header(struct web_response *response, const char *name, struct slice value)
{
	buf_add_text(&response->headers, name);
	buf_add_text(&response->headers, ": ");
	buf_add_slice(&response->headers, value);
	buf_add_text(&response->headers, "\r\n");
}

static void refuse(struct web_response *response, int status, enum protocol_api api, struct slice text)
{
	response->status = status;
	snprintf(response->cause, sizeof(response->cause), "%.*s", SLICE_PRINT(text));
	buf_clear(&response->body);
	protocol_encode_error(&response->body, api, text);
}

/* ---- what is not POST ---- */

/* Eliot's list; the profiler only minds that the header is there. */
#define EXPOSED_HEADERS "accept, accept-encoding, authorization, content-type, dnt, origin, user-agent, " \
	"x-csrftoken, x-requested-with"

static void add_cors(const struct web_request *request, struct web_response *response)
{
	if (header(request, "HTTP_ORIGIN").data == NULL)
		return;
	add_header(response, "Access-Control-Allow-Origin", SLICE_LITERAL("*"));
	add_header(response, "Access-Control-Expose-Headers", SLICE_LITERAL(EXPOSED_HEADERS));
}

/* A value is echoed only if it cannot end the header line: web servers see to that, we do not rely on it. */
static bool is_header_safe(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f)
			return false;
	return true;
}

static void answer_options(const struct web_request *request, struct web_response *response)
{
	struct slice method = header(request, "HTTP_ACCESS_CONTROL_REQUEST_METHOD");
	struct slice wanted = header(request, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS");

	if (header(request, "HTTP_ORIGIN").data == NULL || method.data == NULL) {
		add_header(response, "Allow", SLICE_LITERAL("POST"));
		return;
	}
	if (wanted.data == NULL || !is_header_safe(wanted))
		wanted = SLICE_LITERAL("*");
	add_header(response, "Access-Control-Allow-Methods", SLICE_LITERAL("POST"));
	add_header(response, "Access-Control-Allow-Headers", wanted);
	add_header(response, "Access-Control-Max-Age", SLICE_LITERAL("86400"));
}

static void refuse_method(struct web_response *response, enum protocol_api api)
{
	add_header(response, "Allow", SLICE_LITERAL("POST, OPTIONS"));
	refuse(response, 405, api, SLICE_LITERAL("405 Method Not Allowed"));
}

/* ---- symbolication ---- */

static void add_retry_after(struct web_response *response)
{
	buf_addf(&response->headers, "Retry-After: %d\r\n", RETRY_AFTER_S);
}

static void symbolicate(struct web *web, const struct web_request *request, struct request *job,
			struct web_response *response)
{
	struct resolver_wait wait = {.wake_fd = web->wake_fd, .client_fd = request->client_fd};
	struct access *access = &web->access;
	enum resolver_verdict verdict;
	uint64_t start_us;

	verdict = resolver_resolve(web->resolver, job, &web->arena, &wait, &access->timing, &web->adds);
	if (verdict == RESOLVER_CLIENT_GONE) {
		count(web, COUNTER_clients_gone);
		response->no_answer = true;
		return;
	}
	if (verdict != RESOLVER_COMPLETE)
		add_retry_after(response);
	if (verdict == RESOLVER_BUSY) {
		count(web, COUNTER_requests_busy);
		refuse(response, 503, API_SYMBOLICATE_V5, SLICE_LITERAL("too many requests are waiting for symbols"));
		return;
	}
	start_us = clock_mono_us();
	protocol_encode(&response->body, job, job->want_debug ? &access->timing : NULL);
	access->encode_us = clock_mono_us() - start_us;
}

static void refuse_too_large(struct web *web, struct web_response *response, enum protocol_api api, struct slice text)
{
	count(web, COUNTER_requests_too_large);
	refuse(response, 413, api, text);
}

static void handle_post(struct web *web, const struct route *route, const struct web_request *request,
			struct web_response *response)
{
	struct protocol_options options = {
		.api = route->api,
		.debug_allowed = route->api == API_SNAPPY && admission_debug(&web->options, request),
		.lenient = web->options.lenient,
		.limits = web->options.limits,
	};
	/* lives until after the answer: what is offered to memcached then points into it */
	struct request *job = arena_calloc(&web->arena, 1, sizeof(*job));
	struct debug_request debug = {0};
	struct err err = ERR_INIT;

	count(web, route->counter);
	if (request->body_too_large) {
		refuse_too_large(web, response, route->api, SLICE_LITERAL("the request is larger than SymServer.maxBodyMB"));
		return;
	}
	if (request->body_error) {
		count(web, COUNTER_requests_invalid);
		refuse(response, 400, route->api, slice_of(request->body_error));
		return;
	}
	switch (protocol_decode(&options, request->body, &web->arena, job, &debug, &err)) {
	case PROTOCOL_REQUEST:
		web->access.decoded_us = clock_mono_us();
		web->access.frames = job->frame_count;
		job->id = web->access.id;
		job->want_debug = route->api == API_SYMBOLICATE_V5 && header(request, "HTTP_DEBUG").len > 0;
		symbolicate(web, request, job, response);
		break;
	case PROTOCOL_DEBUG:
		debug_handle(web, &debug, response);
		break;
	case PROTOCOL_INVALID:
		count(web, COUNTER_requests_invalid);
		refuse(response, 400, route->api, slice_of(err.msg));
		break;
	case PROTOCOL_TOO_LARGE:
		refuse_too_large(web, response, route->api, slice_of(err.msg));
		break;
	}
}

static struct slice path_of(struct slice uri)
{
	const char *query = uri.len ? memchr(uri.data, '?', uri.len) : NULL;

	return query ? slice_make(uri.data, (size_t)(query - uri.data)) : uri;
}

static const struct route *find_route(struct slice path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (slice_is(path, routes[i].path))
			return &routes[i];
	return NULL;
}

static void dispatch(struct web *web, const struct web_request *request, struct web_response *response)
{
	const struct route *route = find_route(path_of(request->uri));

	if (route == NULL) {
		count(web, COUNTER_requests_invalid);
		refuse(response, 404, API_SYMBOLICATE_V5, SLICE_LITERAL("404 Not Found"));
	} else if (slice_is(request->method, "POST")) {
		handle_post(web, route, request, response);
	} else if (slice_is(request->method, "OPTIONS")) {
		answer_options(request, response);
	} else {
		count(web, COUNTER_requests_invalid);
		refuse_method(response, route->api);
	}
}

static void finish_headers(struct web *web, const struct web_request *request, struct web_response *response)
{
	add_cors(request, response);
	add_header(response, "X-Request-Id", slice_of(web->access.id));
	if (response->body.len)
		add_header(response, "Content-Type", SLICE_LITERAL("application/json"));
	buf_addf(&response->headers, "Content-Length: %zu\r\n", response->body.len);
	response->reason = reason_of(response->status);
}

void web_handle(struct web *web, const struct web_request *request, struct web_response *response)
{
	web_response_clear(response);
	access_begin(&web->access, request);
	count(web, COUNTER_requests);
	dispatch(web, request, response);
	if (!response->no_answer)
		finish_headers(web, request, response);
	access_handled(&web->access, request, response);
}

void web_after_answer(struct web *web)
{
	access_log(&web->access);
	resolver_after_answer(web->resolver, web->adds);
	log_set_request(NULL);
	web->adds = NULL;
	arena_clear(&web->arena);
}
