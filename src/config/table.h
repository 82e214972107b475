/* SPDX-License-Identifier: MIT */
/* The configuration table: a row for every key. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "config/config.h"

/*
 * Parser, messages, printer, overrides, documentation and the check of
 * etc/symbolicate.json all read these rows; a new key is a member of struct
 * config and a row here.  Rows of one section stand together, its own keys
 * before its subsections: the printer opens and closes sections as it goes.
 */
enum config_type {
	CONFIG_BOOL,
	CONFIG_UINT,
	CONFIG_LEVEL,    /* number or Python name */
	CONFIG_STRING,
	CONFIG_PATH,     /* resolved where it is set, unless it is one of `names`; Windows paths by config_finish() */
	CONFIG_URL,      /* http(s) */
	CONFIG_LOCATION, /* URL or path */
	CONFIG_STRINGS,
	CONFIG_PATHS,
	CONFIG_URLS,
	CONFIG_ENUM,     /* one of `names` */
	CONFIG_FLAGS,    /* list of `names`, kept as bits */
	CONFIG_DECISION, /* enum config_tristate: true, false, null */
	CONFIG_MAP,      /* object of strings */
	CONFIG_SECRETS,  /* the same, values never shown */
	CONFIG_OBJECT,   /* any object, kept as text */
	CONFIG_SERVERS,  /* list of objects, by config_server_rows */
};

enum config_reload { CONFIG_LIVE, CONFIG_RESTART };

struct config_name {
	const char *name; /* NULL ends the list */
	unsigned value;
};

struct config_row {
	const char *path;     /* "DiskCache.log.level" */
	enum config_type type;
	enum config_reload reload;
	size_t offset;        /* in struct config, or in struct config_server */
	const char *fallback; /* the default, as JSON */
	unsigned min, max;    /* CONFIG_UINT */
	const char *unit;     /* or NULL */
	const struct config_name *names;
	const char *help;
	const char *alias;    /* an old spelling: the path of the row that counts */
};

extern const struct config_row config_rows[], config_server_rows[];
extern const unsigned config_row_count, config_server_row_count;

/* The row of a key, an old spelling's being the one it stands for; NULL: no such key. */
const struct config_row *config_row_find(const struct config_row *rows, unsigned count, struct slice path);

/* Whether some row lies below: "DiskCache", "DiskCache.log". */
bool config_is_section(struct slice path);

/* The rows of docs/configuration.md that say what Snappy's long options set. */
void config_old_options_print(struct buf *buf);

static inline void *config_field(void *base, const struct config_row *row)
{
	return (char *)base + row->offset;
}

static inline const void *config_field_const(const void *base, const struct config_row *row)
{
	return (const char *)base + row->offset;
}

/* What was said about a row of config_rows. */
static inline struct config_origin *config_origin(const struct config *config, const struct config_row *row)
{
	return &config->origins[row - config_rows];
}

/* The same by path, which must be in the table. */
struct config_origin *config_origin_of(const struct config *config, const char *path);

#endif
