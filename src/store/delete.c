/* SPDX-License-Identifier: MIT */
/* Deleting tables. */
#include "store/store_internal.h"

struct deletion {
	struct slice key;
	uint64_t id;
	bool existed;
};

static int reap(struct store *store, struct err *err)
{
	int rc = store_reap(store);

	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "delete a table");
}

static int retire_key(struct store_txn *t, void *ctx)
{
	struct deletion *deletion = ctx;
	struct store_name name;
	int rc = store_name_get(t->store, t->txn, deletion->key, &name);

	deletion->existed = rc == MDB_SUCCESS;
	if (rc == MDB_NOTFOUND)
		return STORE_UNCHANGED;
	if (rc == MDB_SUCCESS && name.published_id)
		rc = store_retire(t, name.published_id);
	if (rc == MDB_SUCCESS && name.pending_id)
		rc = store_retire(t, name.pending_id);
	return rc;
}

int store_delete_here(struct store *store, struct slice key, struct err *err)
{
	struct deletion deletion = {.key = key};

	if (store_write(store, retire_key, &deletion, 0, "delete a table", err) < 0)
		return -1;
	if (deletion.existed && reap(store, err) < 0)
		return -1;
	return deletion.existed;
}

int store_delete(struct store *store, struct slice key, struct err *err)
{
	int existed, behind = 0;

	store_follow_oversize(store);
	existed = store_delete_here(store, key, err);
	if (existed >= 0 && store->oversize)
		behind = store_delete_here(store->oversize, key, err);
	return existed < 0 || behind < 0 ? -1 : existed || behind;
}

int store_retire_if(struct store_txn *t, uint64_t id, enum store_state state, bool *ret_was)
{
	struct store_record record;
	struct slice key;
	int rc = store_record_get(t->store, t->txn, id, &record, &key);

	*ret_was = rc == MDB_SUCCESS && record.state == state;
	if (*ret_was)
		return store_retire(t, id);
	return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? STORE_UNCHANGED : rc;
}

static int retire_published(struct store_txn *t, void *ctx)
{
	struct deletion *deletion = ctx;

	return store_retire_if(t, deletion->id, STATE_PUBLISHED, &deletion->existed);
}

int store_delete_id(struct store *store, uint64_t table_id, struct err *err)
{
	struct deletion deletion = {.id = table_id};

	store_follow_oversize(store);
	store = store_of_id(store, table_id);
	if (store == NULL)
		return 0;
	if (store_write(store, retire_published, &deletion, 0, "delete a damaged table", err) < 0)
		return -1;
	if (deletion.existed && reap(store, err) < 0)
		return -1;
	return deletion.existed;
}
