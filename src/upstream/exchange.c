/* SPDX-License-Identifier: MIT */
/* One HTTP request on a kept connection, with deadlines of our own: curl's are whole seconds. */
#include "upstream/exchange.h"

#include "base/clock.h"
#include "base/mem.h"
#include "upstream/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LOOK_UP_MS = 200,             /* the longest wait before cancelled() is asked again */
	IGNORED_BODY_MAX = 64 * 1024, /* read of an error page, so that its connection can be kept */
	HEAD_MAX = 256 * 1024,        /* curl 7.88 keeps as many header lines as a server cares to send */
	BUFFER_BYTES = 256 * 1024,
};

/* A request under way; curl's callbacks have it as their context. */
struct exchange {
	const struct exchange_request *request;
	CURL *easy;
	bool checks_addresses;
	bool began;                          /* the receiver has been told */
	uint64_t sent_ms, first_byte_ms;     /* 0: not yet */
	uint64_t progress_bytes;             /* of head and body */
	uint64_t window_ms, window_progress; /* stall detection: since when, and the progress then */
	uint64_t head_bytes, body_bytes;
	bool retryable;
	struct err err; /* the first failure that is not curl's own */
	char curl_text[CURL_ERROR_SIZE];
};

int exchange_lane_open(struct exchange_lane *lane, bool guarded, struct err *err)
{
	lane->guarded = guarded;
	lane->multi = curl_multi_init();
	lane->easy = curl_easy_init();
	if (lane->multi && lane->easy)
		return 0;
	exchange_lane_close(lane);
	return err_set(err, ERR_SYSTEM, "cannot start curl");
}

void exchange_lane_close(struct exchange_lane *lane)
{
	curl_easy_cleanup(lane->easy);
	curl_multi_cleanup(lane->multi);
	*lane = (struct exchange_lane){0};
}

static long status_of(const struct exchange *ex)
{
	long status = 0;

	curl_easy_getinfo(ex->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool failed(const struct exchange *ex)
{
	return ex->err.code != ERR_NONE;
}

/* CURLOPT_PREREQFUNCTION: connected, about to send. */
static int on_connected(void *ctx, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct exchange *ex = ctx;

	(void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
	ex->sent_ms = clock_mono_ms();
	return CURL_PREREQFUNC_OK;
}

/* CURLOPT_OPENSOCKETFUNCTION: the one place that sees the address which is really used. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *ex = ctx;
	int fd;

	(void)purpose;
	if (ex->checks_addresses && !guard_is_public(&address->addr)) {
		err_set(&ex->err, ERR_UPSTREAM, "%s", ex->request->private_text);
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	/* a host without IPv6 is no fault: curl tries the other addresses */
	if (fd < 0 && errno != EAFNOSUPPORT)
		err_sys(&ex->err, "cannot make a socket");
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void note_progress(struct exchange *ex, size_t len)
{
	if (ex->first_byte_ms == 0)
		ex->first_byte_ms = ex->window_ms = clock_mono_ms();
	ex->progress_bytes += len;
}

static size_t on_head(char *data, size_t size, size_t count, void *ctx)
{
	struct exchange *ex = ctx;
	size_t len = size * count;

	(void)data;
	note_progress(ex, len);
	ex->head_bytes += len;
	if (ex->head_bytes <= HEAD_MAX)
		return len;
	err_set(&ex->err, ERR_LIMIT, "a reply's head larger than %d bytes", HEAD_MAX);
	return 0;
}

static bool announces_deflate(CURL *easy)
{
	struct curl_header *header;

	return curl_easy_header(easy, "Content-Encoding", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
	       slice_equal_nocase(slice_of(header->value), SLICE_LITERAL("deflate"));
}

static int receive(struct exchange *ex, const char *data, size_t len)
{
	const struct exchange_receiver *receiver = ex->request->receiver;
	uint64_t limit = ex->request->options->max_download_bytes;

	if (limit && ex->body_bytes > limit)
		return err_set(&ex->err, ERR_LIMIT, "larger than %llu bytes", (unsigned long long)limit);
	if (!ex->began && receiver->begin(receiver->ctx, announces_deflate(ex->easy), &ex->err) < 0)
		return -1;
	ex->began = true;
	return receiver->data(receiver->ctx, data, len, &ex->err);
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
	struct exchange *ex = ctx;
	size_t len = size * count;
	uint64_t start_ms = clock_mono_ms();

	note_progress(ex, len);
	ex->body_bytes += len;
	if (status_of(ex) != 200)
		return ex->body_bytes > IGNORED_BODY_MAX ? 0 : len;
	if (receive(ex, data, len) < 0)
		return 0;
	/* the receiver's own work is not the server's stalling */
	ex->window_ms += clock_mono_ms() - start_ms;
	return len;
}

/* The environment's proxy for a URL, by libcurl's rules except for no_proxy; NULL: none. */
static const char *environment_proxy(const struct url *url)
{
	/* no HTTP_PROXY: in CGI's variables that is a request's header */
	static const char *const for_http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
	static const char *const for_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
	const char *const *names = strcmp(url->scheme, "https") == 0 ? for_https : for_http;

	for (; *names; names++) {
		const char *proxy = getenv(*names);

		if (proxy && *proxy)
			return proxy;
	}
	return NULL;
}

/*
 * With a proxy the addresses that we connect to are the proxy's, which may well
 * be private.  Then everything goes through it, no_proxy or not, lest what
 * no_proxy names be reached directly without a check.
 */
static int set_guard(struct exchange *ex, struct err *err)
{
	const char *own = ex->request->proxy, *proxy = own ? own : environment_proxy(ex->request->url);

	if (guard_host_is_private(ex->request->url->host))
		return err_set(err, ERR_UPSTREAM, "%s", ex->request->private_text);
	curl_easy_setopt(ex->easy, CURLOPT_PROXY, proxy ? proxy : "");
	curl_easy_setopt(ex->easy, CURLOPT_NOPROXY, "");
	ex->checks_addresses = proxy == NULL;
	return 0;
}

/* Debian's libcurl knows one file of certificates; these are what its and OpenSSL's own tools go by. */
static void set_trust(CURL *easy)
{
	const char *bundle = getenv("CURL_CA_BUNDLE"), *dir = getenv("SSL_CERT_DIR");

	if (bundle == NULL || *bundle == '\0')
		bundle = getenv("SSL_CERT_FILE");
	if (bundle && *bundle)
		curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
	if (dir && *dir)
		curl_easy_setopt(easy, CURLOPT_CAPATH, dir);
}

static void set_way(struct exchange *ex)
{
	const struct exchange_request *request = ex->request;

	/* HTTP/2 where TLS offers it, for what it saves in head bytes: there is one transfer at a time */
	curl_easy_setopt(ex->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* ending a transfer ends its connection in HTTP/1.1 only */
	curl_easy_setopt(ex->easy, CURLOPT_FRESH_CONNECT, (long)request->fresh);
	if (request->proxy) {
		curl_easy_setopt(ex->easy, CURLOPT_PROXY, request->proxy);
		curl_easy_setopt(ex->easy, CURLOPT_NOPROXY, "");
	}
	set_trust(ex->easy);
}

static void set_limits(struct exchange *ex)
{
	const struct upstream_options *options = ex->request->options;
	curl_off_t max_bytes = (curl_off_t)options->max_download_bytes;

	if (options->connect_timeout_ms)
		curl_easy_setopt(ex->easy, CURLOPT_CONNECTTIMEOUT_MS, options->connect_timeout_ms);
	if (max_bytes)
		curl_easy_setopt(ex->easy, CURLOPT_MAXFILESIZE_LARGE, max_bytes);
}

static void set_request(struct exchange *ex, const struct curl_slist *head)
{
	const struct exchange_request *request = ex->request;

	curl_easy_setopt(ex->easy, CURLOPT_URL, request->url->request);
	curl_easy_setopt(ex->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(ex->easy, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(ex->easy, CURLOPT_USERAGENT, request->options->user_agent);
	curl_easy_setopt(ex->easy, CURLOPT_USERNAME, request->user);
	curl_easy_setopt(ex->easy, CURLOPT_PASSWORD, request->password);
	curl_easy_setopt(ex->easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* or the end of a connect timeout waits for a resolver that does not answer */
	curl_easy_setopt(ex->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(ex->easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	/* a proxy's answer to CONNECT is not the first byte of a reply */
	curl_easy_setopt(ex->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(ex->easy, CURLOPT_ERRORBUFFER, ex->curl_text);
	curl_easy_setopt(ex->easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(ex->easy, CURLOPT_PREREQDATA, ex);
	curl_easy_setopt(ex->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(ex->easy, CURLOPT_OPENSOCKETDATA, ex);
	curl_easy_setopt(ex->easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(ex->easy, CURLOPT_HEADERDATA, ex);
	curl_easy_setopt(ex->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(ex->easy, CURLOPT_WRITEDATA, ex);
}

static uint64_t after(uint64_t start_ms, long timeout_ms)
{
	return timeout_ms > 0 ? start_ms + (uint64_t)timeout_ms : UINT64_MAX;
}

/* Until when the next sign of life must come. */
static uint64_t silence_deadline(const struct exchange *ex)
{
	const struct upstream_options *options = ex->request->options;

	if (ex->first_byte_ms)
		return after(ex->window_ms, options->stall_timeout_ms);
	if (ex->sent_ms)
		return after(ex->sent_ms, options->first_byte_timeout_ms);
	return UINT64_MAX; /* connecting has curl's own limit */
}

static void fail_timeout(struct exchange *ex, const char *what, long timeout_ms)
{
	ex->retryable = true;
	err_set(&ex->err, ERR_TIMEOUT, "%s within %ld ms", what, timeout_ms);
}

/* At the end of a stall window: whether enough came in it. */
static bool has_stalled(const struct exchange *ex)
{
	uint64_t enough = ex->request->options->stall_bytes;

	return ex->progress_bytes - ex->window_progress < (enough ? enough : 1);
}

static void check_time(struct exchange *ex)
{
	const struct upstream_options *options = ex->request->options;
	uint64_t now_ms = clock_mono_ms();

	if (options->cancelled && options->cancelled(options->cancelled_ctx)) {
		err_set(&ex->err, ERR_BUSY, "cancelled");
	} else if (now_ms >= ex->request->deadline_ms) {
		fail_timeout(ex, "not finished", options->total_timeout_ms);
	} else if (now_ms >= silence_deadline(ex)) {
		if (ex->first_byte_ms == 0)
			fail_timeout(ex, "no answer", options->first_byte_timeout_ms);
		else if (has_stalled(ex))
			fail_timeout(ex, "stalled: not enough data", options->stall_timeout_ms);
		ex->window_ms = now_ms;
		ex->window_progress = ex->progress_bytes;
	}
}

static int wait_ms(const struct exchange *ex)
{
	uint64_t silence_ms = silence_deadline(ex), total_ms = ex->request->deadline_ms;
	int left = clock_left_ms(silence_ms < total_ms ? silence_ms : total_ms);

	return left < LOOK_UP_MS ? left : LOOK_UP_MS;
}

/* CURLE_OK also where our own check ended it: then ex->err is set. */
static CURLcode run(struct exchange *ex, CURLM *multi)
{
	CURLcode code = CURLE_OK;
	int running = 1, queued;
	const CURLMsg *message;

	curl_multi_add_handle(multi, ex->easy);
	while (running && !failed(ex)) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			err_set(&ex->err, ERR_SYSTEM, "curl failed");
		if (running && !failed(ex))
			check_time(ex);
		if (running && !failed(ex))
			curl_multi_poll(multi, NULL, 0, wait_ms(ex), NULL);
	}
	while ((message = curl_multi_info_read(multi, &queued)) != NULL)
		if (message->msg == CURLMSG_DONE)
			code = message->data.result;
	/* ends what is still under way, and its connection */
	curl_multi_remove_handle(multi, ex->easy);
	return code;
}

static void fill_reply(const struct exchange *ex, struct exchange_reply *ret)
{
	curl_off_t retry_after_s = 0;
	char *redirect = NULL;

	curl_easy_getinfo(ex->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	curl_easy_getinfo(ex->easy, CURLINFO_REDIRECT_URL, &redirect);
	ret->status = status_of(ex);
	ret->sent = ex->sent_ms != 0;
	ret->retryable = ex->retryable;
	ret->wire_bytes = ret->status == 200 ? ex->body_bytes : 0;
	ret->retry_after_s = (uint64_t)retry_after_s;
	ret->redirect = redirect ? mem_strdup(redirect) : NULL;
}

static int curl_failure(const struct exchange *ex, CURLcode code, struct exchange_reply *ret, struct err *err)
{
	const char *text = ex->curl_text[0] ? ex->curl_text : curl_easy_strerror(code);
	bool timed_out = code == CURLE_OPERATION_TIMEDOUT;

	switch (code) {
	case CURLE_FILESIZE_EXCEEDED:
		return err_set(err, ERR_LIMIT, "larger than %llu bytes",
			       (unsigned long long)ex->request->options->max_download_bytes);
	case CURLE_OUT_OF_MEMORY:
		return err_set(err, ERR_SYSTEM, "%s", text);
	default:
		/* a certificate does not get better by asking again */
		ret->retryable = code != CURLE_PEER_FAILED_VERIFICATION;
		return err_set(err, timed_out ? ERR_TIMEOUT : ERR_UPSTREAM, "%s", text);
	}
}

static int exchange_with(struct exchange *ex, CURLM *multi, struct exchange_reply *ret, struct err *err)
{
	CURLcode code = run(ex, multi);

	fill_reply(ex, ret);
	/* a head has come: how the body of an error page ends is of no interest */
	if (ret->status != 0 && ret->status != 200 && ex->err.code != ERR_BUSY && ex->head_bytes <= HEAD_MAX)
		return 0;
	if (failed(ex)) {
		*err = ex->err;
		return -1;
	}
	if (code != CURLE_OK)
		return curl_failure(ex, code, ret, err);
	return ret->status == 200 ? ex->request->receiver->end(ex->request->receiver->ctx, err) : 0;
}

/* Asked for by header only: curl is not to decode, see decode.h. */
static struct curl_slist *make_head(const struct exchange_request *request)
{
	struct curl_slist *head = curl_slist_append(NULL, "Accept-Encoding: gzip, deflate, zstd");

	for (unsigned i = 0; i < request->header_count; i++)
		head = curl_slist_append(head, request->headers[i]);
	return head;
}

int exchange_run(const struct exchange_lane *lane, const struct exchange_request *request,
		 struct exchange_reply *ret, struct err *err)
{
	struct exchange ex = {.request = request, .easy = lane->easy};
	struct curl_slist *head = make_head(request);
	int result = 0;

	*ret = (struct exchange_reply){0};
	set_request(&ex, head);
	set_way(&ex);
	set_limits(&ex);
	if (lane->guarded)
		result = set_guard(&ex, err);
	if (result == 0)
		result = exchange_with(&ex, lane->multi, ret, err);
	/* nothing of this request may linger, credentials least of all */
	curl_easy_reset(lane->easy);
	curl_slist_free_all(head);
	return result;
}
