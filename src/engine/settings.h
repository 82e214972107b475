/* SPDX-License-Identifier: MIT */
/* What engine and upstream are told: their option structs, made from the configuration. */
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include "config/config.h"
#include "engine/resolver.h"
#include "engine/search.h"

/*
 * Where symbol files come from: local directories, symbolURLs, then those of
 * `servers` whose layout is breakpad.  Locations are borrowed from the configuration.
 */
struct settings_sources {
	struct upstream_source *items;
	struct source_rules *rules; /* of each */
	unsigned count;
	unsigned directory_count; /* localSymbolDirs: they come first */
	struct filter *blacklist; /* general.blacklist */
	struct arena texts; /* origins, headers */
};

/* -1 with ERR_INPUT for a pattern that is none; to be released all the same. */
int settings_sources_init(struct settings_sources *sources, const struct config *config, struct err *err);
void settings_sources_release(struct settings_sources *sources);

/* Whether all that only the engine can judge of the configuration is right: its patterns. */
int settings_check(const struct config *config, struct err *err);

/*
 * The memcached servers with numeric addresses, as the address cache wants them:
 * names are looked up now, since later it would be under no time limit.  One
 * that cannot be found is left out with a warning.
 */
struct settings_memcached {
	char **items;
	unsigned count;
};
void settings_memcached_init(struct settings_memcached *servers, const struct config *config);
void settings_memcached_release(struct settings_memcached *servers);

void settings_resolver(const struct config *config, const struct settings_sources *sources,
		       struct resolver_options *ret);
/* Callbacks and tmp_dir are the caller's to set. */
void settings_search(const struct config *config, const struct settings_sources *sources, struct search_options *ret);
void settings_upstream(const struct config *config, struct upstream_options *ret);

#endif
