/* SPDX-License-Identifier: MIT */
/* Getting symbol files: local directories and HTTP symbol servers. */
#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include "base/err.h"
#include "symbols/module.h"

#include <stdint.h>

/*
 * Three outcomes everywhere.  ABSENT: the source says that it has no such file
 * (404, 410, no such path).  UNKNOWN: anything else that kept us from the file;
 * nothing long-lived may be concluded from it.
 */
enum upstream_outcome { UPSTREAM_FOUND, UPSTREAM_ABSENT, UPSTREAM_UNKNOWN };

/* Where a file may be, in order of preference. */
enum source_kind { SOURCE_DIRECTORY, SOURCE_URL };
struct upstream_source {
	enum source_kind kind;
	const char *location; /* directory path, or base URL with or without the last slash */
};

struct upstream_options {
	const char *user_agent;
	long connect_timeout_ms, first_byte_timeout_ms;
	long stall_timeout_ms;           /* no progress worth the name (stall_bytes) for this long */
	uint64_t stall_bytes;
	long total_timeout_ms;
	uint64_t max_download_bytes;     /* on the wire */
	uint64_t max_text_bytes;         /* after decompression */
	unsigned retries;                /* further tries after the first, never after 404/410/401/403 */
	unsigned retry_delay_ms;
	bool allow_private_redirects;    /* a redirect to another origin may lead to a private address */
	bool (*cancelled)(void *ctx);    /* NULL: never; asked several times a second, true ends the fetch */
	void *cancelled_ctx;
};

/* Receives the decoded text.  begin() comes before the first byte of every try and drops what came before. */
struct upstream_sink {
	void *ctx;
	int (*begin)(void *ctx, struct err *err);
	int (*data)(void *ctx, const char *data, size_t len, struct err *err);
};

/* One per process (fetcher or command), opened after fork; keeps its connections. */
struct upstream;
int upstream_open(struct upstream **ret, const struct upstream_options *options, struct err *err);
void upstream_close(struct upstream *upstream);

struct upstream_result {
	uint64_t wire_bytes, text_bytes, elapsed_us;
	long http_status;  /* 0: none */
	unsigned requests; /* HTTP requests sent, redirects not counted */
	uint64_t identity; /* of a local file: hash of path, inode, size, mtime; 0 for URLs */
};

/*
 * Fetches <location>/<debug file>/<ID>/<name>.sym into the sink: gzip, zlib and
 * zstd are recognised by content, also where the transfer was encoded too; a
 * local directory may hold NAME.sym, NAME.sym.gz or NAME.sym.zst.  A body that
 * ends before its announced length, or whose compression ends early, is
 * UPSTREAM_UNKNOWN, as is an error of the sink.
 * The outcome; with UPSTREAM_UNKNOWN *err says why.
 */
enum upstream_outcome upstream_fetch_symbols(struct upstream *upstream, const struct upstream_source *source,
					     struct module_name module, const struct upstream_sink *sink,
					     struct upstream_result *ret, struct err *err);

/* Tells a local source's file without reading it: 1 with its identity (as above), 0 there is none. */
int upstream_local_identity(const struct upstream_source *source, struct module_name module, uint64_t *ret_identity);

#endif
