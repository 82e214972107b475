/* SPDX-License-Identifier: MIT */
/* Downloads over HTTP: redirects under guard, and what a status means. */
#ifndef UPSTREAM_TRANSFER_H
#define UPSTREAM_TRANSFER_H

#include "upstream/exchange.h"

enum { REDIRECTS_MAX = 10 };

struct transfer_reply {
	long status;            /* of the last reply, 0: none */
	bool sent, retryable;   /* as in exchange.h */
	uint64_t wire_bytes;
	uint64_t retry_after_s;
};

/* Keeps its connections.  Not to be carried over a fork. */
struct transfer;
int transfer_open(struct transfer **ret, struct err *err);
void transfer_close(struct transfer *transfer);

struct transfer_request {
	const char *url;
	const struct upstream_options *options; /* its limits and times */
	const char *const *headers; /* for the URL's own origin */
	unsigned header_count;
	const char *proxy; /* NULL: the environment's */
	bool public_only;  /* holds for the URL's own origin, too */
	bool fresh;        /* on a connection of its own: the kept one may be what failed */
	const struct exchange_receiver *receiver;
};

/*
 * Gets a URL, once.  Redirects are followed: within the URL's own origin freely,
 * to another one without credentials and headers, never from https to http, and only to
 * public addresses unless the options allow private ones.  The URL's own origin
 * may be anywhere unless public_only says otherwise: the operator named it.
 * 1: status 200, and the receiver has had the body.  0: absent, that is 404 or
 * 410.  -1 otherwise; the message names the cause and the URL without
 * credentials and query.
 */
int transfer_get(struct transfer *transfer, const struct transfer_request *request,
		 struct transfer_reply *ret, struct err *err);

#endif
