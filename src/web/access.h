/* SPDX-License-Identifier: MIT */
/* The name of a request in all logs, and its own line there. */
#ifndef WEB_ACCESS_H
#define WEB_ACCESS_H

#include "job/job.h"

struct web_request;
struct web_response;

enum {
	ACCESS_ID_BYTES = 65,   /* NUL included; longer ones of a web server are not taken */
	ACCESS_WHAT_BYTES = 320, /* method, URI and status; longer URIs are cut */
};

/* One per worker; about the request under way. */
struct access {
	uint64_t origin; /* of ids of our own: differs between processes, whenever they ran */
	uint32_t count;
	char id[ACCESS_ID_BYTES];
	char what[ACCESS_WHAT_BYTES]; /* "": no line is wanted */
	char cause[160];              /* of a refusal */
	size_t bytes;
	uint64_t begun_us, decoded_us, handled_us, encode_us;
	uint32_t frames;
	struct request_timing timing;
};

void access_init(struct access *access);

/*
 * Takes the id that the web server gave (FastCGI parameter REQUEST_ID, else the
 * header X-Request-Id) if it is 1 to 64 letters, digits and any of -_.@:+/=, or
 * makes one; all lines of this process bear it until log_set_request(NULL).
 */
void access_begin(struct access *access, const struct web_request *request);

/* The answer is made.  What the line needs of both is copied, if lines of that level are written at all. */
void access_handled(struct access *access, const struct web_request *request, const struct web_response *response);

/* The answer is sent: writes the line. */
void access_log(const struct access *access);

#endif
