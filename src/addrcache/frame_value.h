/* SPDX-License-Identifier: MIT */
/* Keys and values of the address cache. */
#ifndef ADDRCACHE_FRAME_VALUE_H
#define ADDRCACHE_FRAME_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "symbols/answer.h"

/* What memcached holds for one address of one module: all that v5 answers. */
struct frame_value {
	bool found;               /* false: the module is known and nothing covers the address */
	struct symbol_answer answer;
	struct slice code_file;   /* absent: none */
};

/*
 * Appends the key: schema version, lookup mode, generation, module key, offset.
 * One that would exceed 250 bytes ends in a hash of the module key instead.
 */
void frame_key_add(struct buf *buf, struct slice module_key, uint64_t generation, bool nearest,
		   uint64_t offset);

/* Appends the encoded value. */
void frame_value_encode(struct buf *buf, const struct frame_value *value);

/* false when the bytes are not a value of this schema version.  Everything decoded is copied into `arena`. */
bool frame_value_decode(struct slice bytes, struct arena *arena, struct frame_value *ret_value);

#endif
