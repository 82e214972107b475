/* SPDX-License-Identifier: MIT */
/* The listening socket: inherited, or made here. */
#ifndef PROCESS_LISTEN_H
#define PROCESS_LISTEN_H

#include "base/err.h"

/*
 * `address` is "unix:/path" or "host:port" (an empty host: all); "" takes what
 * was inherited: descriptor 0 (spawn-fcgi, systemd's StandardInput=socket) or,
 * by LISTEN_FDS, descriptor 3.  Returns the descriptor, -1 with err.
 */
int listen_open(const char *address, struct err *err);

/* Removes a unix socket that listen_open() made. */
void listen_remove(const char *address);

#endif
