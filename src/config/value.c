/* SPDX-License-Identifier: MIT */
/* JSON into the fields of the configuration. */
#include "config/value.h"

#include "base/file.h"
#include "base/json_text.h"
#include "base/mem.h"
#include "config/paths.h"
#include "config/url.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>

enum { SHOWN_MAX = 60 }; /* bytes of a wrong value in a message */

const char *config_text(struct arena *arena, struct slice text)
{
	char *copy = arena_alloc(arena, text.len + 1);

	if (text.len)
		memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return copy;
}

/* The text of a JSON string; false for other types and for text with a NUL, which C would cut. */
static bool string_of(struct json_object *value, struct slice *ret)
{
	if (!json_object_is_type(value, json_type_string))
		return false;
	*ret = slice_make(json_object_get_string(value), (size_t)json_object_get_string_len(value));
	return memchr(ret->data, '\0', ret->len) == NULL;
}

/* A whole number, 4096.0 being one. */
static bool number_of(struct json_object *value, uint64_t *ret)
{
	double real;

	if (json_object_is_type(value, json_type_int)) {
		if (json_object_get_int64(value) < 0)
			return false;
		*ret = json_object_get_uint64(value);
		return true;
	}
	if (!json_object_is_type(value, json_type_double))
		return false;
	real = json_object_get_double(value);
	if (!(real >= 0 && real <= UINT32_MAX) || real != (double)(uint64_t)real)
		return false;
	*ret = (uint64_t)real;
	return true;
}

static const struct config_name *find_name(const struct config_name *names, struct slice text)
{
	for (; names->name; names++)
		if (slice_equal_nocase(text, slice_of(names->name)))
			return names;
	return NULL;
}

/* ---- one setter for each type ---- */

typedef bool set_function(const struct config_setter *setter, const struct config_row *row, void *field,
			  struct json_object *value);

static bool set_bool(const struct config_setter *setter, const struct config_row *row, void *field,
		     struct json_object *value)
{
	(void)setter, (void)row;
	if (!json_object_is_type(value, json_type_boolean))
		return false;
	*(bool *)field = json_object_get_boolean(value);
	return true;
}

static bool set_uint(const struct config_setter *setter, const struct config_row *row, void *field,
		     struct json_object *value)
{
	uint64_t number;

	(void)setter;
	if (!number_of(value, &number) || number < row->min || number > row->max)
		return false;
	*(unsigned *)field = (unsigned)number;
	return true;
}

static bool set_enum(const struct config_setter *setter, const struct config_row *row, void *field,
		     struct json_object *value)
{
	const struct config_name *name;
	struct slice text;

	(void)setter;
	if (!string_of(value, &text) || !(name = find_name(row->names, text)))
		return false;
	*(unsigned *)field = name->value;
	return true;
}

static bool set_level(const struct config_setter *setter, const struct config_row *row, void *field,
		      struct json_object *value)
{
	uint64_t number;

	if (!number_of(value, &number))
		return set_enum(setter, row, field, value);
	if (number > 50)
		return false;
	*(unsigned *)field = (unsigned)number;
	return true;
}

static bool set_flags(const struct config_setter *setter, const struct config_row *row, void *field,
		      struct json_object *value)
{
	unsigned flags = 0, one = 0;

	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		if (!set_enum(setter, row, &one, json_object_array_get_idx(value, i)))
			return false;
		flags |= one;
	}
	*(unsigned *)field = flags;
	return true;
}

static bool set_decision(const struct config_setter *setter, const struct config_row *row, void *field,
			 struct json_object *value)
{
	(void)setter, (void)row;
	if (value && !json_object_is_type(value, json_type_boolean))
		return false;
	*(enum config_tristate *)field = !value ? CONFIG_UNDECIDED
			: json_object_get_boolean(value) ? CONFIG_YES : CONFIG_NO;
	return true;
}

/* ---- text, alone and in lists ---- */

static const char *make_path(const struct config_setter *setter, struct slice text)
{
	const char *plain = config_text(setter->arena, text), *kept;
	char *resolved;

	if (text.len == 0 || path_is_windows(text))
		return plain;
	while (plain[0] == '.' && plain[1] == '/')
		plain += 2;
	resolved = file_resolve(setter->base_dir, plain);
	kept = config_text(setter->arena, slice_of(resolved));
	free(resolved);
	return kept;
}

static bool set_string(const struct config_setter *setter, const struct config_row *row, void *field,
		       struct json_object *value)
{
	struct slice text;

	(void)row;
	if (!string_of(value, &text))
		return false;
	*(const char **)field = config_text(setter->arena, text);
	return true;
}

static bool set_path(const struct config_setter *setter, const struct config_row *row, void *field,
		     struct json_object *value)
{
	const struct config_name *word;
	struct slice text;

	if (!string_of(value, &text))
		return false;
	word = row->names ? find_name(row->names, text) : NULL;
	*(const char **)field = word ? word->name : make_path(setter, text);
	return true;
}

static bool set_url(const struct config_setter *setter, const struct config_row *row, void *field,
		    struct json_object *value)
{
	struct slice text;

	return string_of(value, &text) && (text.len == 0 || url_is_http(text)) &&
	       set_string(setter, row, field, value);
}

static bool set_location(const struct config_setter *setter, const struct config_row *row, void *field,
			 struct json_object *value)
{
	struct slice text;

	if (!string_of(value, &text))
		return false;
	if (url_is_http(text))
		return set_string(setter, row, field, value);
	return !strstr(text.data, "://") && set_path(setter, row, field, value);
}

static set_function *element_setter(enum config_type type)
{
	return type == CONFIG_PATHS ? set_path : type == CONFIG_URLS ? set_url : set_string;
}

static bool set_list(const struct config_setter *setter, const struct config_row *row, void *field,
		     struct json_object *value)
{
	set_function *set = element_setter(row->type);
	const char **items;
	size_t count;

	if (!json_object_is_type(value, json_type_array))
		return false;
	count = json_object_array_length(value);
	items = arena_calloc(setter->arena, count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		if (!set(setter, row, &items[i], json_object_array_get_idx(value, i)))
			return false;
		if (row->type != CONFIG_STRINGS && items[i][0] == '\0')
			return false;
	}
	*(struct config_list *)field = (struct config_list){items, (unsigned)count};
	return true;
}

static bool set_map(const struct config_setter *setter, const struct config_row *row, void *field,
		    struct json_object *value)
{
	struct config_pair *pairs;
	unsigned count = 0;

	if (!json_object_is_type(value, json_type_object))
		return false;
	pairs = arena_calloc(setter->arena, (size_t)json_object_object_length(value) + 1, sizeof(*pairs));
	json_object_object_foreach(value, name, member) {
		pairs[count].name = config_text(setter->arena, slice_of(name));
		if (!set_string(setter, row, &pairs[count++].value, member))
			return false;
	}
	*(struct config_map *)field = (struct config_map){pairs, count};
	return true;
}

static bool set_object(const struct config_setter *setter, const struct config_row *row, void *field,
		       struct json_object *value)
{
	const char *text;

	(void)row;
	if (!json_object_is_type(value, json_type_object))
		return false;
	text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	*(const char **)field = config_text(setter->arena, slice_of(text));
	return true;
}

static const struct {
	set_function *set;
	const char *wanted; /* NULL: depends on the row */
	bool show;          /* a wrong value may be shown: it cannot be a secret */
} types[] = {
	[CONFIG_BOOL] = {set_bool, "true or false", true},
	[CONFIG_UINT] = {set_uint, NULL, true},
	[CONFIG_LEVEL] = {set_level, NULL, true},
	[CONFIG_STRING] = {set_string, "a string", false},
	[CONFIG_PATH] = {set_path, "a string, the path of a directory or file", false},
	[CONFIG_URL] = {set_url, "an http or https URL", false},
	[CONFIG_LOCATION] = {set_location, "an http or https URL, or the path of a directory", false},
	[CONFIG_STRINGS] = {set_list, "a list of strings", false},
	[CONFIG_PATHS] = {set_list, "a list of paths, none empty", false},
	[CONFIG_URLS] = {set_list, "a list of http or https URLs", false},
	[CONFIG_ENUM] = {set_enum, NULL, true},
	[CONFIG_FLAGS] = {set_flags, NULL, true},
	[CONFIG_DECISION] = {set_decision, "true, false or null", true},
	[CONFIG_MAP] = {set_map, "an object whose values are strings", false},
	[CONFIG_SECRETS] = {set_map, "an object whose values are strings", false},
	[CONFIG_OBJECT] = {set_object, "an object", false},
	[CONFIG_SERVERS] = {NULL, "a list of objects", false},
};

bool config_value_set(const struct config_setter *setter, const struct config_row *row, void *base,
		      struct json_object *value)
{
	return types[row->type].set(setter, row, config_field(base, row), value);
}

void config_value_reset(const struct config_setter *setter, const struct config_row *row, void *base)
{
	struct json_object *value = json_tokener_parse(row->fallback);
	bool done = config_value_set(setter, row, base, value);

	assert(done);
	(void)done;
	json_object_put(value);
}

/* ---- messages ---- */

static void add_names(const struct config_row *row, struct buf *buf)
{
	for (const struct config_name *name = row->names; name->name; name++) {
		const char *between = name == row->names ? "" : name[1].name ? ", " : " or ";

		buf_addf(buf, "%s\"%s\"", between, name->name);
	}
}

static void add_wanted(const struct config_row *row, struct buf *buf)
{
	if (row->type == CONFIG_UINT)
		buf_addf(buf, "a whole number from %u to %u", row->min, row->max);
	else if (row->type == CONFIG_LEVEL)
		buf_add_text(buf, "a number from 0 to 50, or ");
	else if (row->type == CONFIG_FLAGS)
		buf_add_text(buf, "a list of ");
	else if (row->type != CONFIG_ENUM)
		buf_add_text(buf, types[row->type].wanted);
	if (row->names)
		add_names(row, buf);
}

static void add_shown(const struct config_row *row, struct json_object *value, struct buf *buf)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t len = strlen(text);

	if (!types[row->type].show)
		return;
	if (len <= SHOWN_MAX)
		buf_addf(buf, ", not %s", text);
	else
		buf_addf(buf, ", not %.*s...", (int)SHOWN_MAX, text);
}

void config_value_complain(const struct config_row *row, struct json_object *value, struct buf *buf)
{
	buf_add_text(buf, "must be ");
	add_wanted(row, buf);
	add_shown(row, value, buf);
}
