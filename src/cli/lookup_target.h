/* SPDX-License-Identifier: MIT */
/* What addresses are looked up in: a table and where its values are. */
#ifndef CLI_LOOKUP_TARGET_H
#define CLI_LOOKUP_TARGET_H

#include "cli/config_args.h"
#include "symbols/module.h"
#include "symbols/table.h"

/*
 * Made from a .sym file or from a module of the cache.  The table is read
 * between begin() and end() only, a batch of addresses at a time, so that no
 * read transaction is held while the command waits for input.
 */
struct lookup_target {
	struct table *table;
	struct table_source source;
	int (*begin)(void *ctx, struct err *err); /* NULL: nothing to do */
	void (*end)(void *ctx);
	void (*close)(void *ctx); /* frees all, the table included */
	void *ctx;
};

/* A new read transaction is a new snapshot, which the epoch tells the table. */
static inline int lookup_target_begin(struct lookup_target *target, struct err *err)
{
	if (!target->begin)
		return 0;
	target->source.epoch++;
	return target->begin(target->ctx, err);
}

static inline void lookup_target_end(struct lookup_target *target)
{
	if (target->end)
		target->end(target->ctx);
}

/* `expected_id` may be empty.  ERR_INPUT: the file is unusable. */
int lookup_open_file(struct lookup_target *ret, const char *path, struct slice expected_id, struct err *err);

/* The module's table by way of the configured cache.  ERR_NOT_FOUND: it is nowhere. */
int lookup_open_module(struct lookup_target *ret, const struct config *config, struct module_name module,
		       struct err *err);

#endif
