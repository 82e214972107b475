/* SPDX-License-Identifier: MIT */
/* The configuration: one plain struct, filled from etc/symbolicate.json and -o options by one table. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * Life of a configuration: config_new() gives the defaults, config_load() and
 * config_override() change them, config_finish() derives what depends on the
 * machine or on several keys.  From then on it is read-only and may be kept
 * over fork.  config_open() does all of it.  A reload builds a second one and
 * drops the first.
 *
 * Everything below belongs to the configuration and lives until config_free().
 * Text is never NULL: "" is "not set".  Numbers carry their unit in the name.
 * docs/configuration.md, made from the same table, says what each key means.
 */

struct config_list {
	const char *const *items;
	unsigned count;
};

struct config_pair {
	const char *name, *value;
};

struct config_map {
	const struct config_pair *items;
	unsigned count;
};

struct config_log {
	const char *path; /* absolute, or "stderr", "syslog", "journal"; "": standard error */
	unsigned level;   /* Python's numbers, as in base/log.h */
	unsigned max_files, max_file_size_mb;
};

enum config_lookup { CONFIG_LOOKUP_RULES, CONFIG_LOOKUP_NEAREST };
enum config_debug_protocol { CONFIG_DEBUG_OFF, CONFIG_DEBUG_LOCAL };
enum config_web_server { CONFIG_NGINX, CONFIG_APACHE };
enum config_tristate { CONFIG_UNDECIDED, CONFIG_YES, CONFIG_NO };

/* Directory layouts that a server of `servers` answers: bits. */
enum config_server_type { CONFIG_SYMSTORE = 1, CONFIG_BREAKPAD = 2 };

/* 0 in any of them: the value of DiskCache counts; config_finish() puts it there. */
struct config_transfer {
	unsigned connect_timeout_ms, first_byte_timeout_ms;
	unsigned stall_timeout_ms; /* fewer than stall_bytes for this long */
	unsigned stall_bytes;
	unsigned total_timeout_ms; /* 0: none */
};

struct config_server {
	const char *name;       /* "": the identifier */
	const char *identifier; /* "": made from name or remote by config_finish(); unique */
	const char *remote;     /* http(s) URL or absolute directory path; "": switched off, with a warning */
	unsigned types;         /* bits of enum config_server_type */
	const char *cache_location; /* "": general's */
	unsigned retry_timeout_s;
	unsigned max_requests;
	struct config_list blacklist, whitelist; /* regular expressions */
	struct config_transfer transfer;
	struct config_map headers; /* secret */
	const char *proxy;         /* URL, may hold credentials; "": none */
	bool allow_private;        /* its own host may have a private address */
	enum config_tristate allow_private_key; /* as configured; allow_private is what counts */
	unsigned line;             /* of its entry in the file; 0: not known */
};

struct config_disk_cache {
	const char *cache_path;           /* absolute */
	struct config_list local_symbol_dirs; /* absolute */
	unsigned max_size_mb;
	unsigned max_oversize_mb; /* of tables that exceed max_size_mb */
	unsigned port; /* of old files; not used */
	unsigned retries; /* tries per source, the first included */
	unsigned retry_delay_ms;
	struct config_list symbol_urls;
	unsigned retry_timeout_s; /* how long an absent module is remembered */
	struct config_transfer transfer;
	unsigned max_download_mb; /* on the wire */
	unsigned max_symbol_mb;   /* decoded text of one .sym */
	struct config_log log;    /* fetchers and janitor */
};

struct config_sym_server {
	unsigned port; /* of quickstart's web server; the FastCGI server does not use it */
	struct config_list memcached_servers; /* host[:port] or the absolute path of a unix socket */
	unsigned memcached_timeout_ms;
	const char *disk_cache_server;
	unsigned retries, retry_delay_ms; /* counted where DiskCache does not set them */
	enum config_lookup lookup;
	bool lenient_modules;
	unsigned max_fetches_per_request;
	unsigned max_body_mb;
	unsigned max_jobs, max_modules, max_stacks, max_frames; /* of one request */
	struct config_log log; /* master and requests */
};

struct config_start {
	bool start, restart;
};

struct config_quickstart {
	enum config_web_server web_server;
	const char *listen_address;
	bool sample;
	bool verbose;
	struct {
		bool start, restart;
		const char *binary;
		unsigned port;
		const char *listen_address;
		unsigned max_memory_mb;
	} memcached;
	struct {
		bool enable, restart;
		struct {
			bool memcached, disk_cache, sym_server;
		} publish;
		const char *api_socket;
		const char *command;
	} docker;
	struct config_start disk_cache, sym_server;
};

struct config_identity {
	const char *name, *host, *administrator, *default_sympath;
};

struct config_general {
	const char *cache_location; /* absolute */
	unsigned max_size_mb;
	struct config_list blacklist;
	bool enable_statistics;
	struct config_map path_map; /* Windows path prefix -> local directory */
};

struct config_process {
	unsigned workers, max_workers;
	unsigned reserved; /* workers kept free of waiting */
	unsigned fetchers, builders;
	unsigned wait_ms;
	unsigned read_timeout_ms; /* a whole request */
	unsigned send_timeout_ms; /* no byte taken by the client */
	unsigned stop_timeout_ms; /* from TERM to KILL */
	unsigned hang_timeout_ms; /* without a sign of life in a worker's or fetcher's work */
	unsigned max_requests;    /* of one worker, which is then replaced; 0: no end */
	unsigned names_ring_mb;
	enum config_debug_protocol debug_protocol;
	struct config_list admin_networks; /* "10.0.0.0/8", "fd00::/8", "192.0.2.1" */
	struct config_list allowed_hosts;  /* lower case, without port */
	const char *listen; /* "unix:/path", "host:port"; "": the inherited descriptor */
};

struct config_origin {
	const char *source; /* file or option that set the key; NULL: the default counts */
	unsigned line;
};

struct config {
	struct config_disk_cache disk_cache;
	struct config_sym_server sym_server;
	struct config_quickstart quickstart;
	struct config_identity identity;
	struct config_general general;
	struct config_server *servers;
	unsigned server_count;
	const char *logging; /* pySymProxy's dictConfig as JSON text, kept for printing only */
	struct config_process process;

	/* How it came about. */
	const char *file;   /* as given or found; "": defaults only */
	struct arena arena; /* of everything that the configuration points to */
	struct config_origin *origins; /* one per row of the table */
};

/* ---- problems ---- */

enum config_severity { CONFIG_WARNING, CONFIG_ERROR };

struct config_problem {
	enum config_severity severity;
	char *source;  /* the file, or "-o KEY=VALUE" */
	unsigned line; /* 0: none */
	char *text;
	unsigned order; /* in which it was found */
};

struct config_problems {
	struct config_problem *items;
	unsigned count, cap;
	unsigned errors; /* how many of them are errors */
};

#define CONFIG_PROBLEMS_INIT { .items = NULL }

void config_problems_release(struct config_problems *problems);

/* Appends "file:line: error: text\n" for each, by source and line after config_finish(). */
void config_problems_format(const struct config_problems *problems, struct buf *buf);

/* ---- making one ---- */

struct config *config_new(void);
void config_free(struct config *config);

/*
 * Reads a file over what is there.  All that is wrong in it is collected in
 * *problems; a key with an error keeps its former value.  -1 only where there
 * is nothing to read: ERR_NOT_FOUND, ERR_SYSTEM, ERR_LIMIT (over 16 MB).
 */
int config_load(struct config *config, const char *path, struct config_problems *problems, struct err *err);

/* The same for text; `source` names it in problems, relative paths count from `base_dir`. */
void config_load_text(struct config *config, struct slice text, const char *source, const char *base_dir,
		      struct config_problems *problems);

/*
 * "SymServer.port=8081": the value is JSON, or taken as a string where it is
 * not.  Lists are JSON arrays.  Relative paths count from the working directory.
 */
void config_override(struct config *config, const char *assignment, struct config_problems *problems);

/*
 * A long option of Snappy's programs without its dashes ("symbolURL"), as
 * docs/configuration.md lists them, or "configJSON".  A list option replaces the list at its
 * first use and adds to it from then on; `is_first` tells.  False: no such option.
 */
bool config_old_option(struct config *config, const char *option, const char *value, bool is_first,
		       struct config_problems *problems);

/* Defaults by the machine, resolved paths, old spellings; then checks what needs more than one key. */
void config_finish(struct config *config, struct config_problems *problems);

/* `explicit`, else SYSCONFDIR/symbolicate.json or ./etc/symbolicate.json; NULL if neither is there. */
const char *config_find_file(const char *explicit);

struct config_args {
	const char *file;             /* of -c, or NULL */
	const char *const *overrides; /* of -o, in order */
	unsigned override_count;
};

/*
 * All of the above.  0 with *ret, which is fit for use only if problems->errors
 * is 0 (a program ends with EX_CONFIG otherwise); -1 where config_load() says so.
 */
int config_open(struct config **ret, const struct config_args *args, struct config_problems *problems,
		struct err *err);

/*
 * Where a Windows path (UNC or with a drive) is on this machine by
 * general.pathMap: the longest prefix of whole components, without case.
 * False: it is not mapped, or not a Windows path.
 */
bool config_map_path(const struct config *config, struct slice path, struct buf *ret);

/* ---- looking at one ---- */

enum config_print_flags {
	CONFIG_PRINT_SECRETS = 1, /* header values and URL credentials, too: never for other eyes */
};

/* Appends the configuration as JSON, in the form of etc/symbolicate.json. */
void config_print(const struct config *config, struct buf *buf, unsigned flags);

/*
 * Appends the value of one key: text as it is, a list one item a line, the rest
 * as JSON; "\n" at the end.  False: no such key.
 */
bool config_get(const struct config *config, const char *key, struct buf *buf);

/* Appends docs/configuration.md. */
void config_print_markdown(struct buf *buf);

/* Appends the keys, separated by ", ", that differ and need a restart; returns their number. */
unsigned config_restart_keys(const struct config *old, const struct config *fresh, struct buf *buf);

#endif
