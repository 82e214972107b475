/* SPDX-License-Identifier: MIT */
/* Getting symbol files: local directories and HTTP symbol servers. */
#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include "base/err.h"
#include "stats/state.h"
#include "symbols/module.h"

#include <stdint.h>

/*
 * Three outcomes everywhere.  ABSENT: the source says that it has no such file
 * (404, 410, no such path).  UNKNOWN: anything else that kept us from the file;
 * nothing long-lived may be concluded from it.
 */
enum upstream_outcome { UPSTREAM_FOUND, UPSTREAM_ABSENT, UPSTREAM_UNKNOWN };

/* What kept a source from bringing a file; for how long each is remembered: engine/sources.h. */
enum upstream_cause {
	UPSTREAM_CAUSE_NONE,
	UPSTREAM_CAUSE_ABSENT,     /* 404, 410, no such path */
	UPSTREAM_CAUSE_CONTENT,    /* what came is no symbol file, or too large */
	UPSTREAM_CAUSE_DENIED,     /* 401, 403 */
	UPSTREAM_CAUSE_TRANSPORT,  /* no whole answer: name, connection, certificate, time */
	UPSTREAM_CAUSE_BUSY,       /* 429 or 503 with Retry-After */
	UPSTREAM_CAUSE_SERVER,     /* any other status */
	UPSTREAM_CAUSE_LOCAL,      /* ourselves: descriptors, disk, cancelled; says nothing of the source */
	UPSTREAM_CAUSE_LEFT_ALONE, /* not asked: it has failed too often, or wants to be left alone */
	UPSTREAM_CAUSES
};

struct upstream_times {
	long connect_timeout_ms, first_byte_timeout_ms, stall_timeout_ms;
	uint64_t stall_bytes;
	long total_timeout_ms;
};

/* Where a file may be, in order of preference.  What is 0 or NULL below `location` is not asked for. */
enum source_kind { SOURCE_DIRECTORY, SOURCE_URL };
struct upstream_source {
	enum source_kind kind;
	const char *location; /* directory path, or base URL with or without the last slash */

	const char *origin;   /* by upstream_origin(): whose breaker and places count; NULL: none */
	uint64_t identity;    /* whose negative entries count */
	unsigned absent_s;    /* how long it is remembered that it does not have a file */
	struct upstream_times times; /* in place of those of the options */
	const char *const *headers;  /* "Name: value"; secret: for its own origin only */
	unsigned header_count;
	const char *proxy;     /* in place of the environment's, for whatever it redirects to, too */
	bool public_only;      /* its own host, too, must have a public address */
	unsigned max_requests; /* under way at a time, those of all processes on the cache directory */
};

/* Names the origin of a source: "https://symbols.example.org:443", or the directory.  The caller frees it. */
char *upstream_origin(enum source_kind kind, const char *location);

/* Limits and times: 0 is none (for connecting curl's own, five minutes). */
struct upstream_options {
	const char *user_agent;
	long connect_timeout_ms, first_byte_timeout_ms;
	long stall_timeout_ms;           /* fewer than stall_bytes in so long, the sink's time not counted */
	uint64_t stall_bytes;
	long total_timeout_ms;           /* of one try: redirects and the sink's work included */
	uint64_t max_download_bytes;     /* on the wire */
	uint64_t max_text_bytes;         /* after decompression */
	unsigned retries;                /* further tries: after transport errors, 5xx and 429 only */
	unsigned retry_delay_ms;         /* a server that asks for more with Retry-After is not tried again */
	bool allow_private_redirects;    /* a redirect to another origin may lead to a private address */
	struct state *state;             /* of breakers and places; NULL: without */
	bool (*cancelled)(void *ctx);    /* NULL: never; asked several times a second, true ends a transfer */
	void *cancelled_ctx;
};

/*
 * Receives the decoded text.  begin() comes before the first byte of every try
 * and drops what came before; a try need not bring any text.  An error of either
 * ends the fetch with that code, its message followed or preceded by the place.
 */
struct upstream_sink {
	void *ctx;
	int (*begin)(void *ctx, struct err *err);
	int (*data)(void *ctx, const char *data, size_t len, struct err *err);
};

/*
 * One per process (fetcher or command), opened after fork; keeps its connections
 * and a copy of the options, whose strings stay the caller's and must outlive
 * it.  The process ignores SIGPIPE.  The environment's http_proxy, https_proxy,
 * all_proxy and no_proxy are honoured as libcurl does; CURL_CA_BUNDLE, else
 * SSL_CERT_FILE, and SSL_CERT_DIR name the certificates that are trusted.
 */
struct upstream;
int upstream_open(struct upstream **ret, const struct upstream_options *options, struct err *err);
void upstream_close(struct upstream *upstream);

struct upstream_result {
	uint64_t wire_bytes, text_bytes; /* of the last try */
	uint64_t elapsed_us;             /* of all, delays included */
	long http_status;                /* 0: none */
	unsigned requests;               /* HTTP requests sent, redirects not counted */
	uint64_t retry_after_s;          /* of Retry-After, ten minutes at most; 0: not asked for */
	enum upstream_cause cause;       /* unless found */
	uint64_t identity;               /* of a local file: hash of path, inode, size, mtime; 0 for URLs */
};

/*
 * Fetches <location>/<debug file>/<ID>/<name>.sym into the sink: gzip, zlib and
 * zstd are recognised by content, also where the transfer was encoded too; a
 * local directory may hold NAME.sym, NAME.sym.gz or NAME.sym.zst, and is
 * searched without case where there is no exact match.  Only status 200 is
 * found.  A body that ends before its announced length, whose compression ends
 * early, or that is empty is UPSTREAM_UNKNOWN, as is an error of the sink.  A
 * module that is not askable, or whose debug file has a slash, backslash or
 * control byte, is absent without a look.
 *
 * Redirects: ten at most, http and https only, never from https to http.  One to
 * another origin (scheme, host or port differ) carries no credentials and none
 * of the source's headers, and may
 * lead to public addresses only, checked on the address that is connected to; by
 * way of a proxy only the look of the host can be checked.
 *
 * A source that failed ORIGIN_TRIGGER times in a row (origin.h), or asked to be
 * left alone, is not asked for a while; then one request finds out.
 *
 * The outcome; with UPSTREAM_UNKNOWN *err says why, naming the place without
 * credentials and query: ERR_TIMEOUT, ERR_LIMIT, ERR_INPUT (what came is no
 * symbol file, or the location is no URL), ERR_UPSTREAM (the server), ERR_SYSTEM
 * (ourselves), ERR_BUSY (cancelled), or the sink's code.
 */
enum upstream_outcome upstream_fetch_symbols(struct upstream *upstream, const struct upstream_source *source,
					     struct module_name module, const struct upstream_sink *sink,
					     struct upstream_result *ret, struct err *err);

/*
 * Whether such a failure may be logged now: of one source and cause once a
 * minute over all processes, *ret_unlogged being those in between; DENIED only
 * once until the source answers otherwise.
 */
bool upstream_may_log(struct upstream *upstream, const struct upstream_source *source,
		      enum upstream_cause cause, uint32_t *ret_unlogged);

struct state *upstream_state(struct upstream *upstream);

/* Whether the source would not be asked now. */
bool upstream_is_left_alone(const struct state *state, const struct upstream_source *source);

/* Looks for a local source's file without reading it: 1 with its identity, 0 there is none to be had. */
int upstream_local_identity(const struct upstream_source *source, struct module_name module,
			    uint64_t *ret_identity);

#endif
