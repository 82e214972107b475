/* SPDX-License-Identifier: MIT */
/* Option structs from the configuration. */
#include "engine/settings.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/url.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

#define MEGABYTES(n) ((uint64_t)(n) << 20)

static bool is_url(const char *location)
{
	return strstr(location, "://") != NULL;
}

static const char *keep(struct settings_sources *sources, struct slice text)
{
	char *copy = arena_alloc(&sources->texts, text.len + 1);

	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return copy;
}

/* With other limits a file that was refused may be taken. */
static uint64_t identify(const struct upstream_source *source, const struct config_disk_cache *cache)
{
	struct buf text = BUF_INIT;
	uint64_t identity;

	buf_addf(&text, "%d %u %u %s", source->kind, cache->max_download_mb, cache->max_symbol_mb,
		 source->location);
	identity = hash_bytes(text.data, text.len);
	buf_release(&text);
	return identity;
}

static struct upstream_source *add_source(struct settings_sources *sources, const char *location,
					  enum source_kind kind, const struct config_disk_cache *cache)
{
	struct upstream_source *source = &sources->items[sources->count++];
	char *origin = upstream_origin(kind, location);

	*source = (struct upstream_source){
		.kind = kind,
		.location = location,
		.origin = keep(sources, slice_of(origin)),
		.absent_s = cache->retry_timeout_s,
		.public_only = kind == SOURCE_URL && url_host_is_public(url_host(slice_of(location))),
	};
	source->identity = identify(source, cache);
	free(origin);
	return source;
}

/* As they go over the wire; curl's way to send one without a value is a semicolon. */
static void add_headers(struct settings_sources *sources, struct upstream_source *source,
			const struct config_map *headers)
{
	const char **lines = arena_calloc(&sources->texts, headers->count, sizeof(*lines));
	struct buf line = BUF_INIT;

	for (unsigned i = 0; i < headers->count; i++) {
		const struct config_pair *header = &headers->items[i];

		buf_clear(&line);
		buf_addf(&line, *header->value ? "%s: %s" : "%s;%s", header->name, header->value);
		lines[i] = keep(sources, buf_slice(&line));
	}
	buf_release(&line);
	source->headers = lines;
	source->header_count = headers->count;
}

static struct upstream_times times_of(const struct config_transfer *transfer)
{
	return (struct upstream_times){
		.connect_timeout_ms = transfer->connect_timeout_ms,
		.first_byte_timeout_ms = transfer->first_byte_timeout_ms,
		.stall_timeout_ms = transfer->stall_timeout_ms,
		.stall_bytes = transfer->stall_bytes,
		.total_timeout_ms = transfer->total_timeout_ms,
	};
}

static int make_filter(const struct filter **ret, const struct config_list *patterns, struct err *err)
{
	struct filter *filter;

	if (filter_new(&filter, patterns->items, patterns->count, err) < 0)
		return -1;
	*ret = filter;
	return 0;
}

static int add_server(struct settings_sources *sources, const struct config_server *server,
		      const struct config_disk_cache *cache, struct err *err)
{
	struct source_rules *rules = &sources->rules[sources->count];
	struct upstream_source *source;

	if (!(server->types & CONFIG_BREAKPAD) || *server->remote == '\0')
		return 0;
	source = add_source(sources, server->remote, is_url(server->remote) ? SOURCE_URL : SOURCE_DIRECTORY,
			    cache);
	source->absent_s = server->retry_timeout_s;
	source->times = times_of(&server->transfer);
	source->proxy = *server->proxy ? server->proxy : NULL;
	source->public_only = !server->allow_private;
	source->max_requests = server->max_requests;
	add_headers(sources, source, &server->headers);
	if (make_filter(&rules->blacklist, &server->blacklist, err) < 0 ||
	    make_filter(&rules->whitelist, &server->whitelist, err) < 0)
		return err_prefix(err, "server %s", server->identifier);
	return 0;
}

int settings_sources_init(struct settings_sources *sources, const struct config *config, struct err *err)
{
	const struct config_disk_cache *cache = &config->disk_cache;
	unsigned room = cache->local_symbol_dirs.count + cache->symbol_urls.count + config->server_count;

	*sources = (struct settings_sources){
		.items = mem_calloc(room, sizeof(*sources->items)),
		.rules = mem_calloc(room, sizeof(*sources->rules)),
	};
	arena_init(&sources->texts);
	for (unsigned i = 0; i < cache->local_symbol_dirs.count; i++)
		add_source(sources, cache->local_symbol_dirs.items[i], SOURCE_DIRECTORY, cache);
	sources->directory_count = sources->count;
	for (unsigned i = 0; i < cache->symbol_urls.count; i++)
		add_source(sources, cache->symbol_urls.items[i], SOURCE_URL, cache);
	for (unsigned i = 0; i < config->server_count; i++)
		if (add_server(sources, &config->servers[i], cache, err) < 0)
			return -1;
	if (filter_new(&sources->blacklist, config->general.blacklist.items, config->general.blacklist.count, err) < 0)
		return err_prefix(err, "general.blacklist");
	return 0;
}

void settings_sources_release(struct settings_sources *sources)
{
	for (unsigned i = 0; i < sources->count; i++) {
		filter_free((struct filter *)(uintptr_t)sources->rules[i].whitelist);
		filter_free((struct filter *)(uintptr_t)sources->rules[i].blacklist);
	}
	filter_free(sources->blacklist);
	arena_release(&sources->texts);
	free(sources->rules);
	free(sources->items);
	*sources = (struct settings_sources){0};
}

int settings_check(const struct config *config, struct err *err)
{
	struct settings_sources sources;
	int result = settings_sources_init(&sources, config, err);

	settings_sources_release(&sources);
	return result;
}

static const char memcached_port[] = "11211";

/* "host:port", "[::1]:port" or a bare host, as numeric "address:port"; NULL: not found. */
static char *numeric_server(const char *server)
{
	const char *end = strrchr(server, ':'), *close = strrchr(server, ']');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	bool bracketed = server[0] == '[' && close;
	size_t host_len = bracketed ? (size_t)(close - server) - 1 : end ? (size_t)(end - server) : strlen(server);
	char *host = mem_strndup(server + bracketed, host_len), *result = NULL;
	char address[NI_MAXHOST], port[NI_MAXSERV];
	bool has_port = end && (!bracketed || end > close);

	if (getaddrinfo(host, has_port ? end + 1 : memcached_port, &hints, &found) == 0) {
		if (getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), port, sizeof(port),
				NI_NUMERICHOST | NI_NUMERICSERV) == 0)
			result = mem_printf(found->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", address, port);
		freeaddrinfo(found);
	}
	free(host);
	return result;
}

void settings_memcached_init(struct settings_memcached *servers, const struct config *config)
{
	const struct config_list *list = &config->sym_server.memcached_servers;

	*servers = (struct settings_memcached){.items = mem_calloc(list->count + 1, sizeof(char *))};
	for (unsigned i = 0; i < list->count; i++) {
		const char *server = list->items[i];
		char *numeric = server[0] == '/' ? mem_strdup(server) : numeric_server(server);

		if (numeric)
			servers->items[servers->count++] = numeric;
		else
			log_warning("memcached server %s has no address and is left out", server);
	}
}

void settings_memcached_release(struct settings_memcached *servers)
{
	for (unsigned i = 0; i < servers->count; i++)
		free(servers->items[i]);
	free(servers->items);
}

static struct sources all_of(const struct settings_sources *sources)
{
	return (struct sources){
		.items = sources->items,
		.rules = sources->rules,
		.count = sources->count,
		.directory_count = sources->directory_count,
		.blacklist = sources->blacklist,
	};
}

void settings_resolver(const struct config *config, const struct settings_sources *sources,
		       struct resolver_options *ret)
{
	const struct config_process *process = &config->process;

	*ret = (struct resolver_options){
		.sources = all_of(sources),
		.local_dirs = sources->items,
		.local_dir_count = sources->directory_count,
		.nearest = config->sym_server.lookup == CONFIG_LOOKUP_NEAREST,
		.wait_ms = process->wait_ms,
		.max_fetches = config->sym_server.max_fetches_per_request,
		.max_waiting = process->max_workers > process->reserved ? process->max_workers - process->reserved : 1,
	};
}

void settings_upstream(const struct config *config, struct upstream_options *ret)
{
	const struct config_disk_cache *cache = &config->disk_cache;
	struct upstream_times times = times_of(&cache->transfer);

	*ret = (struct upstream_options){
		.user_agent = "symbolicate/" PACKAGE_VERSION,
		.connect_timeout_ms = times.connect_timeout_ms,
		.first_byte_timeout_ms = times.first_byte_timeout_ms,
		.stall_timeout_ms = times.stall_timeout_ms,
		.stall_bytes = times.stall_bytes,
		.total_timeout_ms = times.total_timeout_ms,
		.max_download_bytes = MEGABYTES(cache->max_download_mb),
		.max_text_bytes = MEGABYTES(cache->max_symbol_mb),
		.retries = cache->retries ? cache->retries - 1 : 0, /* the setting counts the first try, too */
		.retry_delay_ms = cache->retry_delay_ms,
	};
}

void settings_search(const struct config *config, const struct settings_sources *sources, struct search_options *ret)
{
	*ret = (struct search_options){
		.sources = all_of(sources),
		.max_text_bytes = MEGABYTES(config->disk_cache.max_symbol_mb),
		.builders = config->process.builders,
	};
}
