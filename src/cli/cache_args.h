/* SPDX-License-Identifier: MIT */
/* What the commands on a cache share: their options, and the cache itself, opened as every process does. */
#ifndef CLI_CACHE_ARGS_H
#define CLI_CACHE_ARGS_H

#include "cli/config_args.h"
#include "engine/environment.h"
#include "symbols/module.h"

enum {
	CACHE_JSON = 1000,
	CACHE_DELETE,
	CACHE_ALL,
	CACHE_ABSENT,
	CACHE_TO_MB,
};

#define CACHE_OPTION_JSON {"json", no_argument, NULL, CACHE_JSON}

/* Of a running server's or of nobody's: nothing here keeps a read open for long, or a lock. */
struct cache_command {
	struct cli cli;
	struct cli_config_args args;
	bool is_json, is_delete, is_all, is_absent;
	const char *to_mb;
	bool may_be_missing; /* the cache: then cache_open() succeeds, with `state` NULL */
	struct config *config;
	struct state *state;
	struct environment env;
};

/* Reads the options.  False: cli.status is what the command returns. */
bool cache_parse(struct cache_command *command, const struct option *options);

/*
 * Opens the configured cache, which must exist: looking makes none.  False with
 * cli.status; cache_close() in any case.
 */
bool cache_open(struct cache_command *command);
void cache_close(struct cache_command *command);

/* All published tables, as they are now; keys and list are the caller's to free with cache_tables_free(). */
struct cache_table {
	char *key;
	struct store_table table;
	uint64_t used_s;
};
struct cache_tables {
	struct cache_table *items;
	size_t count;
};
/* Sorted by last use, the latest first.  -1 with err. */
int cache_tables_read(struct cache_command *command, struct cache_tables *ret, struct err *err);
void cache_tables_free(struct cache_tables *tables);

/*
 * Takes the key's lock in an open fetch.lock, so that no search for the module
 * is under way; ERR_BUSY after wait_ms.
 */
enum { CACHE_LOCK_WAIT_MS = 10000 };
int cache_lock(int fetch_fd, struct slice key, unsigned wait_ms, struct err *err);
void cache_unlock(int fetch_fd, struct slice key);

/* The subcommands: argv[0] is "cache NAME". */
command_function cache_list, cache_stat, cache_verify, cache_purge, cache_trim;

#endif
