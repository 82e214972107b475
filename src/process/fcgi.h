/* SPDX-License-Identifier: MIT */
/* FastCGI: requests from the web server's connections, by libfcgi. */
#ifndef PROCESS_FCGI_H
#define PROCESS_FCGI_H

#include "base/err.h"
#include "stats/state.h"
#include "web/web.h"

struct fcgi_options {
	int listen_fd;
	unsigned read_timeout_ms; /* for a whole request */
	unsigned send_timeout_ms; /* without a byte taken */
	size_t max_body_bytes;
	uint64_t max_requests;    /* then it returns; 0: no end */
	struct state *state;
	unsigned slot;
	void (*held_up)(void *ctx); /* told when a client does not take its answer at once */
	bool (*idle)(void *ctx);  /* asked whenever nothing came for a while; true: return */
	void *ctx;
};

/* Serves until asked to stop (process/signals.h).  -1 when the listening socket is of no use. */
int fcgi_serve(const struct fcgi_options *options, struct web *web, struct err *err);

/* The pause after which accept looks around; the master sets it on the socket. */
enum { FCGI_ACCEPT_PAUSE_S = 5 };

#endif
