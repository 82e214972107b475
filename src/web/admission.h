/* SPDX-License-Identifier: MIT */
/* Who may use what is meant for the operator on this host only. */
#ifndef WEB_ADMISSION_H
#define WEB_ADMISSION_H

#include "web/web.h"

/*
 * The debug protocol: the client is on this host, came through no proxy that
 * says otherwise, named an allowed host (against DNS rebinding), and no web
 * page can have sent it (any page open in a local browser can post to 127.0.0.1).
 */
bool admission_debug(const struct web_options *options, const struct web_request *request);

#endif
