/* SPDX-License-Identifier: MIT */
/* Negative entries: what sources said of a module that they did not bring, until a date. */
#include "store/store_internal.h"

#include "base/buf.h"
#include "base/hash.h"

/*
 * `absent`: module key -> count, entries, whole module key.
 * `absent_order`: until, hash of the stored key (both big endian) -> stored key.
 * The order gives what expires first; two keys of one date and hash share an
 * entry there, so that one of them outlives its turn, no more.
 */
enum { COUNT_LEN = 8, UNTIL_LEN = 8, ORDER_KEY_LEN = 16 };
static_assert(sizeof(struct store_absent) == 24, "on disk");

/* A record as it is in the map or is to be put there. */
struct absent_record {
	struct store_absent entries[STORE_ABSENT_SOURCES];
	uint64_t count;
	struct slice key;
};

static uint64_t until_s(const struct store_absent *entry)
{
	return (uint64_t)entry->made_s + entry->lasts_s;
}

/* One made in the future comes from before the clock was set back: it would last for who knows how long. */
static bool lasts(const struct store_absent *entry, uint64_t now_s)
{
	return entry->made_s <= now_s && now_s < until_s(entry);
}

static int parse(MDB_val value, struct absent_record *ret)
{
	size_t bytes;

	if (value.mv_size < COUNT_LEN)
		return MDB_CORRUPTED;
	memcpy(&ret->count, value.mv_data, COUNT_LEN);
	if (ret->count > STORE_ABSENT_SOURCES)
		return MDB_CORRUPTED;
	bytes = ret->count * sizeof(*ret->entries);
	if (value.mv_size < COUNT_LEN + bytes)
		return MDB_CORRUPTED;
	memcpy(ret->entries, (char *)value.mv_data + COUNT_LEN, bytes);
	ret->key = slice_make((char *)value.mv_data + COUNT_LEN + bytes, value.mv_size - COUNT_LEN - bytes);
	return MDB_SUCCESS;
}

static void order_key(unsigned char bytes[ORDER_KEY_LEN], const struct absent_record *record, MDB_val stored)
{
	uint64_t last_s = 0;

	for (uint64_t i = 0; i < record->count; i++)
		if (until_s(&record->entries[i]) > last_s)
			last_s = until_s(&record->entries[i]);
	store_put_be64(bytes, last_s);
	store_put_be64(bytes + UNTIL_LEN, hash_bytes(stored.mv_data, stored.mv_size));
}

static int get(struct store *store, MDB_txn *txn, MDB_val stored, struct absent_record *ret)
{
	MDB_val value;
	int rc = mdb_get(txn, store->absent, &stored, &value);

	return rc == MDB_SUCCESS ? parse(value, ret) : rc;
}

static int drop(struct store_txn *t, MDB_val stored)
{
	unsigned char bytes[ORDER_KEY_LEN];
	MDB_val at = {sizeof(bytes), bytes};
	struct absent_record record;
	int rc = get(t->store, t->txn, stored, &record);

	if (rc != MDB_SUCCESS)
		return rc;
	order_key(bytes, &record, stored);
	rc = mdb_del(t->txn, t->store->absent, &stored, NULL);
	if (rc == MDB_SUCCESS)
		rc = mdb_del(t->txn, t->store->absent_order, &at, NULL);
	return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

int store_absent_drop(struct store_txn *t, struct slice key)
{
	struct store_key stored;
	int rc;

	store_key_init(&stored, key);
	rc = drop(t, store_key_val(&stored));
	return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

static int drop_first(struct store_txn *t)
{
	struct store_key stored;
	MDB_cursor *cursor;
	MDB_val at, value;
	int rc = mdb_cursor_open(t->txn, t->store->absent_order, &cursor);

	if (rc != MDB_SUCCESS)
		return rc;
	rc = mdb_cursor_get(cursor, &at, &value, MDB_FIRST);
	if (rc == MDB_SUCCESS && value.mv_size > sizeof(stored.bytes))
		rc = MDB_CORRUPTED;
	if (rc == MDB_SUCCESS) {
		memcpy(stored.bytes, value.mv_data, value.mv_size);
		stored.len = value.mv_size;
		rc = mdb_cursor_del(cursor, 0);
	}
	mdb_cursor_close(cursor);
	if (rc == MDB_SUCCESS)
		rc = drop(t, store_key_val(&stored));
	return rc;
}

int store_absent_bound(struct store_txn *t)
{
	MDB_stat stat;
	int rc;

	for (;;) {
		rc = mdb_stat(t->txn, t->store->absent_order, &stat);
		if (rc != MDB_SUCCESS || stat.ms_entries < t->store->absent_max)
			return rc;
		rc = drop_first(t);
		if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
			return rc;
	}
}

static int put(struct store_txn *t, const struct absent_record *record)
{
	unsigned char order[ORDER_KEY_LEN];
	MDB_val at = {sizeof(order), order}, stored, value;
	struct buf bytes = BUF_INIT;
	struct store_key key;
	int rc;

	store_key_init(&key, record->key);
	stored = store_key_val(&key);
	order_key(order, record, stored);
	buf_add(&bytes, &record->count, COUNT_LEN);
	buf_add(&bytes, record->entries, record->count * sizeof(*record->entries));
	buf_add_slice(&bytes, record->key);
	value = (MDB_val){bytes.len, bytes.data};
	rc = mdb_put(t->txn, t->store->absent, &stored, &value, 0);
	buf_release(&bytes);
	return rc == MDB_SUCCESS ? mdb_put(t->txn, t->store->absent_order, &at, &stored, 0) : rc;
}

static bool has_source(const struct absent_record *record, uint64_t source)
{
	for (uint64_t i = 0; i < record->count; i++)
		if (record->entries[i].source == source)
			return true;
	return false;
}

/* What other sources said before and still holds. */
static void add_old(struct absent_record *record, const struct absent_record *old, uint64_t now_s)
{
	if (!slice_equal(record->key, old->key)) /* two long keys with one hash */
		return;
	for (uint64_t i = 0; i < old->count && record->count < STORE_ABSENT_SOURCES; i++)
		if (lasts(&old->entries[i], now_s) && !has_source(record, old->entries[i].source))
			record->entries[record->count++] = old->entries[i];
}

struct absent_update {
	const struct store_absent *entries;
	unsigned count;
	struct slice key;
	bool existed;
};

static int remember(struct store_txn *t, void *ctx)
{
	const struct absent_update *update = ctx;
	struct absent_record record = {.count = update->count, .key = update->key}, old;
	struct store_key stored;
	int rc;

	memcpy(record.entries, update->entries, update->count * sizeof(*update->entries));
	store_key_init(&stored, update->key);
	rc = get(t->store, t->txn, store_key_val(&stored), &old);
	if (rc == MDB_SUCCESS) {
		add_old(&record, &old, update->entries[0].made_s);
		rc = store_absent_drop(t, update->key);
	}
	if (rc == MDB_SUCCESS || rc == MDB_NOTFOUND)
		rc = store_absent_bound(t);
	return rc == MDB_SUCCESS ? put(t, &record) : rc;
}

int store_absent_put(struct store *store, struct slice key, const struct store_absent *entries,
		     unsigned count, struct err *err)
{
	struct absent_update update = {.entries = entries, .count = count, .key = key};

	if (count == 0)
		return 0;
	if (count > STORE_ABSENT_SOURCES)
		update.count = STORE_ABSENT_SOURCES;
	return store_write(store, remember, &update, 1, "remember an absent module", err);
}

int store_absent_get(struct store *store, struct slice key, uint64_t now_s,
		     struct store_absent ret[static STORE_ABSENT_SOURCES], struct err *err)
{
	struct absent_record record;
	struct store_key stored;
	int rc, count = 0;

	store_key_init(&stored, key);
	rc = get(store, store->read_txn, store_key_val(&stored), &record);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "find an absent module");
	for (uint64_t i = 0; i < record.count && slice_equal(record.key, key); i++)
		if (lasts(&record.entries[i], now_s))
			ret[count++] = record.entries[i];
	return count;
}

static int forget(struct store_txn *t, void *ctx)
{
	struct absent_update *update = ctx;
	struct store_key stored;
	int rc;

	store_key_init(&stored, update->key);
	rc = drop(t, store_key_val(&stored));
	update->existed = rc == MDB_SUCCESS;
	return rc == MDB_NOTFOUND ? STORE_UNCHANGED : rc;
}

int store_absent_delete(struct store *store, struct slice key, struct err *err)
{
	struct absent_update update = {.key = key};

	if (store_write(store, forget, &update, 0, "forget an absent module", err) < 0)
		return -1;
	return update.existed;
}
