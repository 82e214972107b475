/* SPDX-License-Identifier: MIT */
/* Who may use what is meant for the operator on this host only. */
#ifndef WEB_ADMISSION_H
#define WEB_ADMISSION_H

#include "web/web.h"

/*
 * The debug protocol: it is switched on; the client is on this host or in one of
 * the operator's networks; no proxy says that it speaks for somebody else; the
 * host that the client named is an allowed one (against DNS rebinding); and no
 * web page can have sent it (any page open in a local browser can post to
 * 127.0.0.1).  Each of these alone refuses.
 */
bool admission_debug(const struct web_options *options, const struct web_request *request);

#endif
