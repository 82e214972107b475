/* SPDX-License-Identifier: MIT */
/* What follows from the keys: defaults by the machine, old spellings, inherited values. */
#include "config/config.h"

#include "base/mem.h"
#include "config/check.h"
#include "config/paths.h"
#include "config/problems.h"
#include "config/url.h"
#include "config/value.h"

#include <stdlib.h>
#include <sys/param.h>
#include <unistd.h>

/* Snappy's old default; it has been gone for years, and what it held is in the new place. */
static const char dead_bucket[] = "//s3-us-west-2.amazonaws.com/org.mozilla.crash-stats.symbols-public/v1";
static const char mozilla_url[] = "https://symbols.mozilla.org/";

static const char *keep_text(struct config *config, char *text)
{
	const char *kept = config_text(&config->arena, slice_of(text));

	free(text);
	return kept;
}

static bool is_set(const struct config *config, const char *key)
{
	return config_origin_of(config, key)->source != NULL;
}

/* One pair of keys that old files have in the section where Snappy did not look. */
static void prefer(struct config *config, const char *key, unsigned *value, const char *old_key,
		   const unsigned *old_value, struct config_problems *problems)
{
	if (!is_set(config, key))
		*value = *old_value;
	else if (is_set(config, old_key) && *value != *old_value)
		config_problem_at(problems, CONFIG_WARNING, config_origin_of(config, old_key),
				  "%s (%u) is not used: %s (%u) counts", old_key, *old_value, key, *value);
}

static void finish_retries(struct config *config, struct config_problems *problems)
{
	struct config_disk_cache *cache = &config->disk_cache;

	prefer(config, "DiskCache.retries", &cache->retries, "SymServer.retries", &config->sym_server.retries,
	       problems);
	prefer(config, "DiskCache.retryDelayMs", &cache->retry_delay_ms, "SymServer.retryDelayMs",
	       &config->sym_server.retry_delay_ms, problems);
}

/* ---- symbolURLs ---- */

static bool is_dead_bucket(const char *url)
{
	const char *found = strstr(url, dead_bucket);
	const char *rest = found ? found + sizeof(dead_bucket) - 1 : "?";

	return rest[0] == '\0' || (rest[0] == '/' && rest[1] == '\0');
}

static bool contains(const char *const *items, unsigned count, const char *text)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(items[i], text) == 0)
			return true;
	return false;
}

static void replace_dead_bucket(struct config *config, struct config_problems *problems)
{
	struct config_list *urls = &config->disk_cache.symbol_urls;
	const char **items = arena_calloc(&config->arena, urls->count + 1, sizeof(*items));
	unsigned count = 0;

	for (unsigned i = 0; i < urls->count; i++) {
		const char *url = urls->items[i];

		if (is_dead_bucket(url)) {
			config_problem_at(
				problems, CONFIG_WARNING, config_origin_of(config, "DiskCache.symbolURLs"),
				"DiskCache.symbolURLs: %s is no more; %s is used", url, mozilla_url);
			url = mozilla_url;
		}
		if (!contains(items, count, url))
			items[count++] = url;
	}
	*urls = (struct config_list){items, count};
}

static void finish_symbol_urls(struct config *config, struct config_problems *problems)
{
	/* asking Mozilla for the names of private builds would tell it about them */
	if (config->server_count && !is_set(config, "DiskCache.symbolURLs"))
		config->disk_cache.symbol_urls.count = 0;
	replace_dead_bucket(config, problems);
}

/* ---- servers ---- */

static void inherit(unsigned *value, unsigned from)
{
	if (*value == 0)
		*value = from;
}

static void inherit_transfer(struct config_transfer *transfer, const struct config_transfer *from)
{
	inherit(&transfer->connect_timeout_ms, from->connect_timeout_ms);
	inherit(&transfer->first_byte_timeout_ms, from->first_byte_timeout_ms);
	inherit(&transfer->stall_timeout_ms, from->stall_timeout_ms);
	inherit(&transfer->stall_bytes, from->stall_bytes);
	inherit(&transfer->total_timeout_ms, from->total_timeout_ms);
}

static bool identifier_is_taken(const struct config *config, unsigned before, const char *identifier)
{
	for (unsigned i = 0; i < before; i++)
		if (strcmp(config->servers[i].identifier, identifier) == 0)
			return true;
	return false;
}

/* From the name or remote, less credentials, with a number where another server has the same. */
static const char *make_identifier(struct config *config, unsigned index)
{
	const struct config_server *server = &config->servers[index];
	struct buf text = BUF_INIT;
	size_t base;
	const char *kept;

	if (server->identifier[0])
		buf_add_text(&text, server->identifier);
	else if (server->name[0])
		buf_add_text(&text, server->name);
	else if (server->remote[0])
		url_add_redacted(&text, slice_of(server->remote));
	else
		buf_addf(&text, "server %u", index + 1);
	base = text.len;
	for (unsigned n = 2; identifier_is_taken(config, index, buf_text(&text)); n++) {
		text.len = base;
		buf_addf(&text, " (%u)", n);
	}
	kept = config_text(&config->arena, buf_slice(&text));
	buf_release(&text);
	return kept;
}

static void finish_server(struct config *config, unsigned index, struct config_problems *problems)
{
	struct config_server *server = &config->servers[index];
	const char *identifier = make_identifier(config, index);

	if (server->identifier[0] && strcmp(identifier, server->identifier) != 0)
		config_problem(problems, CONFIG_WARNING, config_origin_of(config, "servers")->source,
			       server->line, "servers: the identifier \"%s\" is taken; \"%s\" is used",
			       server->identifier, identifier);
	server->identifier = identifier;
	if (server->name[0] == '\0')
		server->name = identifier;
	if (server->cache_location[0] == '\0')
		server->cache_location = config->general.cache_location;
	inherit_transfer(&server->transfer, &config->disk_cache.transfer);
	server->allow_private = server->allow_private_key == CONFIG_YES ||
				(server->allow_private_key == CONFIG_UNDECIDED &&
				 !url_host_is_public(url_host(slice_of(server->remote))));
}

/* ---- the rest ---- */

static void finish_directories(struct config *config)
{
	if (config->disk_cache.cache_path[0] == '\0')
		config->disk_cache.cache_path = LOCALSTATEDIR "/cache/symbolicate";
	if (config->general.cache_location[0] == '\0')
		config->general.cache_location =
			keep_text(config, mem_printf("%s/files", config->disk_cache.cache_path));
}

static void finish_process(struct config *config)
{
	struct config_process *process = &config->process;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned cores = online > 0 ? (unsigned)online : 1;

	if (process->workers == 0)
		process->workers = MIN(2 * cores, process->max_workers);
	if (process->builders == 0)
		process->builders = cores;
	/* a small maxWorkers must leave one that may wait */
	if (process->reserved == 0)
		process->reserved = MIN(MAX(4, process->workers / 2), process->max_workers - 1);
}

static void finish_hosts(struct config *config)
{
	struct config_list *hosts = &config->process.allowed_hosts;
	const char **items = arena_calloc(&config->arena, hosts->count + 1, sizeof(*items));

	for (unsigned i = 0; i < hosts->count; i++) {
		char *lower = mem_strdup(hosts->items[i]);

		for (char *at = lower; *at; at++)
			if (*at >= 'A' && *at <= 'Z')
				*at = (char)(*at | 0x20);
		items[i] = keep_text(config, lower);
	}
	hosts->items = items;
}

void config_finish(struct config *config, struct config_problems *problems)
{
	finish_retries(config, problems);
	finish_symbol_urls(config, problems);
	config_map_paths(config, problems);
	finish_directories(config);
	for (unsigned i = 0; i < config->server_count; i++)
		finish_server(config, i, problems);
	finish_process(config);
	finish_hosts(config);
	config_check(config, problems);
	config_problems_sort(problems);
}
