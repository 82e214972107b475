/* SPDX-License-Identifier: MIT */
/* URLs as far as the configuration must understand them. */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include "base/buf.h"

/* http:// or https:// (without case) and a host. */
bool url_is_http(struct slice url);

/* The host without credentials, port and the brackets of IPv6; the scheme may be missing. */
struct slice url_host(struct slice url);

/* Appends the URL with "***" in place of "user:password". */
void url_add_redacted(struct buf *buf, struct slice url);

/* Whether the host is this one by its name or a loopback address. */
bool url_host_is_local(struct slice host);

/* Whether it belongs to a public symbol server known by name. */
bool url_host_is_public(struct slice host);

#endif
