/* SPDX-License-Identifier: MIT */
/* One HTTP request and its reply, without redirects and retries. */
#ifndef UPSTREAM_EXCHANGE_H
#define UPSTREAM_EXCHANGE_H

#include "upstream/upstream.h"
#include "upstream/url.h"

#include <curl/curl.h>

/* Takes the body of a reply with status 200, as it is on the wire.  -1 with err ends the exchange. */
struct exchange_receiver {
	void *ctx;
	/* Once, before the first byte: whether Content-Encoding says "deflate". */
	int (*begin)(void *ctx, bool announced_deflate, struct err *err);
	int (*data)(void *ctx, const char *data, size_t len, struct err *err);
	/* The body is complete; without begin() before, it is empty. */
	int (*end)(void *ctx, struct err *err);
};

/*
 * A set of kept connections with a handle to use them, one request at a time.
 * The connections of a guarded lane lead to public addresses only (guard.h), or
 * to a proxy: as they are not shared with another lane, a kept
 * one has passed the guard, too.
 */
struct exchange_lane {
	CURLM *multi;
	CURL *easy;
	bool guarded;
};
int exchange_lane_open(struct exchange_lane *lane, bool guarded, struct err *err);
void exchange_lane_close(struct exchange_lane *lane);

struct exchange_request {
	const struct upstream_options *options;
	const struct url *url;
	const char *user, *password;  /* NULL: none */
	const char *const *headers;   /* "Name: value" */
	unsigned header_count;
	const char *proxy;            /* NULL: the environment's */
	bool fresh;                   /* on a new connection */
	const char *private_text;     /* what a guarded lane says of a private address */
	uint64_t deadline_ms;         /* by clock_mono_ms(); UINT64_MAX: none */
	const struct exchange_receiver *receiver;
};

/* What is known of the reply, also after a failure. */
struct exchange_reply {
	long status;             /* 0: no status line came */
	bool sent;               /* the request went out, or began to */
	bool retryable;          /* after -1: the same request may fare better */
	uint64_t wire_bytes;     /* of a body with status 200 */
	uint64_t retry_after_s;  /* 0: not said */
	char *redirect;          /* absolute; NULL: none.  The caller frees it. */
};

/*
 * 0: a reply came, and with status 200 all of its body.  A reply with another
 * status counts as come with its head, its body is of no interest.
 * -1: ERR_TIMEOUT, ERR_LIMIT, ERR_UPSTREAM, ERR_SYSTEM, ERR_BUSY where it was
 * cancelled, or the receiver's error.  Messages do not name the URL.
 */
int exchange_run(const struct exchange_lane *lane, const struct exchange_request *request,
		 struct exchange_reply *ret, struct err *err);

#endif
