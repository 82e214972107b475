/* SPDX-License-Identifier: MIT */
/* The long options of Snappy's programs, as keys. */
#include "config/config.h"

#include "base/json_text.h"
#include "base/mem.h"
#include "config/table.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Options that both programs had count for both, since one server does the work of both. */
static const struct {
	const char *option;
	const char *keys[2];
} options[] = {
	{"cachePath", {"DiskCache.cachePath", NULL}},
	{"localSymbols", {"DiskCache.localSymbolDirs", NULL}},
	{"maxSize", {"DiskCache.maxSizeMB", NULL}},
	{"symbolURL", {"DiskCache.symbolURLs", NULL}},
	{"port", {"SymServer.port", NULL}},
	{"memcachedServer", {"SymServer.memcachedServers", NULL}},
	{"diskCacheServer", {"SymServer.DiskCacheServer", NULL}},
	{"logPath", {"SymServer.log.path", "DiskCache.log.path"}},
	{"logLevel", {"SymServer.log.level", "DiskCache.log.level"}},
	{"logFiles", {"SymServer.log.maxFiles", "DiskCache.log.maxFiles"}},
	{"logFileSize", {"SymServer.log.maxFileSizeMB", "DiskCache.log.maxFileSizeMB"}},
};

static bool is_list(const struct config_row *row)
{
	return row->type == CONFIG_STRINGS || row->type == CONFIG_PATHS || row->type == CONFIG_URLS;
}

/* The list as it is, and the new value behind it.  "None" was how Snappy switched memcached off. */
static void add_longer_list(const struct config *config, const struct config_row *row, const char *value,
			    bool is_first, struct buf *json)
{
	size_t start = json->len;

	if (is_first)
		buf_add_text(json, "[]");
	else
		config_value_print(row, config, CONFIG_PRINT_SECRETS, json);
	if (strcmp(value, "None") == 0)
		return;
	json->len--;
	buf_add_text(json, json->len - start > 1 ? ", " : "");
	json_add_string(json, slice_of(value), JSON_UTF8);
	buf_add_byte(json, ']');
}

static void add_value(const struct config *config, const struct config_row *row, const char *value,
		      bool is_first, struct buf *json)
{
	bool is_number = value[0] && value[strspn(value, "0123456789")] == '\0';

	if (is_list(row))
		add_longer_list(config, row, value, is_first, json);
	else if (is_number && (row->type == CONFIG_UINT || row->type == CONFIG_LEVEL))
		buf_add_text(json, value);
	else
		json_add_string(json, slice_of(value), JSON_UTF8);
}

/* By way of config_override(), which takes KEY=JSON. */
static void set_key(struct config *config, const char *key, const char *value, bool is_first,
		    struct config_problems *problems)
{
	struct buf assignment = BUF_INIT;

	buf_addf(&assignment, "%s=", key);
	add_value(config, config_row_find(config_rows, config_row_count, slice_of(key)), value, is_first,
		  &assignment);
	config_override(config, buf_text(&assignment), problems);
	buf_release(&assignment);
}

static const char config_json[] = "configJSON";

static bool is_option(struct slice name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (slice_is(name, options[i].option))
			return true;
	return slice_is(name, config_json);
}

/* How many arguments the option at argv[0] takes up, and in *ret_text the override that it is; 0: it is none. */
static int adopt(int argc, char **argv, char **ret_text)
{
	const char *name = argv[0] + 2;
	size_t len = strcspn(name, "=");

	if (strncmp(argv[0], "--", 2) != 0 || !is_option(slice_make(name, len)))
		return 0;
	if (name[len] == '=') {
		*ret_text = mem_printf("-o%s", argv[0]);
		return 1;
	}
	if (argc < 2)
		return 0;
	*ret_text = mem_printf("-o%s=%s", argv[0], argv[1]);
	return 2;
}

int config_adopt_old_options(int argc, char **argv)
{
	int kept = 0;
	bool ended = false;

	for (int i = 0; i < argc; kept++) {
		int taken = ended ? 0 : adopt(argc - i, argv + i, &argv[kept]);

		if (taken == 0)
			argv[kept] = argv[i++];
		ended = ended || strcmp(argv[kept], "--") == 0;
		i += taken;
	}
	argv[kept] = NULL;
	return kept;
}

bool config_old_option(struct config *config, const char *option, const char *value, bool is_first,
		       struct config_problems *problems)
{
	if (strcmp(option, config_json) == 0) {
		char *here = getcwd(NULL, 0);

		config_load_text(config, slice_of(value), "--configJSON", here ? here : "/", problems);
		free(here);
		return true;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(option, options[i].option) != 0)
			continue;
		for (size_t k = 0; k < 2 && options[i].keys[k]; k++)
			set_key(config, options[i].keys[k], value, is_first, problems);
		return true;
	}
	return false;
}

void config_old_options_print(struct buf *buf)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		buf_addf(buf, "| `--%s` | `%s`", options[i].option, options[i].keys[0]);
		if (options[i].keys[1])
			buf_addf(buf, ", `%s`", options[i].keys[1]);
		buf_add_text(buf, " |\n");
	}
}
