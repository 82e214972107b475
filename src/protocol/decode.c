/* SPDX-License-Identifier: MIT */
/* Request text to request: what both families share. */
#include "protocol/decode.h"

enum protocol_verdict protocol_decode(const struct protocol_options *options, struct slice body,
				      struct arena *arena, struct request *ret_request,
				      struct debug_request *ret_debug, struct err *err)
{
	struct draft draft;
	enum protocol_verdict verdict;

	draft_init(&draft, options, body, arena);
	if (protocol_is_snappy(options->api))
		verdict = snappy_decode(&draft, options, ret_request, ret_debug, err);
	else
		verdict = eliot_decode(&draft, options, ret_request, err);
	/* Reading stops at a limit, so whatever else was found wrong is a consequence of that. */
	if (draft.limit_name == NULL)
		return verdict;
	err_set(err, ERR_LIMIT, "too many %s: a request may have %u", draft.limit_name, draft.limit);
	return PROTOCOL_TOO_LARGE;
}
