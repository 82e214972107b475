/* SPDX-License-Identifier: MIT */
/* Decompression while a file arrives: a chain of stages, each of which finds out by itself what it is fed. */
#include "upstream/decode.h"

#include "base/mem.h"
#include "base/slice.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
	HEAD_BYTES = 7, /* enough to tell the codings and "MODULE " apart */
	OUT_BYTES = 128 * 1024,
	ZSTD_WINDOW_LOG_MAX = 27, /* 128 MB, what zstd's own tool accepts */
};

enum coding { CODING_UNKNOWN, CODING_PLAIN, CODING_GZIP, CODING_ZLIB, CODING_RAW_DEFLATE, CODING_ZSTD };

/* Where a compressed stream stands. */
enum position { INSIDE, BETWEEN_MEMBERS };

struct stage {
	enum coding coding;
	enum position position;
	char head[HEAD_BYTES]; /* what came before the coding was known */
	size_t head_len;
	z_stream zlib;
	ZSTD_DStream *zstd;
	char *out;
	uint64_t out_bytes;
};

/* Stage 0 takes the input, each compressed one feeds the next, a plain one the output. */
struct decoder {
	struct decode_options options;
	decode_output *output;
	void *ctx;
	struct stage stages[DECODE_DEPTH_MAX + 1];
};

struct decoder *decoder_new(const struct decode_options *options, decode_output *output, void *ctx)
{
	struct decoder *decoder = mem_zalloc(sizeof(*decoder));

	decoder->options = *options;
	decoder->output = output;
	decoder->ctx = ctx;
	return decoder;
}

static bool is_deflate(enum coding coding)
{
	return coding == CODING_GZIP || coding == CODING_ZLIB || coding == CODING_RAW_DEFLATE;
}

void decoder_free(struct decoder *decoder)
{
	if (decoder == NULL)
		return;
	for (size_t i = 0; i <= DECODE_DEPTH_MAX; i++) {
		struct stage *stage = &decoder->stages[i];

		if (is_deflate(stage->coding))
			inflateEnd(&stage->zlib);
		ZSTD_freeDStream(stage->zstd);
		free(stage->out);
	}
	free(decoder);
}

/* A zlib header (RFC 1950, 2.2): method 8, a window of at most 32 KB, check bits, no dictionary. */
static bool has_zlib_header(const unsigned char *head, size_t len)
{
	return len >= 2 && (head[0] & 0x0f) == 8 && head[0] >> 4 <= 7 && (head[0] << 8 | head[1]) % 31 == 0 &&
	       (head[1] & 0x20) == 0;
}

/* A zstd frame or one of its skippable frames (RFC 8878, 3.1). */
static bool has_zstd_magic(struct slice head)
{
	return slice_starts_with(head, SLICE_LITERAL("\x28\xb5\x2f\xfd")) ||
	       (head.len >= 4 && (head.data[0] & 0xf0) == 0x50 &&
		memcmp(head.data + 1, "\x2a\x4d\x18", 3) == 0);
}

static enum coding recognise(struct slice head, bool announced_deflate)
{
	const unsigned char *bytes = (const unsigned char *)head.data;
	bool zlib_header = has_zlib_header(bytes, head.len);

	if (slice_starts_with(head, SLICE_LITERAL("\x1f\x8b\x08")))
		return CODING_GZIP;
	if (has_zstd_magic(head))
		return CODING_ZSTD;
	if (slice_starts_with(head, SLICE_LITERAL("MODULE ")))
		return CODING_PLAIN;
	/* other window sizes would take text that begins with 'H' or 'h' for zlib */
	if (zlib_header && (announced_deflate || bytes[0] == 0x78))
		return CODING_ZLIB;
	return announced_deflate && head.len ? CODING_RAW_DEFLATE : CODING_PLAIN;
}

static int inflate_window_bits(enum coding coding)
{
	return coding == CODING_GZIP ? 16 + MAX_WBITS : coding == CODING_ZLIB ? MAX_WBITS : -MAX_WBITS;
}

static int start_zstd(struct stage *stage, struct err *err)
{
	stage->zstd = ZSTD_createDStream();
	if (stage->zstd == NULL)
		return err_set(err, ERR_SYSTEM, "cannot start zstd: out of memory");
	ZSTD_DCtx_setParameter(stage->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	return 0;
}

/* Settles what the stage is fed; `number` of them compressed already. */
static int start_stage(const struct decoder *decoder, size_t number, struct stage *stage, struct err *err)
{
	bool announced_deflate = decoder->options.announced_deflate && number == 0;
	enum coding coding = recognise(slice_make(stage->head, stage->head_len), announced_deflate);

	if (coding != CODING_PLAIN) {
		if (number == DECODE_DEPTH_MAX)
			return err_set(err, ERR_INPUT, "compressed more than %d times", DECODE_DEPTH_MAX);
		stage->out = mem_alloc(OUT_BYTES);
	}
	if (is_deflate(coding) && inflateInit2(&stage->zlib, inflate_window_bits(coding)) != Z_OK)
		return err_set(err, ERR_SYSTEM, "cannot start zlib: out of memory");
	if (coding == CODING_ZSTD && start_zstd(stage, err) < 0)
		return -1;
	stage->coding = coding;
	return 0;
}

static int feed_stage(struct decoder *decoder, size_t number, struct slice in, struct err *err);

/* A stage's output goes to the next one, of a plain stage to the caller. */
static int pass_on(struct decoder *decoder, size_t number, struct slice text, struct err *err)
{
	struct stage *stage = &decoder->stages[number];
	uint64_t limit = decoder->options.max_text_bytes;

	if (text.len == 0)
		return 0;
	stage->out_bytes += text.len;
	if (limit && stage->out_bytes > limit)
		return err_set(err, ERR_LIMIT, "text larger than %llu bytes", (unsigned long long)limit);
	if (stage->coding == CODING_PLAIN)
		return decoder->output(decoder->ctx, text.data, text.len, err);
	return feed_stage(decoder, number + 1, text, err);
}

/*
 * What stands between gzip members: zero bytes are padding (tape blocks, RFC
 * 1952's tools skip them), anything else must be a member, which inflate checks.
 */
static int begin_member(struct stage *stage, struct slice *in, struct err *err)
{
	if (stage->coding != CODING_GZIP)
		return err_set(err, ERR_INPUT, "bytes follow the end of the compressed data");
	while (in->len && in->data[0] == '\0') {
		in->data++;
		in->len--;
	}
	if (in->len) {
		inflateReset(&stage->zlib);
		stage->position = INSIDE;
	}
	return 0;
}

/* One call of inflate: as much as fits into the output buffer.  Moves *in on. */
static int inflate_some(struct stage *stage, struct slice *in, size_t *ret_len, struct err *err)
{
	int code;

	/* a slice is at most what one write of curl, read() or OUT_BYTES brings: it fits an unsigned int */
	stage->zlib.next_in = (unsigned char *)(uintptr_t)in->data;
	stage->zlib.avail_in = (unsigned)in->len;
	stage->zlib.next_out = (unsigned char *)stage->out;
	stage->zlib.avail_out = OUT_BYTES;
	code = inflate(&stage->zlib, Z_NO_FLUSH);
	*ret_len = OUT_BYTES - stage->zlib.avail_out;
	*in = slice_make(stage->zlib.next_in, stage->zlib.avail_in);
	if (code == Z_STREAM_END)
		stage->position = BETWEEN_MEMBERS;
	else if (code != Z_OK && code != Z_BUF_ERROR)
		return err_set(err, ERR_INPUT, "damaged %s: %s",
			       stage->coding == CODING_GZIP ? "gzip" : "deflate",
			       stage->zlib.msg ? stage->zlib.msg : zError(code));
	return 0;
}

static int feed_deflate(struct decoder *decoder, size_t number, struct slice in, struct err *err)
{
	struct stage *stage = &decoder->stages[number];
	size_t len = 0;

	/* a full buffer may mean that more output waits inside zlib */
	while (in.len || (len == OUT_BYTES && stage->position == INSIDE)) {
		if (stage->position == BETWEEN_MEMBERS && begin_member(stage, &in, err) < 0)
			return -1;
		if (stage->position == BETWEEN_MEMBERS)
			return 0;
		if (inflate_some(stage, &in, &len, err) < 0 ||
		    pass_on(decoder, number, slice_make(stage->out, len), err) < 0)
			return -1;
	}
	return 0;
}

static int feed_zstd(struct decoder *decoder, size_t number, struct slice in, struct err *err)
{
	struct stage *stage = &decoder->stages[number];
	ZSTD_inBuffer input = {in.data, in.len, 0};
	ZSTD_outBuffer output = {stage->out, OUT_BYTES, 0};

	while (input.pos < input.size || (output.pos == output.size && stage->position == INSIDE)) {
		size_t code;

		output.pos = 0;
		code = ZSTD_decompressStream(stage->zstd, &output, &input);
		if (ZSTD_isError(code)) {
			bool too_large = ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge;

			return err_set(err, too_large ? ERR_LIMIT : ERR_INPUT, "damaged zstd: %s",
				       ZSTD_getErrorName(code));
		}
		stage->position = code == 0 ? BETWEEN_MEMBERS : INSIDE;
		if (pass_on(decoder, number, slice_make(stage->out, output.pos), err) < 0)
			return -1;
	}
	return 0;
}

static int feed_known(struct decoder *decoder, size_t number, struct slice in, struct err *err)
{
	switch (decoder->stages[number].coding) {
	case CODING_GZIP:
	case CODING_ZLIB:
	case CODING_RAW_DEFLATE:
		return feed_deflate(decoder, number, in, err);
	case CODING_ZSTD:
		return feed_zstd(decoder, number, in, err);
	default:
		return pass_on(decoder, number, in, err);
	}
}

/* Starts the stage with the head that it has, then feeds it that. */
static int settle(struct decoder *decoder, size_t number, struct err *err)
{
	struct stage *stage = &decoder->stages[number];

	if (start_stage(decoder, number, stage, err) < 0)
		return -1;
	return feed_known(decoder, number, slice_make(stage->head, stage->head_len), err);
}

static int feed_stage(struct decoder *decoder, size_t number, struct slice in, struct err *err)
{
	struct stage *stage = &decoder->stages[number];

	if (stage->coding == CODING_UNKNOWN) {
		size_t take = HEAD_BYTES - stage->head_len;

		if (take > in.len)
			take = in.len;
		memcpy(stage->head + stage->head_len, in.data, take);
		stage->head_len += take;
		in.data += take;
		in.len -= take;
		if (stage->head_len < HEAD_BYTES)
			return 0;
		if (settle(decoder, number, err) < 0)
			return -1;
	}
	return in.len ? feed_known(decoder, number, in, err) : 0;
}

int decoder_feed(struct decoder *decoder, const char *data, size_t len, struct err *err)
{
	return len ? feed_stage(decoder, 0, slice_make(data, len), err) : 0;
}

/* A file that ends within the mark of a coding has been cut off there. */
static bool is_cut_mark(struct slice head)
{
	return head.len && head.len < 4 &&
	       (slice_starts_with(SLICE_LITERAL("\x1f\x8b\x08"), head) ||
		slice_starts_with(SLICE_LITERAL("\x28\xb5\x2f\xfd"), head));
}

int decoder_finish(struct decoder *decoder, struct err *err)
{
	for (size_t i = 0; i <= DECODE_DEPTH_MAX; i++) {
		struct stage *stage = &decoder->stages[i];

		if (stage->coding == CODING_UNKNOWN) {
			if (is_cut_mark(slice_make(stage->head, stage->head_len)))
				return err_set(err, ERR_UPSTREAM, "compressed data ends early");
			if (settle(decoder, i, err) < 0)
				return -1;
		}
		if (stage->coding == CODING_PLAIN)
			return 0;
		if (stage->position == INSIDE)
			return err_set(err, ERR_UPSTREAM, "compressed data ends early");
	}
	return 0;
}

uint64_t decoder_text_bytes(const struct decoder *decoder)
{
	for (size_t i = 0; i <= DECODE_DEPTH_MAX; i++)
		if (decoder->stages[i].coding == CODING_PLAIN)
			return decoder->stages[i].out_bytes;
	return 0;
}
