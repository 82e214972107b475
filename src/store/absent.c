/* SPDX-License-Identifier: MIT */
/* Negative entries: modules known to be absent, until a date. */
#include "store/store_internal.h"

#include "base/buf.h"
#include "base/hash.h"

/*
 * `absent`: module key -> until (8 bytes), whole module key.
 * `absent_order`: until, hash of the stored key (both big endian) -> stored key.
 * The order gives what expires first; two keys of one date and hash share an
 * entry there, so that one of them outlives its turn, no more.
 */
enum { UNTIL_LEN = 8, ORDER_KEY_LEN = 16 };

struct absent_entry {
	struct slice key;
	uint64_t until_s;
	bool existed;
};

static void order_key(unsigned char bytes[ORDER_KEY_LEN], uint64_t until_s, MDB_val stored)
{
	store_put_be64(bytes, until_s);
	store_put_be64(bytes + UNTIL_LEN, hash_bytes(stored.mv_data, stored.mv_size));
}

static int drop(struct store_txn *t, MDB_val stored)
{
	unsigned char bytes[ORDER_KEY_LEN];
	MDB_val at = {sizeof(bytes), bytes}, value;
	int rc = mdb_get(t->txn, t->store->absent, &stored, &value);

	if (rc != MDB_SUCCESS)
		return rc;
	if (value.mv_size < UNTIL_LEN)
		return MDB_CORRUPTED;
	order_key(bytes, store_get_be64(value.mv_data), stored);
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

static int keep_to_bound(struct store_txn *t)
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

static int put_entry(struct store_txn *t, const struct absent_entry *entry)
{
	unsigned char until[UNTIL_LEN], order[ORDER_KEY_LEN];
	MDB_val at = {sizeof(order), order}, stored, value;
	struct buf bytes = BUF_INIT;
	struct store_key key;
	int rc;

	store_key_init(&key, entry->key);
	stored = store_key_val(&key);
	store_put_be64(until, entry->until_s);
	order_key(order, entry->until_s, stored);
	buf_add(&bytes, until, sizeof(until));
	buf_add_slice(&bytes, entry->key);
	value = (MDB_val){bytes.len, bytes.data};
	rc = mdb_put(t->txn, t->store->absent, &stored, &value, 0);
	buf_release(&bytes);
	return rc == MDB_SUCCESS ? mdb_put(t->txn, t->store->absent_order, &at, &stored, 0) : rc;
}

static int remember(struct store_txn *t, void *ctx)
{
	struct absent_entry *entry = ctx;
	int rc = store_absent_drop(t, entry->key);

	if (rc == MDB_SUCCESS)
		rc = keep_to_bound(t);
	return rc == MDB_SUCCESS ? put_entry(t, entry) : rc;
}

int store_absent_put(struct store *store, struct slice key, uint64_t until_s, struct err *err)
{
	struct absent_entry entry = {.key = key, .until_s = until_s};

	return store_write(store, remember, &entry, 1, "remember an absent module", err);
}

int store_absent_get(struct store *store, struct slice key, uint64_t now_s, struct err *err)
{
	uint64_t until_s;

	return store_absent_until(store, key, now_s, &until_s, err);
}

int store_absent_until(struct store *store, struct slice key, uint64_t now_s, uint64_t *ret_until_s, struct err *err)
{
	struct store_key stored;
	MDB_val at, value;
	int rc;

	store_key_init(&stored, key);
	at = store_key_val(&stored);
	rc = mdb_get(store->read_txn, store->absent, &at, &value);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc == MDB_SUCCESS && value.mv_size < UNTIL_LEN)
		rc = MDB_CORRUPTED;
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "find an absent module");
	if (!slice_equal(slice_make((char *)value.mv_data + UNTIL_LEN, value.mv_size - UNTIL_LEN), key))
		return 0;
	*ret_until_s = store_get_be64(value.mv_data);
	return *ret_until_s > now_s;
}

static int forget(struct store_txn *t, void *ctx)
{
	struct absent_entry *entry = ctx;
	struct store_key stored;
	int rc;

	store_key_init(&stored, entry->key);
	rc = drop(t, store_key_val(&stored));
	entry->existed = rc == MDB_SUCCESS;
	return rc == MDB_NOTFOUND ? STORE_UNCHANGED : rc;
}

int store_absent_delete(struct store *store, struct slice key, struct err *err)
{
	struct absent_entry entry = {.key = key};

	if (store_write(store, forget, &entry, 0, "forget an absent module", err) < 0)
		return -1;
	return entry.existed;
}

/* Bounded in number as they are, one transaction can drop them. */
static int forget_all(struct store_txn *t, void *ctx)
{
	uint64_t *count = ctx;
	MDB_stat stat;
	int rc = mdb_stat(t->txn, t->store->absent, &stat);

	*count = rc == MDB_SUCCESS ? stat.ms_entries : 0;
	if (rc == MDB_SUCCESS && *count == 0)
		return STORE_UNCHANGED;
	if (rc == MDB_SUCCESS)
		rc = mdb_drop(t->txn, t->store->absent, 0);
	return rc == MDB_SUCCESS ? mdb_drop(t->txn, t->store->absent_order, 0) : rc;
}

int64_t store_absent_clear(struct store *store, struct err *err)
{
	uint64_t count = 0;

	if (store_write(store, forget_all, &count, 0, "forget absent modules", err) < 0)
		return -1;
	return (int64_t)count;
}
