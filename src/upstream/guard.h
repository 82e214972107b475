/* SPDX-License-Identifier: MIT */
/* Which addresses a redirect may lead to. */
#ifndef UPSTREAM_GUARD_H
#define UPSTREAM_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Whether the address belongs to the public internet.  Not public: loopback,
 * private, shared, link-local, unique-local, unspecified, multicast and reserved
 * ones, also where an IPv6 address wraps such an IPv4 address (mapped,
 * compatible, NAT64, 6to4); of IPv6 only what is allocated, 2000::/3, is public.
 */
bool guard_is_public(const struct sockaddr *address);

/* Whether a URL's host is "localhost" or a numeric address that is not public; no name is resolved. */
bool guard_host_is_private(const char *host);

#endif
