/* SPDX-License-Identifier: MIT */
/* Facts as lines and as JSON. */
#include "cli/facts.h"

#include "base/json_text.h"

#include <time.h>

void facts_add_date(struct buf *buf, uint64_t wall_s)
{
	time_t time = (time_t)wall_s;
	char text[32] = "-";
	struct tm parts;

	if (wall_s && gmtime_r(&time, &parts))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	buf_add_text(buf, text);
}

static void begin_line(struct facts *facts)
{
	for (unsigned i = 0; i < facts->depth; i++)
		buf_add_text(&facts->out, "  ");
}

/* What stands before a value. */
static void add_name(struct facts *facts, const char *name)
{
	if (facts->is_json) {
		buf_addf(&facts->out, "%s\"%s\":", facts->any ? "," : "", name);
	} else {
		begin_line(facts);
		buf_addf(&facts->out, "%s: ", name);
	}
	facts->any = true;
}

static void end_line(struct facts *facts)
{
	if (!facts->is_json)
		buf_add_byte(&facts->out, '\n');
}

static void open_group(struct facts *facts, char brace)
{
	if (facts->is_json)
		buf_add_byte(&facts->out, brace);
	else
		facts->out.len--; /* the space behind the colon */
	end_line(facts);
	facts->any = false;
	facts->depth++;
}

static void close_group(struct facts *facts, char brace)
{
	if (facts->is_json)
		buf_add_byte(&facts->out, brace);
	facts->any = true;
	facts->depth--;
}

void facts_begin(struct facts *facts, bool is_json)
{
	*facts = (struct facts){.is_json = is_json};
	if (is_json)
		buf_add_byte(&facts->out, '{');
}

void facts_end(struct facts *facts)
{
	if (facts->is_json)
		buf_add_text(&facts->out, "}\n");
}

void facts_open(struct facts *facts, const char *name)
{
	add_name(facts, name);
	open_group(facts, '{');
}

void facts_close(struct facts *facts)
{
	close_group(facts, '}');
}

void facts_open_list(struct facts *facts, const char *name)
{
	add_name(facts, name);
	open_group(facts, '[');
}

void facts_open_item(struct facts *facts, unsigned number)
{
	if (facts->is_json) {
		buf_add_text(&facts->out, facts->any ? "," : "");
	} else {
		begin_line(facts);
		buf_addf(&facts->out, "%u: ", number);
	}
	open_group(facts, '{');
}

void facts_close_list(struct facts *facts)
{
	close_group(facts, ']');
}

void facts_text(struct facts *facts, const char *name, struct slice text)
{
	add_name(facts, name);
	if (facts->is_json)
		json_add_string(&facts->out, text, JSON_UTF8);
	for (size_t i = 0; i < text.len && !facts->is_json; i++) {
		unsigned char c = (unsigned char)text.data[i];

		buf_add_byte(&facts->out, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
	end_line(facts);
}

void facts_string(struct facts *facts, const char *name, const char *text)
{
	facts_text(facts, name, slice_of(text));
}

void facts_number(struct facts *facts, const char *name, uint64_t value)
{
	add_name(facts, name);
	buf_add_dec(&facts->out, value);
	end_line(facts);
}

void facts_bool(struct facts *facts, const char *name, bool value)
{
	add_name(facts, name);
	if (facts->is_json)
		buf_add_text(&facts->out, value ? "true" : "false");
	else
		buf_add_text(&facts->out, value ? "yes" : "no");
	end_line(facts);
}

void facts_date(struct facts *facts, const char *name, uint64_t wall_s)
{
	if (facts->is_json) {
		facts_number(facts, name, wall_s);
		return;
	}
	add_name(facts, name);
	facts_add_date(&facts->out, wall_s);
	end_line(facts);
}
