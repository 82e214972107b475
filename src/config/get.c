/* SPDX-License-Identifier: MIT */
/* One key of the configuration for shell scripts. */
#include "config/value.h"

#include <json-c/json.h>

static void add_plain(struct buf *buf, struct json_object *value)
{
	buf_add_text(buf, json_object_get_string(value)); /* of other types: their JSON */
	buf_add_byte(buf, '\n');
}

bool config_get(const struct config *config, const char *key, struct buf *buf)
{
	const struct config_row *row = config_row_find(config_rows, config_row_count, slice_of(key));
	struct buf json = BUF_INIT;
	struct json_object *value;

	if (row == NULL || row->type == CONFIG_SERVERS)
		return false;
	config_value_print(row, config, 0, &json);
	value = json_tokener_parse(buf_text(&json));
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			add_plain(buf, json_object_array_get_idx(value, i));
	else
		add_plain(buf, value);
	json_object_put(value);
	buf_release(&json);
	return true;
}
