/* SPDX-License-Identifier: MIT */
/* Handles on the configured memcached servers: addresses and settings. */
#include "addrcache/servers.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/un.h>

/*
 * Measured (docs: request path): ascii is no slower than binary, which is
 * deprecated.  Only numeric addresses, since name lookup knows no timeout.
 * Nothing is ejected: a rehash would send keys elsewhere and back.  No NO_BLOCK,
 * which sets linger 0 and can lose the last adds.
 */
static void set_behaviors(memcached_st *handle, int timeout_ms)
{
	const struct {
		memcached_behavior_t what;
		uint64_t value;
	} settings[] = {
		{MEMCACHED_BEHAVIOR_BINARY_PROTOCOL, 0},
		{MEMCACHED_BEHAVIOR_TCP_NODELAY, 1},
		{MEMCACHED_BEHAVIOR_POLL_TIMEOUT, (uint64_t)timeout_ms},
		{MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, (uint64_t)timeout_ms},
		{MEMCACHED_BEHAVIOR_RETRY_TIMEOUT, 1},
		{MEMCACHED_BEHAVIOR_SERVER_FAILURE_LIMIT, 5},
		{MEMCACHED_BEHAVIOR_SERVER_TIMEOUT_LIMIT, 0},
		{MEMCACHED_BEHAVIOR_REMOVE_FAILED_SERVERS, 0},
		{MEMCACHED_BEHAVIOR_DEAD_TIMEOUT, 0},
		{MEMCACHED_BEHAVIOR_NO_BLOCK, 0},
		{MEMCACHED_BEHAVIOR_SUPPORT_CAS, 0},
		{MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, 1}, /* before any server is added */
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		memcached_behavior_set(handle, settings[i].what, settings[i].value);
}

static bool is_numeric_host(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* "host:port" or "[host]:port". */
static bool split_address(const char *server, char *host, size_t host_size, uint64_t *ret_port)
{
	const char *colon = strrchr(server, ':');
	const char *end = colon;

	if (colon == NULL || !num_parse_dec(slice_of(colon + 1), UINT16_MAX, ret_port) || *ret_port == 0)
		return false;
	if (*server == '[' && end[-1] == ']') {
		server++;
		end--;
	}
	if (end <= server || (size_t)(end - server) >= host_size)
		return false;
	memcpy(host, server, (size_t)(end - server));
	host[end - server] = '\0';
	return true;
}

static int add_server(memcached_st *handle, const char *server, struct err *err)
{
	char host[INET6_ADDRSTRLEN];
	memcached_return_t rc;
	uint64_t port;

	if (*server == '/') {
		if (strlen(server) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
			return err_set(err, ERR_INPUT, "memcached: the socket path %s is too long", server);
		rc = memcached_server_add_unix_socket(handle, server);
	} else {
		if (!split_address(server, host, sizeof(host), &port) || !is_numeric_host(host))
			return err_set(err, ERR_INPUT,
				       "memcached: \"%s\" is neither numeric-address:port nor a socket path",
				       server);
		rc = memcached_server_add(handle, host, (in_port_t)port);
	}
	if (rc != MEMCACHED_SUCCESS)
		return err_set(err, ERR_SYSTEM, "memcached: cannot use %s: %s", server,
			       memcached_strerror(handle, rc));
	return 0;
}

memcached_st *servers_open(const struct addrcache_options *options, struct err *err)
{
	memcached_st *handle = memcached_create(NULL);

	if (handle == NULL) {
		err_set(err, ERR_SYSTEM, "memcached: cannot create a handle");
		return NULL;
	}
	set_behaviors(handle, options->timeout_ms);
	for (size_t i = 0; i < options->server_count; i++) {
		if (add_server(handle, options->servers[i], err) < 0) {
			memcached_free(handle);
			return NULL;
		}
	}
	return handle;
}
