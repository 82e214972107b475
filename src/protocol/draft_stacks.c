/* SPDX-License-Identifier: MIT */
/* Reading a job's stacks: where nearly all of a request's bytes are. */
#include "protocol/draft.h"

static bool grow_frames(struct draft *draft)
{
	void *frames = draft_grow(draft, draft->frames, &draft->frame_growth);

	if (frames)
		draft->frames = frames;
	return frames != NULL;
}

static inline void add_frame(struct draft *draft, struct draft_job *job, struct job_frame frame)
{
	if (draft->frame_count == draft->frame_growth.capacity && !grow_frames(draft))
		return;
	draft->frames[draft->frame_count++] = frame;
	job->frame_count++;
	if (frame.module > job->top_index)
		job->top_index = frame.module;
}

/* Returns the 1-based number of the text, or 0 at the limit. */
static uint32_t add_odd_offset(struct draft *draft, struct slice text)
{
	if (draft->odd_count == draft->odd_growth.capacity) {
		void *odd = draft_grow(draft, draft->odd_offsets, &draft->odd_growth);

		if (odd == NULL)
			return 0;
		draft->odd_offsets = odd;
	}
	draft->odd_offsets[draft->odd_count++] = text;
	return draft->odd_count;
}

/* Booleans are integers to Python, and so to both old servers. */
static bool make_integer(struct value *value)
{
	if (value->kind == VALUE_TRUE || value->kind == VALUE_FALSE) {
		value->magnitude = value->kind == VALUE_TRUE;
		value->text = value->magnitude ? SLICE_LITERAL("1") : SLICE_LITERAL("0");
		value->kind = VALUE_INTEGER;
	}
	return value->kind == VALUE_INTEGER;
}

static bool is_good_negative(const struct draft *draft, const struct value *integer)
{
	return draft->any_negative || (!integer->huge && integer->magnitude == 1);
}

/* An index that cannot be one stays beyond any number of modules. */
static int32_t clamp_index(const struct draft *draft, const struct value *index)
{
	if (index->negative && !draft->from_the_end)
		return FRAME_NO_MODULE;
	if (index->negative)
		return index->huge || index->magnitude > INT32_MAX ? -INT32_MAX : -(int32_t)index->magnitude;
	return index->huge || index->magnitude > INT32_MAX ? INT32_MAX : (int32_t)index->magnitude;
}

/*
 * The order is: index an integer, index in range, offset good.  A frame whose
 * index may still turn out to be beyond the modules is kept even if its offset
 * is bad.
 */
static enum fault_kind judge_frame(struct draft *draft, struct draft_job *job, struct value pair[static 2])
{
	struct job_frame frame = {.offset = 0};
	struct value *index = &pair[0], *offset = &pair[1];
	bool good;

	if (!make_integer(index))
		return FAULT_INDEX_TYPE;
	if (index->negative && !is_good_negative(draft, index))
		return FAULT_INDEX_RANGE;
	frame.module = clamp_index(draft, index);
	good = make_integer(offset) && (!offset->negative || is_good_negative(draft, offset));
	if (good && (offset->negative || offset->huge || (draft->from_the_end && frame.module < 0)))
		frame.odd = add_odd_offset(draft, offset->text);
	else if (good)
		frame.offset = offset->magnitude;
	add_frame(draft, job, frame);
	if (draft->from_the_end && frame.module < job->low_index)
		job->low_index = frame.module;
	return good ? FAULT_NONE : FAULT_OFFSET;
}

static void read_frame(struct draft *draft, struct draft_job *job, uint32_t frame_index)
{
	struct value pair[2];
	enum fault_kind kind = FAULT_FRAME_NOT_PAIR;

	if (draft_read_pair(draft, pair))
		kind = judge_frame(draft, job, pair);
	if (kind)
		job->stacks_fault = (struct fault){
			.kind = kind, .stack = job->stack_count, .frame = frame_index};
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/*
 * Up to eight digits at once: each byte's digit, moved up so that the last one
 * is on top with zeros below, then added up in pairs, fours and eights.
 */
static inline unsigned eight_digits(const char *at, uint64_t *ret_value)
{
	uint64_t digits, others;
	unsigned count;

	memcpy(&digits, at, sizeof(digits));
	digits ^= UINT64_C(0x3030303030303030);
	others = (digits | (digits + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
	count = others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
	if (count == 0)
		return 0;
	digits <<= 64 - 8 * count;
	digits = (digits * 10 + (digits >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	digits = (digits * 100 + (digits >> 16)) & UINT64_C(0x0000ffff0000ffff);
	*ret_value = (digits * 10000 + (digits >> 32)) & UINT32_MAX;
	return count;
}
#else
static inline unsigned eight_digits(const char *at, uint64_t *ret_value)
{
	unsigned count = 0;

	for (*ret_value = 0; count < 8 && is_digit(at[count]); count++)
		*ret_value = *ret_value * 10 + (unsigned)(at[count] - '0');
	return count;
}
#endif

/* At most `most` digits without a leading zero, which then fit 64 bits; NULL if it is anything else. */
static inline const char *plain_number(const char *at, unsigned most, uint64_t *ret_value)
{
	unsigned count = eight_digits(at, ret_value);

	if (count == 0 || (*at == '0' && count > 1))
		return NULL;
	if (count == 8)
		for (; count <= most && is_digit(at[count]); count++)
			*ret_value = *ret_value * 10 + (unsigned)(at[count] - '0');
	return count <= most ? at + count : NULL;
}

/* The last of these is what must be there in front of the body's end, loads of eight included. */
enum { INDEX_DIGITS = 9, OFFSET_DIGITS = 19, PLAIN_FRAME_BYTES = INDEX_DIGITS + OFFSET_DIGITS + 16 };

/*
 * The spelling that clients use, "[1,2345]" or "[1, 2345]", read without a look
 * at the end of the body at each byte.  Anything else is left to read_frame().
 */
static inline bool read_plain_frame(struct draft *draft, struct draft_job *job)
{
	const char *at = draft->reader.at;
	uint64_t index, offset;

	if (draft->reader.end - at < PLAIN_FRAME_BYTES)
		return false;
	at += *at == ' ';
	if (*at++ != '[')
		return false;
	at = plain_number(at, INDEX_DIGITS, &index);
	if (at == NULL || *at++ != ',')
		return false;
	at += *at == ' ';
	at = plain_number(at, OFFSET_DIGITS, &offset);
	if (at == NULL || *at++ != ']')
		return false;
	draft->reader.at = at;
	add_frame(draft, job, (struct job_frame){.offset = offset, .module = (int32_t)index});
	return true;
}

static inline bool next_frame(struct json_reader *reader)
{
	if (reader->at < reader->end && *reader->at == ',') {
		reader->at++;
		return true;
	}
	return reader_next(reader, ']');
}

static void read_frames(struct draft *draft, struct draft_job *job)
{
	struct json_reader *reader = &draft->reader;
	uint32_t first = draft->frame_count;

	for (bool more = reader_enter(reader, ']'); more; more = next_frame(reader)) {
		if (job->stacks_fault.kind)
			reader_skip(reader);
		else if (!read_plain_frame(draft, job))
			read_frame(draft, job, draft->frame_count - first);
	}
	draft->stack_lengths[draft->stack_count++] = draft->frame_count - first;
	job->stack_count++;
}

static bool grow_stacks(struct draft *draft)
{
	void *lengths = draft_grow(draft, draft->stack_lengths, &draft->stack_growth);

	if (lengths)
		draft->stack_lengths = lengths;
	return lengths != NULL;
}

static void read_stack(struct draft *draft, struct draft_job *job)
{
	struct value list;

	reader_value(&draft->reader, &list);
	if (list.kind != VALUE_ARRAY) {
		job->stacks_fault = (struct fault){.kind = FAULT_STACK_NOT_LIST, .stack = job->stack_count};
		reader_skip_rest(&draft->reader, &list);
		return;
	}
	if (draft->stack_count < draft->stack_growth.capacity || grow_stacks(draft))
		read_frames(draft, job);
}

static void forget_stacks(struct draft *draft, struct draft_job *job)
{
	job->stacks_fault = (struct fault){.kind = FAULT_NONE};
	job->stack_count = job->frame_count = 0;
	job->top_index = FRAME_NO_MODULE;
	job->low_index = 0;
	draft->stack_count = job->first_stack;
	draft->frame_count = job->first_frame;
	draft->odd_count = job->first_odd;
}

void draft_read_stacks(struct draft *draft, struct draft_job *job)
{
	struct json_reader *reader = &draft->reader;
	struct value list;
	bool more;

	forget_stacks(draft, job);
	job->has_stacks = true;
	reader_value(reader, &list);
	if (list.kind != VALUE_ARRAY) {
		job->stacks_fault.kind = FAULT_STACKS_NOT_LIST;
		reader_skip_rest(reader, &list);
		return;
	}
	more = reader_enter(reader, ']');
	if (!more)
		job->stacks_fault.kind = FAULT_STACKS_EMPTY;
	for (; more; more = reader_next(reader, ']')) {
		if (job->stacks_fault.kind)
			reader_skip(reader);
		else
			read_stack(draft, job);
	}
}
