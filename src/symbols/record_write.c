/* SPDX-License-Identifier: MIT */
/* Record values. */
#include "symbols/record_write.h"

#include "symbols/table_format.h"

void record_writer_init(struct record_writer *writer, struct value_writer *values)
{
	memset(writer, 0, sizeof(*writer));
	writer->values = values;
}

void record_writer_release(struct record_writer *writer)
{
	buf_release(&writer->entries);
	buf_release(&writer->value);
}

static bool is_wide(const struct record_writer *writer, uint64_t start)
{
	return start - writer->starts[0] > UINT16_MAX;
}

static bool fits(const struct record_writer *writer, uint64_t start, size_t len)
{
	size_t count = writer->count + 1, start_bytes = is_wide(writer, start) ? 4 : 2;

	return start - writer->starts[0] <= UINT32_MAX && count <= RECORD_ENTRIES_MAX &&
	       sizeof(struct record_head) + count * (start_bytes + 2) + writer->entries.len + len +
			       TABLE_TAIL_BYTES <= TABLE_VALUE_MAX;
}

static void add_starts(struct record_writer *writer, bool wide)
{
	for (size_t i = 0; i < writer->count; i++) {
		uint32_t start = (uint32_t)(writer->starts[i] - writer->starts[0]);

		buf_add(&writer->value, &start, wide ? 4 : 2); /* little endian: the low bytes */
	}
}

static int emit(struct record_writer *writer, struct err *err)
{
	bool wide = is_wide(writer, writer->starts[writer->count - 1]);
	struct record_head head = {
		.first = writer->starts[0],
		.before_start = writer->before.start,
		.before_name = writer->before.name,
		.count = (uint16_t)writer->count,
		.wide = wide,
	};

	buf_add(&writer->value, &head, sizeof(head));
	add_starts(writer, wide);
	buf_add(&writer->value, writer->ends, writer->count * sizeof(writer->ends[0]));
	buf_add_slice(&writer->value, buf_slice(&writer->entries));
	buf_add(&writer->value, "\0\0\0", TABLE_SLACK_BYTES);
	writer->count = 0;
	buf_clear(&writer->entries);
	return value_emit(writer->values, TABLE_RECORDS, writer->last, &writer->value, err);
}

int record_add(struct record_writer *writer, uint64_t start, uint64_t last, struct record_symbol symbol,
	       struct slice entry, struct err *err)
{
	if (writer->count && !fits(writer, start, entry.len) && emit(writer, err) < 0)
		return -1;
	if (writer->count == 0)
		writer->before = writer->latest;
	buf_add_slice(&writer->entries, entry);
	writer->starts[writer->count] = start;
	writer->ends[writer->count++] = (uint16_t)writer->entries.len;
	writer->last = last;
	if (writer->latest.name == 0 || symbol.start > writer->latest.start)
		writer->latest = symbol;
	return 0;
}

int record_finish(struct record_writer *writer, struct err *err)
{
	return writer->count ? emit(writer, err) : 0;
}
