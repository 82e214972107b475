/* SPDX-License-Identifier: MIT */
/* src/upstream: decompression by content. */
#include "tap.h"

#include "base/buf.h"
#include "base/mem.h"
#include "upstream/decode.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { GZIP = 31, ZLIB = 15, RAW = -15 }; /* zlib's window bits */

static void add_deflated(struct buf *buf, struct slice text, int window_bits)
{
	z_stream zlib = {0};

	deflateInit2(&zlib, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
	zlib.next_in = (unsigned char *)(uintptr_t)text.data;
	zlib.avail_in = (unsigned)text.len;
	zlib.avail_out = (unsigned)deflateBound(&zlib, text.len);
	zlib.next_out = (unsigned char *)buf_reserve(buf, zlib.avail_out);
	CHECK_INT(deflate(&zlib, Z_FINISH), Z_STREAM_END);
	buf->len += zlib.total_out;
	deflateEnd(&zlib);
}

static void add_zstd(struct buf *buf, struct slice text)
{
	size_t bound = ZSTD_compressBound(text.len);
	size_t len = ZSTD_compress(buf_reserve(buf, bound), bound, text.data, text.len, 3);

	if (CHECK(!ZSTD_isError(len)))
		buf->len += len;
}

static void add_symbols(struct buf *buf, size_t lines)
{
	buf_add_text(buf, "MODULE Linux x86_64 AB12 lib\n");
	for (size_t i = 0; i < lines; i++)
		buf_addf(buf, "PUBLIC %zx 0 name_%zu\n", i * 16, i * i % 1000003);
}

static int collect(void *ctx, const char *text, size_t len, struct err *err)
{
	(void)err;
	buf_add(ctx, text, len);
	return 0;
}

/* Decodes in pieces of `step` bytes: 0 with the text in *out, or -1. */
static int decode_with(const struct decode_options *options, struct slice in, size_t step, struct buf *out,
		       struct err *err)
{
	struct decoder *decoder = decoder_new(options, collect, out);
	int result = 0;

	buf_clear(out);
	for (size_t at = 0; at < in.len && result == 0; at += step)
		result = decoder_feed(decoder, in.data + at, in.len - at < step ? in.len - at : step, err);
	if (result == 0)
		result = decoder_finish(decoder, err);
	if (result == 0)
		CHECK_INT(decoder_text_bytes(decoder), out->len);
	decoder_free(decoder);
	return result;
}

static int decode(struct slice in, size_t step, struct buf *out, struct err *err)
{
	return decode_with(&(struct decode_options){0}, in, step, out, err);
}

/* The text in each coding that is recognised. */
enum { CODINGS = 9 };
static void add_coded(struct buf *buf, struct slice text, int coding)
{
	struct buf inner = BUF_INIT;

	switch (coding) {
	case 0:
		buf_add_slice(buf, text);
		break;
	case 1:
		add_deflated(buf, text, GZIP);
		break;
	case 2:
		add_deflated(buf, text, ZLIB);
		break;
	case 3:
		add_zstd(buf, text);
		break;
	case 4: /* members end in the middle of a line */
		add_deflated(buf, slice_make(text.data, 100), GZIP);
		add_deflated(buf, slice_make(NULL, 0), GZIP);
		add_deflated(buf, slice_make(text.data + 100, text.len - 100), GZIP);
		break;
	case 5:
		add_zstd(buf, slice_make(text.data, 100));
		add_zstd(buf, slice_make(text.data + 100, text.len - 100));
		break;
	case 6:
		add_deflated(&inner, text, GZIP);
		add_deflated(buf, buf_slice(&inner), GZIP);
		break;
	case 7:
		add_zstd(&inner, text);
		add_deflated(buf, buf_slice(&inner), ZLIB);
		break;
	case 8:
		add_deflated(&inner, text, GZIP);
		add_zstd(buf, buf_slice(&inner));
		break;
	}
	buf_release(&inner);
}

static void every_coding_is_undone(void)
{
	static const size_t steps[] = {1, 2, 7, 1000, 1 << 30};
	struct buf text = BUF_INIT, coded = BUF_INIT, out = BUF_INIT;
	struct err err;

	add_symbols(&text, 30000); /* larger than a stage's buffer */
	for (int coding = 0; coding < CODINGS; coding++) {
		buf_clear(&coded);
		add_coded(&coded, buf_slice(&text), coding);
		for (size_t i = 0; i < TAP_COUNT(steps); i++) {
			CHECK_INT(decode(buf_slice(&coded), steps[i], &out, &err), 0);
			CHECK(slice_equal(buf_slice(&out), buf_slice(&text)));
		}
	}
	buf_release(&text);
	buf_release(&coded);
	buf_release(&out);
}

static void whatever_is_cut_off_is_an_error(void)
{
	struct buf text = BUF_INIT, coded = BUF_INIT, out = BUF_INIT;

	add_symbols(&text, 40);
	for (int coding = 1; coding < CODINGS; coding++) {
		if (coding == 4 || coding == 5) /* cut between two members it is whole again */
			continue;
		buf_clear(&coded);
		add_coded(&coded, buf_slice(&text), coding);
		for (size_t len = 2; len < coded.len; len++) {
			struct err err = ERR_INIT;

			/* two bytes of zlib might be anything's */
			if (decode(slice_make(coded.data, len), 64, &out, &err) == 0) {
				CHECK(len == 2 && out.len == 2);
			} else if (!CHECK_INT(err.code, ERR_UPSTREAM)) {
				tap_note("coding %d cut at %zu: %s", coding, len, err.msg);
			}
		}
	}
	buf_release(&text);
	buf_release(&coded);
	buf_release(&out);
}

static void damage_is_an_error(void)
{
	struct buf text = BUF_INIT, coded = BUF_INIT, out = BUF_INIT;

	add_symbols(&text, 40);
	for (int coding = 1; coding <= 2; coding++) {
		buf_clear(&coded);
		add_coded(&coded, buf_slice(&text), coding);
		for (size_t at = 12; at < coded.len; at++) {
			struct err err = ERR_INIT;

			coded.data[at] ^= 0x10;
			/* only bits that pad the last byte of the data make no difference */
			if (decode(buf_slice(&coded), 64, &out, &err) == 0)
				CHECK(slice_equal(buf_slice(&out), buf_slice(&text)));
			else
				CHECK(err.code == ERR_INPUT || err.code == ERR_UPSTREAM);
			coded.data[at] ^= 0x10;
		}
	}
	buf_release(&text);
	buf_release(&coded);
	buf_release(&out);
}

static void what_follows_the_end(void)
{
	struct buf coded = BUF_INIT, out = BUF_INIT;
	struct err err = ERR_INIT;

	add_deflated(&coded, SLICE_LITERAL("MODULE a"), GZIP);
	for (int i = 0; i < 600; i++)
		buf_add_byte(&coded, '\0');
	CHECK_INT(decode(buf_slice(&coded), 5, &out, &err), 0);
	CHECK_TEXT(buf_slice(&out), "MODULE a");
	buf_add_text(&coded, "xyz");
	CHECK_INT(decode(buf_slice(&coded), 5, &out, &err), -1);
	CHECK_INT(err.code, ERR_INPUT);
	buf_clear(&coded);
	add_deflated(&coded, SLICE_LITERAL("MODULE a"), ZLIB);
	buf_add_text(&coded, "x");
	CHECK_INT(decode(buf_slice(&coded), 5, &out, &err), -1);
	CHECK_INT(err.code, ERR_INPUT);
	buf_release(&coded);
	buf_release(&out);
}

static void bombs_stop_at_the_limit(void)
{
	struct buf zeros = BUF_INIT, bomb = BUF_INIT, out = BUF_INIT;
	struct decode_options options = {.max_text_bytes = 1 << 20};

	memset(buf_reserve(&zeros, 64 << 20), 0, 64 << 20);
	zeros.len = 64 << 20;
	for (int coding = 1; coding <= 8; coding++) {
		struct err err = ERR_INIT;

		buf_clear(&bomb);
		add_coded(&bomb, buf_slice(&zeros), coding);
		CHECK(bomb.len < 1 << 20);
		CHECK_INT(decode_with(&options, buf_slice(&bomb), 4096, &out, &err), -1);
		CHECK_INT(err.code, ERR_LIMIT);
		CHECK(out.len <= 1 << 20);
	}
	buf_release(&zeros);
	buf_release(&bomb);
	buf_release(&out);
}

static void the_limit_itself_is_allowed(void)
{
	struct decode_options options = {.max_text_bytes = 8};
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(decode_with(&options, SLICE_LITERAL("MODULE a"), 3, &out, &err), 0);
	CHECK_INT(decode_with(&options, SLICE_LITERAL("MODULE ab"), 3, &out, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	buf_release(&out);
}

static void three_times_is_too_often(void)
{
	struct buf one = BUF_INIT, two = BUF_INIT, three = BUF_INIT, out = BUF_INIT;
	struct err err = ERR_INIT;

	add_deflated(&one, SLICE_LITERAL("MODULE a"), GZIP);
	add_zstd(&two, buf_slice(&one));
	add_deflated(&three, buf_slice(&two), GZIP);
	CHECK_INT(decode(buf_slice(&two), 3, &out, &err), 0);
	CHECK_INT(decode(buf_slice(&three), 3, &out, &err), -1);
	CHECK_INT(err.code, ERR_INPUT);
	buf_release(&one);
	buf_release(&two);
	buf_release(&three);
	buf_release(&out);
}

static void large_zstd_windows_are_refused(void)
{
	/* a frame header that asks for a window of 2 GB (RFC 8878, 3.1.1.1.2), and an empty last block */
	static const char frame[] = "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(decode(slice_make(frame, sizeof(frame) - 1), 100, &out, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	buf_release(&out);
}

static void plain_text_passes(void)
{
	static const struct slice texts[] = {
		SLICE_LITERAL(""), SLICE_LITERAL("M"), SLICE_LITERAL("MODULE "), SLICE_LITERAL("(text"),
		SLICE_LITERAL("\0\0\0\0\0\0\0\0\0"), SLICE_LITERAL("\xff\xfe\xfd"), SLICE_LITERAL("<html>"),
		SLICE_LITERAL("HTTP is text, not zlib"), SLICE_LITERAL("\x1f\x8b\x07 no gzip"),
	};
	struct buf out = BUF_INIT;
	struct err err;

	for (size_t i = 0; i < TAP_COUNT(texts); i++) {
		CHECK_INT(decode(texts[i], 1, &out, &err), 0);
		CHECK_SLICE(buf_slice(&out), texts[i]);
	}
	buf_release(&out);
}

/* What servers mean by Content-Encoding: deflate. */
static void announced_deflate_may_be_anything(void)
{
	struct decode_options options = {.announced_deflate = true};
	struct buf text = BUF_INIT, coded = BUF_INIT, out = BUF_INIT;
	struct err err;

	add_symbols(&text, 1000);
	for (int coding = -1; coding < CODINGS; coding++) {
		buf_clear(&coded);
		if (coding < 0)
			add_deflated(&coded, buf_slice(&text), RAW);
		else
			add_coded(&coded, buf_slice(&text), coding);
		CHECK_INT(decode_with(&options, buf_slice(&coded), 10, &out, &err), 0);
		CHECK(slice_equal(buf_slice(&out), buf_slice(&text)));
	}
	buf_clear(&coded);
	add_deflated(&coded, buf_slice(&text), RAW);
	CHECK_INT(decode_with(&options, slice_make(coded.data, coded.len - 1), 10, &out, &err), -1);
	CHECK_INT(err.code, ERR_UPSTREAM);
	buf_release(&text);
	buf_release(&coded);
	buf_release(&out);
}

static int refuse(void *ctx, const char *text, size_t len, struct err *err)
{
	(void)ctx, (void)text, (void)len;
	return err_set(err, ERR_BUSY, "refused");
}

static void the_outputs_error_is_passed_on(void)
{
	struct buf coded = BUF_INIT;
	struct err err = ERR_INIT;
	struct decoder *decoder = decoder_new(&(struct decode_options){0}, refuse, NULL);

	add_deflated(&coded, SLICE_LITERAL("MODULE Linux"), GZIP);
	CHECK_INT(decoder_feed(decoder, coded.data, coded.len, &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	CHECK_TEXT(slice_of(err.msg), "refused");
	decoder_free(decoder);
	buf_release(&coded);
}

static const struct tap_case cases[] = {
	{"every coding is undone, however it is cut into pieces", every_coding_is_undone},
	{"whatever is cut off is an error", whatever_is_cut_off_is_an_error},
	{"damage is an error", damage_is_an_error},
	{"zero bytes may follow a gzip member, nothing else", what_follows_the_end},
	{"bombs stop at the limit", bombs_stop_at_the_limit},
	{"the limit itself is allowed", the_limit_itself_is_allowed},
	{"three times compressed is too often", three_times_is_too_often},
	{"large zstd windows are refused", large_zstd_windows_are_refused},
	{"plain text passes", plain_text_passes},
	{"announced deflate may be anything", announced_deflate_may_be_anything},
	{"the output's error is passed on", the_outputs_error_is_passed_on},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
