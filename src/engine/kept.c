/* SPDX-License-Identifier: MIT */
/* What the cache keeps of one module. */
#include "engine/kept.h"

#include "engine/raw_files.h"

int kept_forget(struct environment *env, struct module_name module, struct slice key, struct err *err)
{
	struct buf spelling = BUF_INIT;
	int result;

	module_add_spelling(&spelling, module);
	result = raw_remove(env->state, key, err) < 0 || store_delete(env->store, key, err) < 0 ||
			 store_absent_delete(env->store, buf_slice(&spelling), err) < 0
			 ? -1
			 : 0;
	buf_release(&spelling);
	return result;
}

int kept_table(struct environment *env, struct slice key, uint64_t source, struct err *err)
{
	struct store_table table;
	int found;

	if (store_read_begin(env->store, err) < 0)
		return -1;
	found = store_find(env->store, key, &table, err);
	if (found == 1)
		found = table.source == source && !state_bad_table_has(env->state, table.id);
	if (found == 1)
		store_touch(env->store, &table);
	store_read_end(env->store);
	return found;
}

enum { ORPHANS_PER_ROUND = 64 };

struct orphans {
	const struct state *state;
	uint64_t ids[ORPHANS_PER_ROUND];
	unsigned count;
};

static int note_orphan(void *ctx, struct slice key, const struct store_table *table)
{
	struct orphans *orphans = ctx;

	if (table->generation == RAW_GENERATION && raw_identity(orphans->state, key) != table->source)
		orphans->ids[orphans->count++] = table->id;
	return orphans->count == ORPHANS_PER_ROUND;
}

int kept_drop_orphans(struct environment *env, struct err *err)
{
	struct orphans orphans = {.state = env->state};
	int dropped = 0;

	if (store_each(env->store, note_orphan, &orphans, err) < 0)
		return -1;
	for (unsigned i = 0; i < orphans.count; i++) {
		if (store_delete_id(env->store, orphans.ids[i], err) < 0)
			return -1;
		dropped++;
	}
	return dropped;
}
