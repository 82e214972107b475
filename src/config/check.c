/* SPDX-License-Identifier: MIT */
/* Checks across keys, and of text that has a form. */
#include "config/check.h"

#include "base/num.h"
#include "config/problems.h"
#include "config/table.h"
#include "config/url.h"

#include <arpa/inet.h>

static const struct config_origin *origin(const struct config *config, const char *key)
{
	return config_origin_of(config, key);
}

static void check_process(const struct config *config, struct config_problems *problems)
{
	const struct config_process *process = &config->process;

	if (process->workers > process->max_workers)
		config_problem_at(problems, CONFIG_ERROR, origin(config, "process.workers"),
				  "process.workers (%u) is more than process.maxWorkers (%u)",
				  process->workers, process->max_workers);
	if (process->reserved >= process->max_workers)
		config_problem_at(
			problems, CONFIG_ERROR, origin(config, "process.reserved"),
			"process.reserved (%u) leaves none of process.maxWorkers (%u) to wait for downloads",
			process->reserved, process->max_workers);
}

static bool is_port(struct slice text)
{
	uint64_t port;

	return num_parse_dec(text, 65535, &port);
}

/* "host:port" or "[::1]:port"; the host may be empty where `open_host`. */
static bool is_host_port(const char *text, bool open_host)
{
	const char *colon = strrchr(text, ':');

	return colon && (open_host || colon > text) && is_port(slice_of(colon + 1)) &&
	       (memchr(text, ':', (size_t)(colon - text)) == NULL || colon[-1] == ']');
}

static void check_listen(const struct config *config, struct config_problems *problems)
{
	const char *listen = config->process.listen;

	if (listen[0] == '\0' || (strncmp(listen, "unix:", 5) == 0 && listen[5]) ||
	    is_host_port(listen, true))
		return;
	config_problem_at(problems, CONFIG_ERROR, origin(config, "process.listen"),
			  "process.listen must be \"unix:/path\" or \"host:port\", not \"%s\"", listen);
}

static void check_memcached(const struct config *config, struct config_problems *problems)
{
	const struct config_list *servers = &config->sym_server.memcached_servers;

	for (unsigned i = 0; i < servers->count; i++) {
		const char *server = servers->items[i];
		bool is_host = server[0] && !strpbrk(server, ":/ ");

		if (server[0] != '/' && !is_host && !is_host_port(server, false))
			config_problem_at(
				problems, CONFIG_ERROR, origin(config, "SymServer.memcachedServers"),
				"SymServer.memcachedServers[%u] must be \"host:port\" or the absolute "
				"path of a socket, not \"%s\"",
				i, server);
	}
}

/* The bits of an address: 32, 128, or 0 where the text is none. */
static unsigned address_width(struct slice text)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (text.len >= sizeof(address))
		return 0;
	memcpy(address, text.data, text.len);
	address[text.len] = '\0';
	if (inet_pton(AF_INET, address, bytes) == 1)
		return 32;
	return inet_pton(AF_INET6, address, bytes) == 1 ? 128 : 0;
}

static bool is_network(const char *text)
{
	size_t len = strcspn(text, "/");
	unsigned width = address_width(slice_make(text, len));
	uint64_t bits;

	return width && (text[len] == '\0' || num_parse_dec(slice_of(text + len + 1), width, &bits));
}

static void check_networks(const struct config *config, struct config_problems *problems)
{
	const struct config_list *networks = &config->process.admin_networks;

	for (unsigned i = 0; i < networks->count; i++)
		if (!is_network(networks->items[i]))
			config_problem_at(problems, CONFIG_ERROR, origin(config, "process.adminNetworks"),
					  "process.adminNetworks[%u] must be an address or \"address/bits\", "
					  "not \"%s\"", i, networks->items[i]);
}

static void check_disk_cache_server(const struct config *config, struct config_problems *problems)
{
	const char *server = config->sym_server.disk_cache_server;
	struct slice host = url_host(slice_of(server));

	if (host.len && !url_host_is_local(host))
		config_problem_at(
			problems, CONFIG_WARNING, origin(config, "SymServer.DiskCacheServer"),
			"SymServer.DiskCacheServer: %.*s is not asked; the disk cache is part of this server",
			SLICE_PRINT(host));
}

static void check_path_map(const struct config *config, struct config_problems *problems)
{
	const struct config_map *map = &config->general.path_map;

	for (unsigned i = 0; i < map->count; i++)
		if (map->items[i].value[0] != '/')
			config_problem_at(problems, CONFIG_ERROR, origin(config, "general.pathMap"),
					  "general.pathMap: \"%s\" must lead to an absolute path, not \"%s\"",
					  map->items[i].name, map->items[i].value);
}

/* A header with a line end would let its value write further headers. */
static bool is_header(const struct config_pair *pair)
{
	return pair->name[0] && !strpbrk(pair->name, ":\r\n ") && !strpbrk(pair->value, "\r\n");
}

static void check_headers(const struct config_server *server, const char *source,
			  struct config_problems *problems)
{
	for (unsigned i = 0; i < server->headers.count; i++)
		if (!is_header(&server->headers.items[i]))
			config_problem(problems, CONFIG_ERROR, source, server->line,
				       "servers: \"%s\": \"%s\" is no header, or its value none of one",
				       server->identifier, server->headers.items[i].name);
}

static void check_server(const struct config *config, const struct config_server *server,
			 struct config_problems *problems)
{
	const char *source = origin(config, "servers")->source;

	if (server->remote[0] == '\0')
		config_problem(problems, CONFIG_WARNING, source, server->line,
			       "servers: \"%s\" has no usable remote and is off", server->identifier);
	if (server->types == 0)
		config_problem(problems, CONFIG_WARNING, source, server->line,
			       "servers: \"%s\" has an empty type list and is never asked",
			       server->identifier);
	check_headers(server, source, problems);
}

void config_check(const struct config *config, struct config_problems *problems)
{
	check_process(config, problems);
	check_listen(config, problems);
	check_memcached(config, problems);
	check_networks(config, problems);
	check_disk_cache_server(config, problems);
	check_path_map(config, problems);
	for (unsigned i = 0; i < config->server_count; i++)
		check_server(config, &config->servers[i], problems);
}
