/* SPDX-License-Identifier: MIT */
/* Facts for people, one "name: value" a line and indented, or as one JSON object. */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include "base/buf.h"

struct facts {
	struct buf out;
	bool is_json;
	bool any; /* a fact stands before, in this object */
	unsigned depth;
};

/* The whole; facts_end() adds the last brace. */
void facts_begin(struct facts *facts, bool is_json);
void facts_end(struct facts *facts);

/* A group of facts.  In a list (facts_open_list) they have no name of their own but a number. */
void facts_open(struct facts *facts, const char *name);
void facts_close(struct facts *facts);
void facts_open_list(struct facts *facts, const char *name);
void facts_open_item(struct facts *facts, unsigned number);
void facts_close_list(struct facts *facts);

/* Text from outside comes out without control bytes. */
void facts_text(struct facts *facts, const char *name, struct slice text);
void facts_string(struct facts *facts, const char *name, const char *text);
void facts_number(struct facts *facts, const char *name, uint64_t value);
void facts_bool(struct facts *facts, const char *name, bool value); /* "yes", "no" */
/* Seconds since 1970 in JSON, a date in UTC for people. */
void facts_date(struct facts *facts, const char *name, uint64_t wall_s);

/* "2026-01-31T23:59:59Z", or "-" for 0. */
void facts_add_date(struct buf *buf, uint64_t wall_s);

#endif
