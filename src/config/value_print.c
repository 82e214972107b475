/* SPDX-License-Identifier: MIT */
/* Fields of the configuration as JSON. */
#include "config/value.h"

#include "base/json_text.h"
#include "config/url.h"

#include <json-c/json.h>

/* pySymProxy's logging may hold a mail account: a member so named is not shown. */
static const char *const secret_members[] = {"credentials", "password", "secret", "token"};

static void add_text(struct buf *buf, const char *text)
{
	json_add_string(buf, slice_of(text), JSON_UTF8);
}

static void add_url(struct buf *buf, const char *url, unsigned flags)
{
	struct buf shown = BUF_INIT;

	if (flags & CONFIG_PRINT_SECRETS)
		buf_add_text(&shown, url);
	else
		url_add_redacted(&shown, slice_of(url));
	add_text(buf, buf_text(&shown));
	buf_release(&shown);
}

static void add_bool(struct buf *buf, bool value)
{
	buf_add_text(buf, value ? "true" : "false");
}

static void add_enum(struct buf *buf, const struct config_name *name, unsigned value)
{
	while (name->name && name->value != value)
		name++;
	add_text(buf, name->name ? name->name : "");
}

static void add_flags(struct buf *buf, const struct config_name *name, unsigned value)
{
	const char *between = "";

	buf_add_byte(buf, '[');
	for (; name->name; name++) {
		if (!(value & name->value))
			continue;
		buf_add_text(buf, between);
		add_text(buf, name->name);
		between = ", ";
	}
	buf_add_byte(buf, ']');
}

static void add_list(struct buf *buf, const struct config_list *list, unsigned flags)
{
	buf_add_byte(buf, '[');
	for (unsigned i = 0; i < list->count; i++) {
		buf_add_text(buf, i ? ", " : "");
		add_url(buf, list->items[i], flags);
	}
	buf_add_byte(buf, ']');
}

static void add_map(struct buf *buf, const struct config_map *map, bool is_shown)
{
	buf_add_byte(buf, '{');
	for (unsigned i = 0; i < map->count; i++) {
		buf_add_text(buf, i ? ", " : "");
		add_text(buf, map->items[i].name);
		buf_add_text(buf, ": ");
		add_text(buf, is_shown ? map->items[i].value : "***");
	}
	buf_add_byte(buf, '}');
}

static bool is_secret_member(const char *name)
{
	for (size_t i = 0; i < sizeof(secret_members) / sizeof(secret_members[0]); i++)
		if (strcasestr(name, secret_members[i]))
			return true;
	return false;
}

static void remove_secrets(struct json_object *value)
{
	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			remove_secrets(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member) {
			if (is_secret_member(name))
				json_object_object_add(value, name, json_object_new_string("***"));
			else
				remove_secrets(member);
		}
	}
}

static void add_object(struct buf *buf, const char *text, unsigned flags)
{
	struct json_object *value = json_tokener_parse(text);

	if (!(flags & CONFIG_PRINT_SECRETS))
		remove_secrets(value);
	buf_add_text(buf, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(value);
}

static void add_decision(struct buf *buf, enum config_tristate decision)
{
	buf_add_text(buf, decision == CONFIG_YES ? "true" : decision == CONFIG_NO ? "false" : "null");
}

void config_value_print(const struct config_row *row, const void *base, unsigned flags, struct buf *buf)
{
	const void *field = config_field_const(base, row);

	switch (row->type) {
	case CONFIG_BOOL:
		add_bool(buf, *(const bool *)field);
		break;
	case CONFIG_UINT:
	case CONFIG_LEVEL:
		buf_add_dec(buf, *(const unsigned *)field);
		break;
	case CONFIG_STRING:
	case CONFIG_PATH:
	case CONFIG_URL:
	case CONFIG_LOCATION:
		add_url(buf, *(const char *const *)field, flags);
		break;
	case CONFIG_STRINGS:
	case CONFIG_PATHS:
	case CONFIG_URLS:
		add_list(buf, field, flags);
		break;
	case CONFIG_ENUM:
		add_enum(buf, row->names, *(const unsigned *)field);
		break;
	case CONFIG_FLAGS:
		add_flags(buf, row->names, *(const unsigned *)field);
		break;
	case CONFIG_DECISION:
		add_decision(buf, *(const enum config_tristate *)field);
		break;
	case CONFIG_MAP:
	case CONFIG_SECRETS:
		add_map(buf, field, row->type == CONFIG_MAP || (flags & CONFIG_PRINT_SECRETS));
		break;
	case CONFIG_OBJECT:
		add_object(buf, *(const char *const *)field, flags);
		break;
	case CONFIG_SERVERS:
		break;
	}
}
