/* SPDX-License-Identifier: MIT */
/* From HTTP request to HTTP response, whatever carries them. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/arena.h"
#include "base/buf.h"
#include "engine/resolver.h"
#include "protocol/protocol.h"
#include "web/access.h"

/* A request as the web server hands it over; borrowed for the call. */
struct web_request {
	struct slice method;
	struct slice uri; /* REQUEST_URI: raw, with query */
	struct slice body;
	bool body_too_large;    /* not read to its end: it is over the limit */
	const char *body_error; /* what is wrong with how it came; NULL: nothing */
	struct slice remote_addr;
	/* A request header by its CGI name ("HTTP_ORIGIN"); absent: {NULL, 0}. */
	struct slice (*header)(void *ctx, const char *cgi_name);
	void *ctx;
	uint64_t begun_us; /* clock_mono_us() when it began to come */
	int client_fd; /* hangs up when the client leaves; -1: cannot be told */
};

/* What is to be sent: `headers` are whole lines ending in CRLF, the Status line excluded. */
struct web_response {
	int status;
	const char *reason;
	struct buf headers, body;
	char cause[160]; /* of a refusal, for the log; "": none */
	bool no_answer; /* the client is gone: send nothing */
};

struct web_options {
	struct protocol_limits limits;
	bool lenient;
	bool debug_local; /* the debug protocol is admitted from this host */
	const char *const *allowed_hosts;
	unsigned allowed_host_count;
};

/* One per worker. */
struct web {
	struct web_options options;
	struct resolver *resolver;
	int wake_fd;
	struct arena arena;          /* of the request under way */
	struct resolver_adds *adds;  /* for after the answer */
	struct access access;
};

void web_init(struct web *web, const struct web_options *options, struct resolver *resolver, int wake_fd);
void web_release(struct web *web);

void web_response_init(struct web_response *response);
void web_response_clear(struct web_response *response);
void web_response_release(struct web_response *response);

/* Answers one request.  `response` is cleared first. */
void web_handle(struct web *web, const struct web_request *request, struct web_response *response);

/* What can wait until the client has its answer, its line in the log too; then forgets the request. */
void web_after_answer(struct web *web);

#endif
