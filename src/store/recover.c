/* SPDX-License-Identifier: MIT */
/* Tidying up after a crash: recount, delete what was left half written or half deleted. */
#include "store/store_internal.h"

#include "base/mem.h"

#include <stdlib.h>

struct leftover {
	uint64_t id;
	struct slice key; /* ours */
};

struct leftovers {
	struct leftover *list;
	size_t count, room;
};

static void leftovers_add(struct leftovers *leftovers, uint64_t id, struct slice key)
{
	if (leftovers->count == leftovers->room) {
		leftovers->room = leftovers->room ? leftovers->room * 2 : 16;
		leftovers->list =
			mem_realloc_array(leftovers->list, leftovers->room, sizeof(*leftovers->list));
	}
	leftovers->list[leftovers->count++] =
		(struct leftover){id, slice_make(mem_strndup(key.data, key.len), key.len)};
}

static void leftovers_release(struct leftovers *leftovers)
{
	for (size_t i = 0; i < leftovers->count; i++)
		free((void *)(uintptr_t)leftovers->list[i].key.data);
	free(leftovers->list);
}

/* The record of a table against its values.  The cursor goes from before its first value to its last. */
static int recount_values(struct store *store, MDB_cursor *cursor, uint64_t id, uint64_t want_pages)
{
	uint64_t pages = 0;
	MDB_val at, value;
	int rc;

	while ((rc = mdb_cursor_get(cursor, &at, &value, MDB_NEXT)) == MDB_SUCCESS) {
		if (at.mv_size != STORE_VALUE_KEY_LEN || store_get_be64(at.mv_data) < id)
			return MDB_CORRUPTED; /* a value without a table */
		if (store_get_be64(at.mv_data) > id) {
			rc = mdb_cursor_get(cursor, &at, &value, MDB_PREV);
			break;
		}
		pages += store_value_pages(store, value.mv_size);
	}
	if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
		return rc;
	return pages == want_pages ? MDB_SUCCESS : MDB_CORRUPTED;
}

static void add_to_sums(struct store_meta *sums, const struct store_record *record)
{
	switch ((enum store_state)record->state) {
	case STATE_PENDING:
		sums->pending_pages += record->pages;
		break;
	case STATE_PUBLISHED:
		sums->pages += record->pages;
		sums->tables++;
		break;
	case STATE_DYING:
		sums->dying++;
		sums->dying_pages += record->pages;
		break;
	}
}

static bool sums_equal(const struct store_meta *a, const struct store_meta *b)
{
	return a->tables == b->tables && a->dying == b->dying && a->pages == b->pages &&
	       a->pending_pages == b->pending_pages && a->dying_pages == b->dying_pages;
}

/*
 * The sums of the meta record against the records, and those against the values
 * themselves.  One snapshot holds all three, whoever is writing meanwhile.
 */
static int recount(struct store *store, MDB_txn *txn, MDB_cursor *tab, MDB_cursor *seg,
		   struct leftovers *leftovers)
{
	struct store_meta meta, sums = {0};
	struct store_record record;
	struct slice key;
	MDB_val at, value;
	uint64_t id = 0;
	int rc = store_meta_get(store, txn, &meta);

	while (rc == MDB_SUCCESS && (rc = store_record_next(tab, &id, &record, &key)) == MDB_SUCCESS) {
		add_to_sums(&sums, &record);
		if (record.state == STATE_PENDING)
			leftovers_add(leftovers, id, key);
		rc = recount_values(store, seg, id++, record.pages);
	}
	if (rc != MDB_NOTFOUND)
		return rc;
	if (mdb_cursor_get(seg, &at, &value, MDB_NEXT) == MDB_SUCCESS) /* values behind the last table */
		return MDB_CORRUPTED;
	return sums_equal(&sums, &meta) ? MDB_SUCCESS : MDB_CORRUPTED;
}

static int read_leftovers(struct store *store, struct leftovers *leftovers, struct err *err)
{
	MDB_cursor *tab = NULL, *seg = NULL;
	MDB_txn *txn;
	int rc = store_reader(store, &txn);

	if (rc == MDB_SUCCESS)
		rc = mdb_cursor_open(txn, store->tab, &tab);
	if (rc == MDB_SUCCESS)
		rc = mdb_cursor_open(txn, store->seg, &seg);
	if (rc == MDB_SUCCESS)
		rc = recount(store, txn, tab, seg, leftovers);
	if (tab)
		mdb_cursor_close(tab);
	if (seg)
		mdb_cursor_close(seg);
	store_read_end(store);
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "recount the tables");
}

int store_recount(struct store *store, struct err *err)
{
	struct leftovers leftovers = {0};
	int result = read_leftovers(store, &leftovers, err);

	leftovers_release(&leftovers);
	return result;
}

static int retire_leftover(struct store_txn *t, void *ctx)
{
	const struct leftover *leftover = ctx;
	bool still_pending;

	return store_retire_if(t, leftover->id, STATE_PENDING, &still_pending);
}

/* Asks outside of transactions: the answer may take a lock. */
static int retire_leftovers(struct store *store, struct leftovers *leftovers,
			    bool (*is_live)(void *ctx, struct slice key), void *ctx, struct err *err)
{
	for (size_t i = 0; i < leftovers->count; i++) {
		struct leftover *leftover = &leftovers->list[i];

		if (is_live && is_live(ctx, leftover->key))
			continue;
		if (store_write(store, retire_leftover, leftover, 0, "delete a leftover", err) < 0)
			return -1;
	}
	return 0;
}

int store_recover(struct store *store, bool (*is_live)(void *ctx, struct slice key), void *ctx,
		  struct err *err)
{
	struct leftovers leftovers = {0};
	int result, rc;

	mdb_reader_check(store->env, NULL);
	result = read_leftovers(store, &leftovers, err);
	if (result == 0)
		result = retire_leftovers(store, &leftovers, is_live, ctx, err);
	leftovers_release(&leftovers);
	if (result < 0)
		return -1;
	rc = store_reap(store);
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "delete leftovers");
}
