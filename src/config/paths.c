/* SPDX-License-Identifier: MIT */
/* Windows paths: general.pathMap. */
#include "config/paths.h"

#include "config/problems.h"
#include "config/url.h"
#include "config/value.h"

#include <ctype.h>

static bool is_separator(char c)
{
	return c == '/' || c == '\\';
}

bool path_is_windows(struct slice path)
{
	if (slice_starts_with(path, SLICE_LITERAL("\\\\")))
		return true;
	return path.len >= 3 && isalpha((unsigned char)path.data[0]) && path.data[1] == ':' &&
	       is_separator(path.data[2]);
}

static bool same_letter(char a, char b)
{
	if (is_separator(a) || is_separator(b))
		return is_separator(a) && is_separator(b);
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static struct slice without_last_separator(struct slice path)
{
	while (path.len && is_separator(path.data[path.len - 1]))
		path.len--;
	return path;
}

/* The prefix ends where a component ends. */
static bool is_prefix(struct slice prefix, struct slice path)
{
	if (prefix.len == 0 || prefix.len > path.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++)
		if (!same_letter(prefix.data[i], path.data[i]))
			return false;
	return prefix.len == path.len || is_separator(path.data[prefix.len]);
}

static const struct config_pair *longest_prefix(const struct config_map *map, struct slice path)
{
	const struct config_pair *best = NULL;

	for (unsigned i = 0; i < map->count; i++) {
		const struct config_pair *pair = &map->items[i];

		if (is_prefix(without_last_separator(slice_of(pair->name)), path) &&
		    (!best || strlen(pair->name) > strlen(best->name)))
			best = pair;
	}
	return best;
}

/* A component ".." would lead out of the directory that the map names. */
static bool climbs(struct slice path)
{
	for (size_t i = 0; i + 1 < path.len; i++) {
		bool starts = i == 0 || is_separator(path.data[i - 1]);
		bool ends = i + 2 == path.len || is_separator(path.data[i + 2]);

		if (starts && ends && path.data[i] == '.' && path.data[i + 1] == '.')
			return true;
	}
	return false;
}

bool config_map_path(const struct config *config, struct slice path, struct buf *ret)
{
	const struct config_pair *pair =
		path_is_windows(path) ? longest_prefix(&config->general.path_map, path) : NULL;
	size_t start;

	if (!pair || climbs(path))
		return false;
	start = without_last_separator(slice_of(pair->name)).len;
	buf_add_slice(ret, without_last_separator(slice_of(pair->value)));
	for (size_t i = start; i < path.len; i++)
		buf_add_byte(ret, is_separator(path.data[i]) ? '/' : path.data[i]);
	return true;
}

/* ---- the paths of the configuration itself ---- */

struct mapping {
	struct config *config;
	struct config_problems *problems;
	const char *key;
	struct config_origin origin;
};

static const char *map_one(const struct mapping *mapping, const char *path)
{
	struct buf mapped = BUF_INIT;
	const char *result = path;

	if (path_is_windows(slice_of(path))) {
		result = "";
		if (config_map_path(mapping->config, slice_of(path), &mapped))
			result = config_text(&mapping->config->arena, buf_slice(&mapped));
		else
			config_problem_at(
				mapping->problems, CONFIG_WARNING, &mapping->origin,
				"%s: %s is a Windows path that general.pathMap does not map; not used",
				mapping->key, path);
	}
	buf_release(&mapped);
	return result;
}

static struct config_list map_list(const struct mapping *mapping, struct config_list list)
{
	const char **items = arena_calloc(&mapping->config->arena, list.count + 1, sizeof(*items));
	unsigned count = 0;

	for (unsigned i = 0; i < list.count; i++) {
		const char *path = map_one(mapping, list.items[i]);

		if (path[0])
			items[count++] = path;
	}
	return (struct config_list){items, count};
}

static void map_servers(struct mapping *mapping)
{
	struct config *config = mapping->config;

	mapping->origin = *config_origin_of(config, "servers");
	for (unsigned i = 0; i < config->server_count; i++) {
		struct config_server *server = &config->servers[i];

		mapping->origin.line = server->line;
		mapping->key = "servers: remote";
		server->remote = map_one(mapping, server->remote);
		mapping->key = "servers: cacheLocation";
		server->cache_location = map_one(mapping, server->cache_location);
	}
}

static void map_row(struct mapping *mapping, const struct config_row *row)
{
	void *field = config_field(mapping->config, row);

	mapping->key = row->path;
	mapping->origin = *config_origin(mapping->config, row);
	if (row->type == CONFIG_PATH)
		*(const char **)field = map_one(mapping, *(const char **)field);
	else if (row->type == CONFIG_PATHS)
		*(struct config_list *)field = map_list(mapping, *(struct config_list *)field);
}

void config_map_paths(struct config *config, struct config_problems *problems)
{
	struct mapping mapping = {.config = config, .problems = problems};

	for (unsigned i = 0; i < config_row_count; i++)
		if (!config_rows[i].alias)
			map_row(&mapping, &config_rows[i]);
	map_servers(&mapping);
}
