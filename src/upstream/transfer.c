/* SPDX-License-Identifier: MIT */
/* Downloads over HTTP. */
#include "upstream/transfer.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

/*
 * Two lanes, because a kept connection is not checked again: what a redirect
 * leads to must not find one that was made to an operator's private server.
 */
struct transfer {
	struct exchange_lane configured, guarded;
};

int transfer_open(struct transfer **ret, struct err *err)
{
	struct transfer *transfer;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_SYSTEM, "cannot start curl");
	transfer = mem_zalloc(sizeof(*transfer));
	if (exchange_lane_open(&transfer->configured, false, err) < 0 ||
	    exchange_lane_open(&transfer->guarded, true, err) < 0) {
		transfer_close(transfer);
		return -1;
	}
	*ret = transfer;
	return 0;
}

void transfer_close(struct transfer *transfer)
{
	if (transfer == NULL)
		return;
	exchange_lane_close(&transfer->configured);
	exchange_lane_close(&transfer->guarded);
	free(transfer);
	curl_global_cleanup();
}

/* A URL being got: where it began, where it is now, and until when. */
struct journey {
	struct transfer *transfer;
	const struct transfer_request *request;
	struct url start, now;
	uint64_t deadline_ms;
	bool sent;
};

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static int ask(struct journey *journey, struct exchange_reply *ret, struct err *err)
{
	const struct transfer_request *wanted = journey->request;
	bool at_home = url_same_origin(&journey->now, &journey->start);
	bool guard = at_home ? wanted->public_only : !wanted->options->allow_private_redirects;
	struct exchange_request request = {
		.options = wanted->options,
		.url = &journey->now,
		.user = at_home ? journey->start.user : NULL,
		.password = at_home ? journey->start.password : NULL,
		.headers = wanted->headers,
		.header_count = at_home ? wanted->header_count : 0,
		.proxy = wanted->proxy,
		.fresh = wanted->fresh,
		.private_text = at_home ? "its address is private, which allowPrivate forbids"
					: "a redirect to another origin leads to a private address",
		.deadline_ms = journey->deadline_ms,
		.receiver = wanted->receiver,
	};
	struct transfer *transfer = journey->transfer;
	int result = exchange_run(guard ? &transfer->guarded : &transfer->configured, &request, ret, err);

	journey->sent |= ret->sent;
	return result;
}

/* Moves on to where a reply points. */
static int follow(struct journey *journey, const char *target, struct err *err)
{
	struct url next;

	if (url_parse(&next, target, err) < 0)
		return err_prefix(err, "redirected to what is");
	if (url_is_downgrade(&journey->now, &next)) {
		err_set(err, ERR_UPSTREAM, "redirected from https to http: %s", next.shown);
		url_release(&next);
		return -1;
	}
	url_release(&journey->now);
	journey->now = next;
	return 0;
}

/* Asks, and follows redirects, until there is an answer: 0 with its status, or -1. */
static int travel(struct journey *journey, struct exchange_reply *ret, struct err *err)
{
	for (int hops = 0; hops <= REDIRECTS_MAX; hops++) {
		char *target;
		int result;

		if (ask(journey, ret, err) < 0)
			return -1;
		if (!is_redirect(ret->status) || ret->redirect == NULL)
			return 0;
		target = ret->redirect;
		ret->redirect = NULL;
		result = follow(journey, target, err);
		free(target);
		if (result < 0)
			return -1;
	}
	return err_set(err, ERR_UPSTREAM, "more than %d redirects", REDIRECTS_MAX);
}

static int judge(struct exchange_reply *reply, struct err *err)
{
	switch (reply->status) {
	case 200:
		return 1;
	case 404:
	case 410:
		return 0;
	default:
		reply->retryable = reply->status >= 500 || reply->status == 429;
		return err_set(err, ERR_UPSTREAM, "status %ld", reply->status);
	}
}

/* The cause comes first: a long URL may be cut. */
static void add_place(struct err *err, const struct url *url)
{
	struct err cause = *err;

	err_set(err, cause.code, "%s: %s", cause.msg, url->shown);
	err->sys_errno = cause.sys_errno;
}

static int get(struct journey *journey, struct transfer_reply *ret, struct err *err)
{
	struct exchange_reply reply = {0};
	int result = travel(journey, &reply, err);

	if (result == 0)
		result = judge(&reply, err);
	if (result < 0)
		add_place(err, &journey->now);
	ret->status = reply.status;
	ret->sent = journey->sent;
	ret->retryable = reply.retryable;
	ret->wire_bytes = reply.wire_bytes;
	ret->retry_after_s = reply.retry_after_s;
	free(reply.redirect);
	return result;
}

int transfer_get(struct transfer *transfer, const struct transfer_request *request,
		 struct transfer_reply *ret, struct err *err)
{
	long total_ms = request->options->total_timeout_ms;
	struct journey journey = {
		.transfer = transfer,
		.request = request,
		.deadline_ms = total_ms > 0 ? clock_mono_ms() + (uint64_t)total_ms : UINT64_MAX,
	};
	int result;

	*ret = (struct transfer_reply){0};
	if (url_parse(&journey.start, request->url, err) < 0)
		return -1;
	result = url_parse(&journey.now, request->url, err);
	if (result == 0)
		result = get(&journey, ret, err);
	url_release(&journey.start);
	url_release(&journey.now);
	return result;
}
