/* SPDX-License-Identifier: MIT */
/* Keys and values of the address cache. */
#include "addrcache/frame_value.h"

#include "addrcache/addrcache.h"
#include "base/hash.h"

/*
 * A value, numbers as LEB128:
 *   version (one byte), found (0 or 1), code file,
 *   if found: function start, outer frame, number of inlines, their frames;
 *   a frame: function, file, line;
 *   a text: length + 1 (0: absent), then its bytes.
 */
enum { SCHEMA = 1, INLINES_MAX = 512 };

/* ---- key ---- */

/*
 * "sym<schema><e|n>:<generation>:<offset>:<module key>".  Of a module key too
 * long for that the head stays, and '#', which no module key contains, leads 128
 * bits of hash.
 */
void frame_key_add(struct buf *buf, struct slice module_key, uint64_t generation, bool nearest,
		   uint64_t offset)
{
	enum { HASH_LEN = 1 + 16 + 16 };
	size_t start = buf->len, room;

	buf_addf(buf, "sym%d%c:", SCHEMA, nearest ? 'n' : 'e');
	buf_add_hex(buf, generation);
	buf_add_byte(buf, ':');
	buf_add_hex(buf, offset);
	buf_add_byte(buf, ':');
	room = ADDRCACHE_KEY_MAX - (buf->len - start);
	if (module_key.len <= room) {
		buf_add_slice(buf, module_key);
		return;
	}
	buf_add(buf, module_key.data, room - HASH_LEN);
	buf_addf(buf, "#%016llx%016llx", (unsigned long long)hash_bytes(module_key.data, module_key.len),
		 (unsigned long long)hash_seeded(SCHEMA, module_key.data, module_key.len));
}

/* ---- encoding ---- */

static void add_number(struct buf *buf, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buf_add_byte(buf, (char)(value | 0x80));
	buf_add_byte(buf, (char)value);
}

static void add_text(struct buf *buf, struct slice text)
{
	add_number(buf, text.data ? text.len + 1 : 0);
	buf_add_slice(buf, text);
}

static void add_frame(struct buf *buf, const struct symbol_frame *frame)
{
	add_text(buf, frame->function);
	add_text(buf, frame->file);
	add_number(buf, frame->line);
}

void frame_value_encode(struct buf *buf, const struct frame_value *value)
{
	const struct symbol_answer *answer = &value->answer;

	buf_add_byte(buf, SCHEMA);
	buf_add_byte(buf, value->found);
	add_text(buf, value->code_file);
	if (!value->found)
		return;
	add_number(buf, answer->function_start);
	add_frame(buf, &answer->outer);
	add_number(buf, answer->inline_count);
	for (uint32_t i = 0; i < answer->inline_count; i++)
		add_frame(buf, &answer->inlines[i]);
}

/* ---- decoding ---- */

struct reader {
	const unsigned char *at, *end;
	struct arena *arena;
};

static bool read_number(struct reader *reader, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		unsigned char byte = *reader->at++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = value;
			return value <= max;
		}
	}
	return false;
}

static bool read_text(struct reader *reader, struct slice *ret)
{
	uint64_t len;

	/* the number's own byte makes up for the + 1 */
	if (!read_number(reader, (uint64_t)(reader->end - reader->at), &len))
		return false;
	if (len == 0) {
		*ret = (struct slice){NULL, 0};
		return true;
	}
	len--;
	if (len > (uint64_t)(reader->end - reader->at))
		return false;
	*ret = arena_copy(reader->arena, slice_make(reader->at, len));
	reader->at += len;
	return true;
}

static bool read_frame(struct reader *reader, struct symbol_frame *frame)
{
	uint64_t line;

	if (!read_text(reader, &frame->function) || !read_text(reader, &frame->file) ||
	    !read_number(reader, UINT32_MAX, &line))
		return false;
	frame->line = (uint32_t)line;
	return true;
}

static bool read_inlines(struct reader *reader, struct symbol_answer *answer)
{
	struct symbol_frame *frames;
	uint64_t count;

	if (!read_number(reader, INLINES_MAX, &count))
		return false;
	frames = arena_calloc(reader->arena, count, sizeof(*frames));
	for (uint64_t i = 0; i < count; i++)
		if (!read_frame(reader, &frames[i]))
			return false;
	answer->inlines = frames;
	answer->inline_count = (uint32_t)count;
	return true;
}

bool frame_value_decode(struct slice bytes, struct arena *arena, struct frame_value *ret_value)
{
	const unsigned char *start = (const unsigned char *)bytes.data;
	struct reader reader = {start, start + bytes.len, arena};
	struct frame_value value = {0};
	uint64_t version, found;

	if (!read_number(&reader, UINT8_MAX, &version) || version != SCHEMA ||
	    !read_number(&reader, 1, &found) || !read_text(&reader, &value.code_file))
		return false;
	value.found = found;
	if (found && (!read_number(&reader, UINT64_MAX, &value.answer.function_start) ||
		      !read_frame(&reader, &value.answer.outer) || !read_inlines(&reader, &value.answer)))
		return false;
	if (reader.at != reader.end)
		return false;
	*ret_value = value;
	return true;
}
