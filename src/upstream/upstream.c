/* SPDX-License-Identifier: MIT */
/* Getting symbol files: one source, all its tries. */
#include "upstream/upstream.h"

#include "base/clock.h"
#include "base/mem.h"
#include "upstream/decode.h"
#include "upstream/local.h"
#include "upstream/origin.h"
#include "upstream/transfer.h"

#include <stdlib.h>
#include <time.h>

enum { LOOK_UP_MS = 100 }; /* how often cancelled() is asked while a retry waits */

struct upstream {
	struct upstream_options options;
	struct transfer *transfer;
};

int upstream_open(struct upstream **ret, const struct upstream_options *options, struct err *err)
{
	struct upstream *upstream = mem_zalloc(sizeof(*upstream));

	upstream->options = *options;
	if (transfer_open(&upstream->transfer, err) < 0) {
		free(upstream);
		return -1;
	}
	*ret = upstream;
	return 0;
}

void upstream_close(struct upstream *upstream)
{
	if (upstream == NULL)
		return;
	transfer_close(upstream->transfer);
	free(upstream);
}

/* One try: the body on its way through a decoder into the sink. */
struct try {
	const struct upstream_options *options;
	const struct upstream_sink *sink;
	struct decoder *decoder; /* NULL: nothing has come */
	uint64_t text_bytes;
};

static int try_begin(void *ctx, bool announced_deflate, struct err *err)
{
	struct try *try = ctx;
	struct decode_options options = {
		.max_text_bytes = try->options->max_text_bytes,
		.announced_deflate = announced_deflate,
	};

	(void)err;
	try->decoder = decoder_new(&options, try->sink->data, try->sink->ctx);
	return 0;
}

static int try_data(void *ctx, const char *data, size_t len, struct err *err)
{
	struct try *try = ctx;

	return decoder_feed(try->decoder, data, len, err);
}

static int try_end(void *ctx, struct err *err)
{
	struct try *try = ctx;

	if (try->decoder && decoder_finish(try->decoder, err) < 0)
		return -1;
	try->text_bytes = try->decoder ? decoder_text_bytes(try->decoder) : 0;
	return try->text_bytes ? 0 : err_set(err, ERR_INPUT, "an empty file");
}

static int read_local(struct try *try, const struct local_file *file, struct err *err)
{
	if (try_begin(try, false, err) < 0 || local_read(file, try_data, try, err) < 0 ||
	    try_end(try, err) < 0)
		return err_prefix(err, "%s", file->path);
	return 1;
}

static int fetch_local(const struct upstream *upstream, const char *dir, struct module_name module,
		       const struct upstream_sink *sink, struct upstream_result *ret, struct err *err)
{
	struct try try = {.options = &upstream->options, .sink = sink};
	struct local_file file;
	int result = local_open(&file, dir, module, err);

	if (result != 1)
		return result;
	result = sink->begin(sink->ctx, err);
	if (result == 0)
		result = read_local(&try, &file, err);
	decoder_free(try.decoder);
	ret->identity = file.identity;
	ret->wire_bytes = (uint64_t)file.info.st_size;
	ret->text_bytes = try.text_bytes;
	local_close(&file);
	return result;
}

/* The way to one file of a server: its tries have this in common. */
struct route {
	const struct upstream *upstream;
	const struct upstream_source *source;
	const char *url;
	struct upstream_options options; /* with the source's own times */
	const struct upstream_sink *sink;
	struct state_origin *origin; /* NULL: not known to others */
	bool probing;
};

static int fetch_once(const struct route *route, bool again, struct transfer_reply *reply,
		      struct upstream_result *ret, struct err *err)
{
	struct try try = {.options = &route->options, .sink = route->sink};
	struct exchange_receiver receiver = {&try, try_begin, try_data, try_end};
	struct transfer_request request = {
		.url = route->url,
		.options = &route->options,
		.headers = route->source->headers,
		.header_count = route->source->header_count,
		.proxy = route->source->proxy,
		.public_only = route->source->public_only,
		.fresh = again,
		.receiver = &receiver,
	};
	int result;

	*reply = (struct transfer_reply){0};
	if (route->sink->begin(route->sink->ctx, err) < 0)
		return -1;
	result = transfer_get(route->upstream->transfer, &request, reply, err);
	decoder_free(try.decoder);
	ret->text_bytes = try.text_bytes;
	ret->wire_bytes = reply->wire_bytes;
	ret->http_status = reply->status;
	ret->retry_after_s = reply->retry_after_s < ORIGIN_RETRY_AFTER_MAX_S ? reply->retry_after_s
									      : ORIGIN_RETRY_AFTER_MAX_S;
	ret->requests += reply->sent;
	return result;
}

static bool is_cancelled(const struct upstream_options *options)
{
	return options->cancelled && options->cancelled(options->cancelled_ctx);
}

static int pause_before_retry(const struct upstream_options *options, struct err *err)
{
	uint64_t end_ms = clock_mono_ms() + options->retry_delay_ms;

	while (!is_cancelled(options)) {
		int left_ms = clock_left_ms(end_ms);

		if (left_ms == 0)
			return 0;
		if (left_ms > LOOK_UP_MS)
			left_ms = LOOK_UP_MS;
		nanosleep(&(struct timespec){.tv_nsec = left_ms * 1000000L}, NULL);
	}
	return err_set(err, ERR_BUSY, "cancelled before another try");
}

/* A server that asks for more patience than a retry has is not asked again, nor one left alone by now. */
static bool retry_helps(const struct route *route, const struct transfer_reply *reply)
{
	/* also during a probe */
	if (route->origin && breaker_is_open(&route->origin->breaker, clock_mono_ms()))
		return false;
	return reply->retryable && reply->retry_after_s * 1000 <= route->options.retry_delay_ms;
}

static int try_often(const struct route *route, struct transfer_reply *reply, struct upstream_result *ret,
		     struct err *err)
{
	int result = fetch_once(route, false, reply, ret, err);

	for (unsigned i = 0; i < route->options.retries && result < 0 && retry_helps(route, reply); i++) {
		if (pause_before_retry(&route->options, err) < 0)
			break;
		result = fetch_once(route, true, reply, ret, err);
	}
	return result;
}

static enum upstream_cause cause_of_status(long status, uint64_t retry_after_s)
{
	if (status == 401 || status == 403)
		return UPSTREAM_CAUSE_DENIED;
	if ((status == 429 || status == 503) && retry_after_s)
		return UPSTREAM_CAUSE_BUSY;
	return UPSTREAM_CAUSE_SERVER;
}

/* Why an HTTP fetch failed. */
static enum upstream_cause cause_of_failure(const struct upstream_result *result, const struct err *err)
{
	if (err->code == ERR_BUSY || err->code == ERR_SYSTEM || err->code == ERR_CORRUPT)
		return UPSTREAM_CAUSE_LOCAL;
	if (result->http_status && result->http_status != 200)
		return cause_of_status(result->http_status, result->retry_after_s);
	if (result->http_status == 200 && (err->code == ERR_INPUT || err->code == ERR_LIMIT))
		return UPSTREAM_CAUSE_CONTENT;
	return UPSTREAM_CAUSE_TRANSPORT;
}

static int ask(struct route *route, struct upstream_result *ret, struct err *err)
{
	struct transfer_reply reply;
	int result;

	if (route->origin) {
		enum breaker_state gate = breaker_ask(&route->origin->breaker, clock_mono_ms());

		if (gate == BREAKER_OPEN) {
			ret->cause = UPSTREAM_CAUSE_LEFT_ALONE;
			return err_set(err, ERR_BUSY, "%s is left alone for now", route->origin->name);
		}
		route->probing = gate == BREAKER_PROBE;
	}
	result = try_often(route, &reply, ret, err);
	if (result <= 0)
		ret->cause = result == 0 ? UPSTREAM_CAUSE_ABSENT : cause_of_failure(ret, err);
	if (route->origin)
		origin_note(route->origin, route->probing, ret, result < 0 ? err->msg : "");
	return result;
}

/* A request of its own takes a place among all that are under way to that server. */
static int ask_in_turn(struct route *route, struct upstream_result *ret, struct err *err)
{
	struct state *state = route->options.state;
	unsigned max_requests = route->source->max_requests;
	long total_ms = route->options.total_timeout_ms;
	int place, result;

	if (route->origin == NULL || max_requests == 0 ||
	    breaker_is_open(&route->origin->breaker, clock_mono_ms()))
		return ask(route, ret, err);
	place = origin_take_place(state, route->origin, &route->options, max_requests,
				  total_ms > 0 ? clock_mono_ms() + (uint64_t)total_ms : UINT64_MAX, err);
	if (place < 0) {
		ret->cause = UPSTREAM_CAUSE_LOCAL;
		return -1;
	}
	result = ask(route, ret, err);
	origin_give_place(state, route->origin, place);
	return result;
}

static void set_times(struct upstream_options *options, const struct upstream_times *times)
{
	if (times->connect_timeout_ms)
		options->connect_timeout_ms = times->connect_timeout_ms;
	if (times->first_byte_timeout_ms)
		options->first_byte_timeout_ms = times->first_byte_timeout_ms;
	if (times->stall_timeout_ms)
		options->stall_timeout_ms = times->stall_timeout_ms;
	if (times->total_timeout_ms)
		options->total_timeout_ms = times->total_timeout_ms;
	if (times->stall_bytes)
		options->stall_bytes = times->stall_bytes;
}

static int fetch_url(const struct upstream *upstream, const struct upstream_source *source,
		     struct module_name module, const struct upstream_sink *sink,
		     struct upstream_result *ret, struct err *err)
{
	struct route route = {
		.upstream = upstream,
		.source = source,
		.options = upstream->options,
		.sink = sink,
		.origin = origin_claim(upstream->options.state, source->origin),
	};
	struct buf url = BUF_INIT;
	int result;

	url_add_symbols(&url, source->location, module);
	route.url = buf_text(&url);
	set_times(&route.options, &source->times);
	result = ask_in_turn(&route, ret, err);
	buf_release(&url);
	return result;
}

static int fetch_directory(const struct upstream *upstream, const struct upstream_source *source,
			   struct module_name module, const struct upstream_sink *sink,
			   struct upstream_result *ret, struct err *err)
{
	int result = fetch_local(upstream, source->location, module, sink, ret, err);

	if (result == 0)
		ret->cause = UPSTREAM_CAUSE_ABSENT;
	else if (result < 0)
		ret->cause = err->code == ERR_INPUT || err->code == ERR_LIMIT ? UPSTREAM_CAUSE_CONTENT
									       : UPSTREAM_CAUSE_LOCAL;
	return result;
}

enum upstream_outcome upstream_fetch_symbols(struct upstream *upstream, const struct upstream_source *source,
					     struct module_name module, const struct upstream_sink *sink,
					     struct upstream_result *ret, struct err *err)
{
	uint64_t start_us = clock_mono_us();
	int result;

	*ret = (struct upstream_result){0};
	if (!module_is_askable(module) || !local_is_file_name(module.debug_file)) {
		ret->cause = UPSTREAM_CAUSE_ABSENT;
		result = 0;
	} else if (source->kind == SOURCE_DIRECTORY) {
		result = fetch_directory(upstream, source, module, sink, ret, err);
	} else {
		result = fetch_url(upstream, source, module, sink, ret, err);
	}
	ret->elapsed_us = clock_mono_us() - start_us;
	return result == 1 ? UPSTREAM_FOUND : result == 0 ? UPSTREAM_ABSENT : UPSTREAM_UNKNOWN;
}

int upstream_local_identity(const struct upstream_source *source, struct module_name module,
			    uint64_t *ret_identity)
{
	struct local_file file;
	struct err err;

	if (source->kind != SOURCE_DIRECTORY || local_open(&file, source->location, module, &err) != 1)
		return 0;
	*ret_identity = file.identity;
	local_close(&file);
	return 1;
}

struct state *upstream_state(struct upstream *upstream)
{
	return upstream->options.state;
}

bool upstream_is_left_alone(const struct state *state, const struct upstream_source *source)
{
	return source->kind == SOURCE_URL && origin_is_left_alone(state, source->origin);
}

char *upstream_origin(enum source_kind kind, const char *location)
{
	struct url url;
	struct err err;
	char *origin;

	if (kind == SOURCE_DIRECTORY || url_parse(&url, location, &err) < 0)
		return kind == SOURCE_DIRECTORY ? mem_strdup(location) : mem_strdup("no URL");
	origin = mem_strdup(url.origin);
	url_release(&url);
	return origin;
}
