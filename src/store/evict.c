/* SPDX-License-Identifier: MIT */
/* Room in the store: least recently used tables go, in bounded transactions. */
#include "store/store_internal.h"

#include "base/mem.h"

#include <stdlib.h>

/* ---- dying ---- */

static void count_as_dying(struct store_meta *meta, const struct store_record *record)
{
	if (record->state == STATE_PUBLISHED) {
		meta->pages -= record->pages;
		meta->tables--;
	} else {
		meta->pending_pages -= record->pages;
	}
	meta->dying++;
	meta->dying_pages += record->pages;
}

static int forget_name(struct store_txn *t, struct slice key, uint64_t id)
{
	struct store_name name;
	int rc = store_name_get(t->store, t->txn, key, &name);

	if (rc != MDB_SUCCESS)
		return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
	if (name.published_id == id)
		name.published_id = 0;
	if (name.pending_id == id)
		name.pending_id = 0;
	return store_name_put(t->store, t->txn, key, &name);
}

int store_retire(struct store_txn *t, uint64_t id)
{
	struct store_record record;
	struct slice key;
	int rc = store_record_get(t->store, t->txn, id, &record, &key);

	if (rc != MDB_SUCCESS || record.state == STATE_DYING)
		return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
	count_as_dying(&t->meta, &record);
	record.state = STATE_DYING;
	rc = forget_name(t, key, id);
	if (rc == MDB_SUCCESS) /* the key may have moved with the page it was on */
		rc = store_record_get(t->store, t->txn, id, &(struct store_record){0}, &key);
	return rc == MDB_SUCCESS ? store_record_put(t->store, t->txn, id, &record, key) : rc;
}

/* ---- reaping ---- */

struct reap {
	uint64_t id;    /* where looking for dying tables goes on */
	uint64_t freed; /* pages, in this transaction */
	bool worked, done;
};

static int cursor_at_table(struct store_txn *t, uint64_t id, MDB_cursor **ret, MDB_val *at, MDB_val *value)
{
	unsigned char bytes[STORE_VALUE_KEY_LEN] = {0};
	int rc = mdb_cursor_open(t->txn, t->store->seg, ret);

	if (rc != MDB_SUCCESS)
		return rc;
	store_put_be64(bytes, id);
	*at = (MDB_val){sizeof(bytes), bytes};
	rc = mdb_cursor_get(*ret, at, value, MDB_SET_RANGE);
	if (rc != MDB_SUCCESS)
		mdb_cursor_close(*ret);
	return rc;
}

/* Deletes values of a table until `pages` are freed; MDB_NOTFOUND when none are left. */
static int delete_values(struct store_txn *t, uint64_t id, uint64_t pages, uint64_t *ret_freed)
{
	MDB_cursor *cursor;
	MDB_val at, value;
	int rc = cursor_at_table(t, id, &cursor, &at, &value);

	if (rc != MDB_SUCCESS)
		return rc;
	for (*ret_freed = 0; rc == MDB_SUCCESS && *ret_freed < pages;) {
		if (store_get_be64(at.mv_data) != id) {
			rc = MDB_NOTFOUND;
			break;
		}
		*ret_freed += store_value_pages(t->store, value.mv_size);
		rc = mdb_cursor_del(cursor, 0);
		if (rc == MDB_SUCCESS) /* after a deletion this gives what followed, skipping nothing */
			rc = mdb_cursor_get(cursor, &at, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc;
}

static int reap_table(struct store_txn *t, struct reap *reap, struct store_record *record, struct slice key)
{
	unsigned char bytes[8];
	MDB_val at = {sizeof(bytes), bytes};
	char *copy = mem_strndup(key.data, key.len);
	uint64_t freed = 0;
	int rc = delete_values(t, reap->id, STORE_REAP_PAGES - reap->freed, &freed);

	freed = freed < record->pages ? freed : record->pages;
	if (rc == MDB_NOTFOUND) {
		freed = record->pages;
		store_put_be64(bytes, reap->id);
		rc = mdb_del(t->txn, t->store->tab, &at, NULL);
		t->meta.dying--;
	} else if (rc == MDB_SUCCESS) {
		record->pages -= freed;
		rc = store_record_put(t->store, t->txn, reap->id, record, slice_make(copy, key.len));
	}
	free(copy);
	t->meta.dying_pages -= freed;
	reap->freed += freed;
	return rc;
}

static int reap_some(struct store_txn *t, void *ctx)
{
	struct reap *reap = ctx;
	uint64_t from_id = reap->id;
	MDB_cursor *tab;
	int rc;

	reap->done = t->meta.dying == 0;
	if (reap->done)
		return STORE_UNCHANGED;
	rc = mdb_cursor_open(t->txn, t->store->tab, &tab);
	if (rc != MDB_SUCCESS)
		return rc;
	for (reap->freed = 0; rc == MDB_SUCCESS && t->meta.dying && reap->freed < STORE_REAP_PAGES;) {
		struct store_record record;
		struct slice key;

		rc = store_record_next(tab, &reap->id, &record, &key);
		if (rc == MDB_SUCCESS && record.state == STATE_DYING)
			rc = reap_table(t, reap, &record, key);
		else
			reap->id++;
	}
	mdb_cursor_close(tab);
	reap->worked = true;
	if (rc != MDB_NOTFOUND)
		return rc;
	reap->id = 0; /* a table below became dying meanwhile */
	return from_id ? MDB_SUCCESS : MDB_CORRUPTED;
}

int store_reap(struct store *store)
{
	struct reap reap = {.id = 0};

	while (!reap.done) {
		int rc = store_write_once(store, reap_some, &reap);

		if (rc != MDB_SUCCESS)
			return rc;
	}
	return reap.worked ? store_settle(store) : MDB_SUCCESS;
}

/* ---- choosing ---- */

struct candidate {
	uint64_t id, used_s, pages;
};

struct eviction {
	uint64_t pages; /* to be written */
	bool ignore_budget;
	bool others_in_way;
};

struct trimming {
	uint64_t pages; /* that may stay */
	bool more;      /* than one step */
};

static int by_last_use(const void *a, const void *b)
{
	const struct candidate *one = a, *two = b;

	if (one->used_s != two->used_s)
		return one->used_s < two->used_s ? -1 : 1;
	return one->id < two->id ? -1 : one->id > two->id;
}

/* `list` has room for all of them: the meta record knows how many there are. */
static int published_tables(struct store_txn *t, struct candidate *list, size_t *ret_count)
{
	struct store_record record;
	struct slice key;
	MDB_cursor *tab;
	int rc = mdb_cursor_open(t->txn, t->store->tab, &tab);

	*ret_count = 0;
	if (rc != MDB_SUCCESS)
		return rc;
	for (uint64_t id = 0; (rc = store_record_next(tab, &id, &record, &key)) == MDB_SUCCESS; id++) {
		if (record.state != STATE_PUBLISHED)
			continue;
		if (*ret_count == t->meta.tables) {
			rc = MDB_CORRUPTED;
			break;
		}
		list[(*ret_count)++] =
			(struct candidate){id, store_last_use(t->store, &record), record.pages};
	}
	mdb_cursor_close(tab);
	return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

static int retire_oldest(struct store_txn *t, uint64_t pages)
{
	struct candidate *list = mem_calloc(t->meta.tables, sizeof(*list));
	size_t count;
	uint64_t retired = 0;
	int rc = published_tables(t, list, &count);

	qsort(list, count, sizeof(*list), by_last_use);
	for (size_t i = 0; i < count && rc == MDB_SUCCESS && retired < pages; i++) {
		retired += list[i].pages;
		rc = store_retire(t, list[i].id);
	}
	free(list);
	return rc;
}

static int choose(struct store_txn *t, void *ctx)
{
	enum { AHEAD_SHARE = 256 }; /* looking at all tables for each small one would take longer than writing it */
	struct eviction *eviction = ctx;
	uint64_t budget = t->store->budget_pages;
	uint64_t wanted = t->meta.pages + t->meta.pending_pages + eviction->pages;

	if (eviction->ignore_budget)
		return retire_oldest(t, eviction->pages);
	/* what is dying already will be gone, whoever made it so */
	if (wanted <= budget)
		return STORE_UNCHANGED;
	eviction->others_in_way = t->meta.pending_pages + eviction->pages > budget;
	return eviction->others_in_way ? STORE_UNCHANGED : retire_oldest(t, wanted - budget + budget / AHEAD_SHARE);
}

int store_make_room(struct store *store, uint64_t pages, struct err *err)
{
	struct eviction eviction = {.pages = pages};
	int rc;

	if (store_write(store, choose, &eviction, 0, "choose tables to evict", err) < 0)
		return -1;
	if (eviction.others_in_way)
		return err_set(err, ERR_BUSY, "store: tables being written take all room");
	rc = store_reap(store);
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "evict tables");
}

int store_evict_some(struct store *store, uint64_t pages)
{
	struct eviction eviction = {.pages = pages, .ignore_budget = true};
	int rc = store_write_once(store, choose, &eviction);

	return rc == MDB_SUCCESS ? store_reap(store) : rc;
}

static int choose_over(struct store_txn *t, void *ctx)
{
	enum { STEP_PAGES = 4 * STORE_REAP_PAGES };
	struct trimming *trimming = ctx;
	uint64_t budget = t->store->budget_pages, pages = t->meta.pages;
	uint64_t may_stay = trimming->pages < budget ? trimming->pages : budget;
	uint64_t over = pages > may_stay ? pages - may_stay : 0;
	int rc = store_absent_bound(t);

	trimming->more = over > STEP_PAGES;
	if (rc == MDB_SUCCESS && over)
		rc = retire_oldest(t, trimming->more ? STEP_PAGES : over);
	return rc;
}

int store_trim(struct store *store, uint64_t pages, struct err *err)
{
	struct trimming trimming = {.pages = pages};
	int rc;

	if (store_write(store, choose_over, &trimming, 0, "choose tables to evict", err) < 0)
		return -1;
	rc = store_reap(store);
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "evict tables");
	return trimming.more;
}
