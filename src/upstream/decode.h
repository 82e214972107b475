/* SPDX-License-Identifier: MIT */
/* Decompression of a symbol file while it arrives: gzip, zlib, zstd or plain text, told by content. */
#ifndef UPSTREAM_DECODE_H
#define UPSTREAM_DECODE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often a file may be compressed: a gzip file sent with Content-Encoding gzip is twice. */
enum { DECODE_DEPTH_MAX = 2 };

struct decode_options {
	uint64_t max_text_bytes; /* 0: no limit; holds for every stage's output */
	/*
	 * The body came with Content-Encoding "deflate".  Only then may it be raw
	 * deflate, which has no mark to be recognised by; what is recognised
	 * otherwise still goes by its content.
	 */
	bool announced_deflate;
};

/* Takes decoded text; -1 with err ends the decoding with just that error. */
typedef int decode_output(void *ctx, const char *text, size_t len, struct err *err);

struct decoder;
struct decoder *decoder_new(const struct decode_options *options, decode_output *output, void *ctx);
void decoder_free(struct decoder *decoder);

/*
 * Feeds the next bytes.  -1: ERR_INPUT where the compression is damaged or too
 * deep, ERR_LIMIT where the text or a zstd window is too large, or the output's
 * own error; the decoder is then only good for decoder_free().
 */
int decoder_feed(struct decoder *decoder, const char *data, size_t len, struct err *err);

/* The input is complete.  -1 with ERR_UPSTREAM where a compressed stream ends early, and as above. */
int decoder_finish(struct decoder *decoder, struct err *err);

uint64_t decoder_text_bytes(const struct decoder *decoder);

#endif
