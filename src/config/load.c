/* SPDX-License-Identifier: MIT */
/* Reading a configuration file, and -o options. */
#include "config/config.h"

#include "base/file.h"
#include "base/mem.h"
#include "config/nearest.h"
#include "config/positions.h"
#include "config/problems.h"
#include "config/value.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 << 20 };

struct loader {
	struct config *config;
	struct config_problems *problems;
	const char *source;
	struct config_setter setter;
	const struct positions *positions; /* NULL: no lines */
};

static unsigned line_of(const struct loader *loader, const char *path)
{
	return loader->positions ? positions_line(loader->positions, path) : 0;
}

static void load_unknown(struct loader *loader, const struct config_row *rows, unsigned count,
			 const char *key, const char *path)
{
	struct slice near = config_nearest(rows, count, slice_of(key));
	unsigned line = line_of(loader, path);

	if (near.len)
		config_problem(loader->problems, CONFIG_WARNING, loader->source, line,
			       "%s: unknown key; is \"%.*s\" meant?", path, SLICE_PRINT(near));
	else
		config_problem(loader->problems, CONFIG_WARNING, loader->source, line, "%s: unknown key",
			       path);
}

static void load_wrong(struct loader *loader, const struct config_row *row, const char *path,
		       struct json_object *value)
{
	struct buf text = BUF_INIT;

	config_value_complain(row, value, &text);
	config_problem(loader->problems, CONFIG_ERROR, loader->source, line_of(loader, path), "%s %s", path,
		       buf_text(&text));
	buf_release(&text);
}

/* null is the default, for whatever key. */
static void load_value(struct loader *loader, const struct config_row *row, void *base, const char *path,
		       struct json_object *value)
{
	if (!value)
		config_value_reset(&loader->setter, row, base);
	else if (!config_value_set(&loader->setter, row, base, value))
		load_wrong(loader, row, path, value);
}

/* ---- servers ---- */

static void load_server(struct loader *loader, struct config_server *server, const char *path,
			struct json_object *value)
{
	server->line = line_of(loader, path);
	for (unsigned i = 0; i < config_server_row_count; i++)
		if (!config_server_rows[i].alias)
			config_value_reset(&loader->setter, &config_server_rows[i], server);
	json_object_object_foreach(value, key, member) {
		const struct config_row *row =
			config_row_find(config_server_rows, config_server_row_count, slice_of(key));
		char *member_path = mem_printf("%s.%s", path, key);

		if (row)
			load_value(loader, row, server, member_path, member);
		else
			load_unknown(loader, config_server_rows, config_server_row_count, key, member_path);
		free(member_path);
	}
}

static void load_servers(struct loader *loader, const struct config_row *row, struct json_object *value)
{
	size_t count = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
	struct config_server *servers = arena_calloc(loader->setter.arena, count + 1, sizeof(*servers));
	unsigned good = 0;

	if (value && !json_object_is_type(value, json_type_array))
		load_wrong(loader, row, row->path, value);
	for (size_t i = 0; i < count; i++) {
		struct json_object *element = json_object_array_get_idx(value, i);
		char *path = mem_printf("servers[%zu]", i);

		if (json_object_is_type(element, json_type_object))
			load_server(loader, &servers[good++], path, element);
		else
			config_problem(loader->problems, CONFIG_ERROR, loader->source, line_of(loader, path),
				       "%s must be an object", path);
		free(path);
	}
	loader->config->servers = servers;
	loader->config->server_count = good;
}

/* ---- sections ---- */

static void load_row(struct loader *loader, const struct config_row *row, const char *path,
		     struct json_object *value)
{
	struct config_origin *origin = config_origin(loader->config, row);

	if (row->type == CONFIG_SERVERS)
		load_servers(loader, row, value);
	else
		load_value(loader, row, loader->config, path, value);
	*origin = (struct config_origin){value ? loader->source : NULL, line_of(loader, path)};
}

static void load_section(struct loader *loader, const char *section, struct json_object *value);

static void load_member(struct loader *loader, const char *path, struct json_object *value)
{
	const struct config_row *row = config_row_find(config_rows, config_row_count, slice_of(path));

	if (row)
		load_row(loader, row, path, value);
	else if (!config_is_section(slice_of(path)))
		load_unknown(loader, config_rows, config_row_count, path, path);
	else if (json_object_is_type(value, json_type_object))
		load_section(loader, path, value);
	else if (value)
		config_problem(loader->problems, CONFIG_ERROR, loader->source, line_of(loader, path),
			       "%s must be an object: it is a section", path);
}

static void load_section(struct loader *loader, const char *section, struct json_object *value)
{
	json_object_object_foreach(value, key, member) {
		char *path = mem_printf("%s%s%s", section, section[0] ? "." : "", key);

		load_member(loader, path, member);
		free(path);
	}
}

/* ---- text and files ---- */

static void report_repeated(void *ctx, const char *path, unsigned line)
{
	struct loader *loader = ctx;

	config_problem(loader->problems, CONFIG_WARNING, loader->source, line,
		       "%s appears more than once; this one counts", path);
}

static struct slice without_mark(struct slice text)
{
	struct slice mark = SLICE_LITERAL("\xef\xbb\xbf"); /* editors on Windows begin a file with it */

	return slice_starts_with(text, mark) ? slice_make(text.data + mark.len, text.len - mark.len) : text;
}

/* The text is NUL-terminated; *ret_offset says how far it is JSON. */
static struct json_object *parse(struct slice text, size_t *ret_offset, const char **ret_why)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *value;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, text.data, text.len < INT_MAX ? (int)text.len + 1 : INT_MAX);
	*ret_why = json_tokener_get_error(tokener) == json_tokener_success ? NULL
			: json_tokener_error_desc(json_tokener_get_error(tokener));
	*ret_offset = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	return value;
}

static void load_root(struct loader *loader, struct slice text, struct json_object *root)
{
	struct positions *positions = positions_new(text);

	loader->positions = positions;
	positions_each_repeated(positions, report_repeated, loader);
	if (json_object_is_type(root, json_type_object))
		load_section(loader, "", root);
	else
		config_problem(loader->problems, CONFIG_ERROR, loader->source, 1, "must be a JSON object");
	loader->positions = NULL;
	positions_free(positions);
}

static const char *hint(struct slice text, size_t offset)
{
	bool is_comment = offset < text.len && (text.data[offset] == '/' || text.data[offset] == '#');

	return is_comment ? " (JSON has no comments)" : "";
}

void config_load_text(struct config *config, struct slice text, const char *source, const char *base_dir,
		      struct config_problems *problems)
{
	struct loader loader = {
		.config = config,
		.problems = problems,
		.source = config_text(&config->arena, slice_of(source)),
		.setter = {&config->arena, base_dir},
	};
	struct slice terminated = without_mark((struct slice){config_text(&config->arena, text), text.len});
	const char *why;
	size_t offset;
	struct json_object *root = parse(terminated, &offset, &why);

	if (!why)
		load_root(&loader, terminated, root);
	else
		config_problem(problems, CONFIG_ERROR, source, positions_line_at(terminated, offset),
			       "not valid JSON: %s%s", why, hint(terminated, offset));
	json_object_put(root);
}

/* The absolute directory of a file; of "" the working directory. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	char *here, *absolute;

	if (path[0] == '/')
		return len ? mem_strndup(path, len) : mem_strdup("/");
	here = getcwd(NULL, 0);
	absolute = mem_printf("%s%s%.*s", here ? here : "", len ? "/" : "", (int)len, path);
	free(here);
	return absolute;
}

int config_load(struct config *config, const char *path, struct config_problems *problems, struct err *err)
{
	struct buf text = BUF_INIT;
	char *dir;

	if (file_read(path, FILE_BYTES_MAX, &text, err) < 0) {
		buf_release(&text);
		return -1;
	}
	dir = directory_of(path);
	config->file = config_text(&config->arena, slice_of(path));
	config_load_text(config, buf_slice(&text), path, dir, problems);
	free(dir);
	buf_release(&text);
	return 0;
}

/* ---- options ---- */

static bool wants_string(const char *path)
{
	const struct config_row *row = config_row_find(config_rows, config_row_count, slice_of(path));

	return row && (row->type == CONFIG_STRING || row->type == CONFIG_PATH);
}

/* JSON, or the text itself as a string; a name that is all digits need not be quoted either. */
static struct json_object *option_value(const char *path, const char *text)
{
	const char *why;
	size_t offset;
	struct json_object *value = parse(slice_of(text), &offset, &why);

	if (!why && (!wants_string(path) || json_object_is_type(value, json_type_string)))
		return value;
	json_object_put(value);
	return json_object_new_string(text);
}

static void override(struct loader *loader, const char *path, const char *text)
{
	struct json_object *value = option_value(path, text);

	load_member(loader, path, value);
	json_object_put(value);
}

void config_override(struct config *config, const char *assignment, struct config_problems *problems)
{
	const char *equals = strchr(assignment, '=');
	char *source = mem_printf("-o %.*s", equals ? (int)(equals - assignment) : INT_MAX, assignment);
	char *dir = directory_of(""), *path;
	struct loader loader = {
		.config = config,
		.problems = problems,
		.source = config_text(&config->arena, slice_of(source)),
		.setter = {&config->arena, dir},
	};

	if (equals) {
		path = mem_strndup(assignment, (size_t)(equals - assignment));
		override(&loader, path, equals + 1);
		free(path);
	} else {
		config_problem(problems, CONFIG_ERROR, source, 0, "must be KEY=VALUE");
	}
	free(dir);
	free(source);
}
