/* SPDX-License-Identifier: MIT */
/* Snappy's debug protocol. */
#ifndef WEB_DEBUG_H
#define WEB_DEBUG_H

#include "web/web.h"

/* Snappy's two services had their own actions; who plays both takes an `offset` for the SymServer's. */
enum debug_role { DEBUG_BOTH, DEBUG_DISK_CACHE };

/* Carries an admitted action out and writes its answer. */
void debug_handle(struct web *web, const struct web_request *request, enum debug_role role,
		  const struct debug_request *debug, struct web_response *response);

#endif
