/* SPDX-License-Identifier: MIT */
/* One value of the configuration between JSON and its field. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/table.h"

struct json_object;

struct config_setter {
	struct arena *arena;  /* gets all text and lists */
	const char *base_dir; /* relative paths count from it */
};

/* Writes the row's field of `base`.  False if the value is not what the row wants; the field is as it was. */
bool config_value_set(const struct config_setter *setter, const struct config_row *row, void *base,
		      struct json_object *value);

/* The row's default. */
void config_value_reset(const struct config_setter *setter, const struct config_row *row, void *base);

/* "must be ..., not ...": why config_value_set() said false. */
void config_value_complain(const struct config_row *row, struct json_object *value, struct buf *buf);

/* The field as JSON on one line; not for CONFIG_SERVERS.  flags: enum config_print_flags. */
void config_value_print(const struct config_row *row, const void *base, unsigned flags, struct buf *buf);

/* A NUL-terminated copy. */
const char *config_text(struct arena *arena, struct slice text);

#endif
