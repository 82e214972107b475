/* SPDX-License-Identifier: MIT */
/* Handles on the configured memcached servers. */
#ifndef ADDRCACHE_SERVERS_H
#define ADDRCACHE_SERVERS_H

#include "addrcache/addrcache.h"

#include <libmemcached/memcached.h>

/* A handle with our settings; NULL with ERR_INPUT for a server that cannot be understood. */
memcached_st *servers_open(const struct addrcache_options *options, struct err *err);

#endif
