/* SPDX-License-Identifier: MIT */
/* Snappy's debug protocol. */
#ifndef WEB_DEBUG_H
#define WEB_DEBUG_H

#include "web/web.h"

/* Carries an admitted action out and writes its answer. */
void debug_handle(struct web *web, const struct debug_request *debug, struct web_response *response);

#endif
