/* SPDX-License-Identifier: MIT */
/* docs/configuration.md, from the table. */
#include "config/table.h"

static const char head[] =
	"<!-- Made by `symbolicate print-config --markdown` from src/config/table.c: do not edit. -->\n"
	"# Configuration\n\n"
	"One JSON file, `-c FILE`, else `$sysconfdir/symbolicate.json`, else `./etc/symbolicate.json`; without\n"
	"one the defaults count. Snappy's and pySymProxy's files work as they are, also put together in one.\n\n"
	"* `symbolicate check-config` says what is wrong with it, with file and line. An unknown key is a\n"
	"  warning; a wrong type or a number out of range is an error, with which the server does not start\n"
	"  (exit status 78). On reload the old configuration stays.\n"
	"* `symbolicate print-config` shows what counts, defaults included and secrets removed.\n"
	"* `-o KEY=VALUE` sets a key for one run: `-o SymServer.port=8081`,\n"
	"  `-o 'DiskCache.symbolURLs=[\"http://a/\"]'`. The value is JSON, or taken as a string where it is not.\n"
	"  It may be repeated; later ones win.\n"
	"* Relative paths count from the directory of the file, those of options from the working directory.\n"
	"* `null` means the default, for every key.\n"
	"* SIGHUP reads the file again. *live* keys take effect then, *restart* keys at the next start.\n";

static const char old_options_head[] =
	"\n## Snappy's options\n\n"
	"`--configJSON JSON` is a whole configuration. Options for lists may be repeated: the first one replaces the\n"
	"list, the others add to it; `--memcachedServer None` is the empty list.\n\n"
	"| Option | Sets |\n|---|---|\n";

static const char *const type_names[] = {
	[CONFIG_BOOL] = "true or false",
	[CONFIG_UINT] = "number",
	[CONFIG_LEVEL] = "number or name",
	[CONFIG_STRING] = "string",
	[CONFIG_PATH] = "path",
	[CONFIG_URL] = "URL",
	[CONFIG_LOCATION] = "URL or path",
	[CONFIG_STRINGS] = "list of strings",
	[CONFIG_PATHS] = "list of paths",
	[CONFIG_URLS] = "list of URLs",
	[CONFIG_ENUM] = "",
	[CONFIG_FLAGS] = "list of ",
	[CONFIG_DECISION] = "true, false or null",
	[CONFIG_MAP] = "object of strings",
	[CONFIG_SECRETS] = "object of strings",
	[CONFIG_OBJECT] = "object",
	[CONFIG_SERVERS] = "list of objects",
};

static struct slice top_section(const char *path)
{
	return slice_make(path, strcspn(path, "."));
}

static void add_type(const struct config_row *row, struct buf *buf)
{
	buf_add_text(buf, type_names[row->type]);
	if (row->type == CONFIG_UINT)
		buf_addf(buf, " %u–%u%s%s", row->min, row->max, row->unit ? " " : "",
			 row->unit ? row->unit : "");
	if (row->names == NULL || row->type == CONFIG_LEVEL)
		return;
	for (const struct config_name *name = row->names; name->name; name++)
		buf_addf(buf, "%s`%s`", name == row->names && row->type != CONFIG_PATH ? "" : ", ", name->name);
}

static void add_row(const struct config_row *row, struct buf *buf)
{
	buf_addf(buf, "| `%s` | ", row->path);
	add_type(row, buf);
	buf_addf(buf, " | `%s` | %s | %s |\n", row->fallback, row->reload == CONFIG_LIVE ? "live" : "restart",
		 row->help);
}

static void add_heading(struct slice section, struct buf *buf)
{
	buf_addf(buf, "\n## %.*s\n\n", SLICE_PRINT(section));
	buf_add_text(buf, "| Key | Type, range | Default | Change | Meaning |\n|---|---|---|---|---|\n");
}

static void add_aliases(const struct config_row *rows, unsigned count, struct buf *buf)
{
	for (unsigned i = 0; i < count; i++)
		if (rows[i].alias)
			buf_addf(buf, "| `%s` | `%s` |\n", rows[i].path, rows[i].alias);
}

static void add_servers(struct buf *buf)
{
	add_heading(SLICE_LITERAL("Members of servers"), buf);
	for (unsigned i = 0; i < config_server_row_count; i++)
		if (!config_server_rows[i].alias)
			add_row(&config_server_rows[i], buf);
}

void config_print_markdown(struct buf *buf)
{
	struct slice section = {NULL, 0};

	buf_add_text(buf, head);
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->alias)
			continue;
		if (!slice_equal(section, top_section(row->path)))
			add_heading(section = top_section(row->path), buf);
		add_row(row, buf);
	}
	add_servers(buf);
	buf_add_text(buf, "\n## Old spellings\n\n| Key | Stands for |\n|---|---|\n");
	add_aliases(config_rows, config_row_count, buf);
	add_aliases(config_server_rows, config_server_row_count, buf);
	buf_add_text(buf, old_options_head);
	config_old_options_print(buf);
}
