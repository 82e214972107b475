/* SPDX-License-Identifier: MIT */
/* The scripted upstream (tests/tools/scripted_upstream.py) as a unit test's child. */
#ifndef TESTS_UNIT_UPSTREAM_SERVER_H
#define TESTS_UNIT_UPSTREAM_SERVER_H

#include "base/slice.h"

/* Starts it in tap_temp_dir(); false where python3 is missing.  It ends with this program at the latest. */
bool server_start(void);
void server_stop(void);
int server_port(void);

/* A file that it serves, and what it does when asked for that path; NULL: nothing special again. */
void server_put(const char *path, struct slice content);
void server_behave(const char *path, const char *behaviour);

/* How many requests for just this path it has seen, and how many connections so far. */
int server_requests(const char *path);
int server_connections(void);

/* Whether a request for the path had a header that holds this text (LOG.details). */
bool server_saw_header(const char *path, const char *header, const char *text);

#endif
