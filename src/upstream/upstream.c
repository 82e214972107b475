/* SPDX-License-Identifier: MIT */
/* Getting symbol files: one source, all its tries. */
#include "upstream/upstream.h"

#include "base/clock.h"
#include "base/mem.h"
#include "upstream/decode.h"
#include "upstream/local.h"
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
	if (transfer_open(&upstream->transfer, options, err) < 0) {
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

static int fetch_once(const struct upstream *upstream, const char *url, const struct upstream_sink *sink,
		      struct transfer_reply *reply, struct upstream_result *ret, struct err *err)
{
	struct try try = {.options = &upstream->options, .sink = sink};
	struct exchange_receiver receiver = {&try, try_begin, try_data, try_end};
	int result;

	*reply = (struct transfer_reply){0};
	if (sink->begin(sink->ctx, err) < 0)
		return -1;
	result = transfer_get(upstream->transfer, url, &receiver, reply, err);
	decoder_free(try.decoder);
	ret->text_bytes = try.text_bytes;
	ret->wire_bytes = reply->wire_bytes;
	ret->http_status = reply->status;
	ret->retry_after_s = reply->retry_after_s;
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

/* A server that asks for more patience than a retry has is not asked again. */
static bool retry_helps(const struct upstream_options *options, const struct transfer_reply *reply)
{
	return reply->retryable && reply->retry_after_s * 1000 <= options->retry_delay_ms;
}

static int fetch_url(const struct upstream *upstream, const char *base, struct module_name module,
		     const struct upstream_sink *sink, struct upstream_result *ret, struct err *err)
{
	const struct upstream_options *options = &upstream->options;
	struct transfer_reply reply;
	struct buf url = BUF_INIT;
	int result;

	url_add_symbols(&url, base, module);
	result = fetch_once(upstream, buf_text(&url), sink, &reply, ret, err);
	for (unsigned i = 0; i < options->retries && result < 0 && retry_helps(options, &reply); i++) {
		if (pause_before_retry(options, err) < 0)
			break;
		result = fetch_once(upstream, buf_text(&url), sink, &reply, ret, err);
	}
	buf_release(&url);
	return result;
}

enum upstream_outcome upstream_fetch_symbols(struct upstream *upstream, const struct upstream_source *source,
					     struct module_name module, const struct upstream_sink *sink,
					     struct upstream_result *ret, struct err *err)
{
	uint64_t start_us = clock_mono_us();
	int result;

	*ret = (struct upstream_result){0};
	if (!module_is_askable(module) || !local_is_file_name(module.debug_file))
		result = 0;
	else if (source->kind == SOURCE_DIRECTORY)
		result = fetch_local(upstream, source->location, module, sink, ret, err);
	else
		result = fetch_url(upstream, source->location, module, sink, ret, err);
	ret->elapsed_us = clock_mono_us() - start_us;
	return result == 1 ? UPSTREAM_FOUND : result == 0 ? UPSTREAM_ABSENT : UPSTREAM_UNKNOWN;
}

static bool open_local(const struct upstream_source *source, struct module_name module,
		       struct local_file *ret)
{
	struct err err;

	return source->kind == SOURCE_DIRECTORY && local_open(ret, source->location, module, &err) == 1;
}

int upstream_local_identity(const struct upstream_source *source, struct module_name module,
			    uint64_t *ret_identity)
{
	struct local_file file;

	if (!open_local(source, module, &file))
		return 0;
	*ret_identity = file.identity;
	local_close(&file);
	return 1;
}

int upstream_local_path(const struct upstream_source *source, struct module_name module, struct buf *path)
{
	struct local_file file;

	if (!open_local(source, module, &file))
		return 0;
	buf_add_text(path, file.path);
	local_close(&file);
	return 1;
}
