/* SPDX-License-Identifier: MIT */
/* The decoders of the two families, over one draft, and the texts of their refusals. */
#ifndef PROTOCOL_DECODE_H
#define PROTOCOL_DECODE_H

#include "protocol/draft.h"

/* `draft` stands before the body's value.  Results as protocol_decode() has them. */
enum protocol_verdict eliot_decode(struct draft *draft, const struct protocol_options *options,
				   struct request *ret_request, struct err *err);
enum protocol_verdict snappy_decode(struct draft *draft, const struct protocol_options *options,
				    struct request *ret_request, struct debug_request *ret_debug,
				    struct err *err);

/* Sets *err to the family's text of the fault. */
enum protocol_verdict eliot_refuse(uint32_t job, struct fault fault, struct err *err);
enum protocol_verdict snappy_refuse(struct fault fault, struct err *err);

#endif
