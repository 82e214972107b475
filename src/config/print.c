/* SPDX-License-Identifier: MIT */
/* The configuration as a JSON file. */
#include "config/table.h"

#include "base/json_text.h"
#include "config/value.h"

#include <stdlib.h>

struct printer {
	struct buf *buf;
	unsigned flags;
	struct slice section; /* the one that is open: "DiskCache.log", or empty */
	unsigned depth;       /* its depth, the file's own braces not counted */
	bool is_first;        /* nothing yet in the innermost braces */
};

static unsigned dots(struct slice path)
{
	unsigned count = 0;

	for (size_t i = 0; i < path.len; i++)
		count += path.data[i] == '.';
	return count;
}

static struct slice section_of(struct slice path)
{
	const char *dot = memrchr(path.data, '.', path.len);

	return slice_make(path.data, dot ? (size_t)(dot - path.data) : 0);
}

static struct slice last_part(struct slice path)
{
	size_t start = section_of(path).len;

	start += start > 0;
	return slice_make(path.data + start, path.len - start);
}

static void new_line(struct printer *printer, unsigned depth)
{
	buf_addf(printer->buf, "\n%*s", (int)(depth * 2), "");
}

static void begin_member(struct printer *printer, unsigned depth, struct slice name)
{
	if (!printer->is_first)
		buf_add_byte(printer->buf, ',');
	new_line(printer, depth);
	json_add_string(printer->buf, name, JSON_UTF8);
	buf_add_text(printer->buf, ": ");
	printer->is_first = false;
}

static bool is_within(struct slice section, struct slice outer)
{
	return outer.len == 0 || slice_equal(section, outer) ||
	       (slice_starts_with(section, outer) && section.data[outer.len] == '.');
}

static void close_section(struct printer *printer)
{
	new_line(printer, printer->depth);
	buf_add_byte(printer->buf, '}');
	printer->section = section_of(printer->section);
	printer->depth--;
	printer->is_first = false;
}

static void open_section(struct printer *printer, struct slice section)
{
	if (section.len == 0 || slice_equal(section, printer->section))
		return;
	open_section(printer, section_of(section));
	printer->depth++;
	begin_member(printer, printer->depth, last_part(section));
	buf_add_byte(printer->buf, '{');
	printer->section = section;
	printer->is_first = true;
}

static void print_server(const struct config_server *server, unsigned flags, struct buf *buf)
{
	struct printer printer = {.buf = buf, .flags = flags, .is_first = true};

	buf_add_byte(buf, '{');
	for (unsigned i = 0; i < config_server_row_count; i++) {
		const struct config_row *row = &config_server_rows[i];

		if (row->alias)
			continue;
		begin_member(&printer, 3, slice_of(row->path));
		config_value_print(row, server, flags, buf);
	}
	buf_add_text(buf, "\n    }");
}

static void print_servers(const struct config *config, unsigned flags, struct buf *buf)
{
	buf_add_byte(buf, '[');
	for (unsigned i = 0; i < config->server_count; i++) {
		buf_add_text(buf, i ? ",\n    " : "\n    ");
		print_server(&config->servers[i], flags, buf);
	}
	buf_add_text(buf, config->server_count ? "\n  ]" : "]");
}

static void print_row(struct printer *printer, const struct config *config, const struct config_row *row)
{
	struct slice path = slice_of(row->path), section = section_of(path);

	while (!is_within(section, printer->section))
		close_section(printer);
	open_section(printer, section);
	begin_member(printer, dots(path) + 1, last_part(path));
	if (row->type == CONFIG_SERVERS)
		print_servers(config, printer->flags, printer->buf);
	else
		config_value_print(row, config, printer->flags, printer->buf);
}

void config_print(const struct config *config, struct buf *buf, unsigned flags)
{
	struct printer printer = {.buf = buf, .flags = flags, .is_first = true};

	buf_add_byte(buf, '{');
	for (unsigned i = 0; i < config_row_count; i++)
		if (!config_rows[i].alias)
			print_row(&printer, config, &config_rows[i]);
	while (printer.depth)
		close_section(&printer);
	buf_add_text(buf, "\n}\n");
}

static bool is_equal(const struct config_row *row, const struct config *a, const struct config *b)
{
	struct buf left = BUF_INIT, right = BUF_INIT;
	bool equal;

	config_value_print(row, a, CONFIG_PRINT_SECRETS, &left);
	config_value_print(row, b, CONFIG_PRINT_SECRETS, &right);
	equal = slice_equal(buf_slice(&left), buf_slice(&right));
	buf_release(&left);
	buf_release(&right);
	return equal;
}

unsigned config_restart_keys(const struct config *old, const struct config *fresh, struct buf *buf)
{
	unsigned count = 0;

	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->alias || row->reload != CONFIG_RESTART || is_equal(row, old, fresh))
			continue;
		buf_addf(buf, "%s%s", count++ ? ", " : "", row->path);
	}
	return count;
}
