/* SPDX-License-Identifier: MIT */
/* Keys and records of the store's databases. */
#include "store/store_internal.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * LMDB takes 511 bytes.  A longer module key keeps its head, for the order, and
 * its hash; 401 bytes, so that it never equals a plain one.  The whole key
 * stands in the value and is compared.
 */
void store_key_init(struct store_key *ret, struct slice key)
{
	enum { HASH_DIGITS = 16, HEAD = STORE_KEY_MAX - HASH_DIGITS };
	char digits[HASH_DIGITS + 1];

	if (key.len <= STORE_KEY_PLAIN_MAX) {
		memcpy(ret->bytes, key.data, key.len);
		ret->len = key.len;
		return;
	}
	snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)hash_bytes(key.data, key.len));
	memcpy(ret->bytes, key.data, HEAD);
	memcpy(ret->bytes + HEAD, digits, HASH_DIGITS);
	ret->len = STORE_KEY_MAX;
}

void store_put_be64(unsigned char *to, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		to[i] = (unsigned char)value;
}

uint64_t store_get_be64(const void *from)
{
	const unsigned char *bytes = from;
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

int store_name_get(struct store *store, MDB_txn *txn, struct slice key, struct store_name *ret)
{
	struct store_key stored;
	MDB_val at, value;
	int rc;

	store_key_init(&stored, key);
	at = store_key_val(&stored);
	rc = mdb_get(txn, store->name, &at, &value);
	if (rc != MDB_SUCCESS)
		return rc;
	if (value.mv_size != sizeof(*ret))
		return MDB_CORRUPTED;
	memcpy(ret, value.mv_data, sizeof(*ret));
	return MDB_SUCCESS;
}

int store_name_put(struct store *store, MDB_txn *txn, struct slice key, const struct store_name *name)
{
	struct store_name copy = *name;
	MDB_val value = {sizeof(copy), &copy};
	struct store_key stored;
	MDB_val at;
	int rc;

	store_key_init(&stored, key);
	at = store_key_val(&stored);
	if (name->published_id || name->pending_id)
		return mdb_put(txn, store->name, &at, &value, 0);
	rc = mdb_del(txn, store->name, &at, NULL);
	return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

int store_record_parse(MDB_val value, struct store_record *ret, struct slice *ret_key)
{
	if (value.mv_size < sizeof(*ret))
		return MDB_CORRUPTED;
	memcpy(ret, value.mv_data, sizeof(*ret));
	if (ret->state < STATE_PENDING || ret->state > STATE_DYING)
		return MDB_CORRUPTED;
	*ret_key = slice_make((char *)value.mv_data + sizeof(*ret), value.mv_size - sizeof(*ret));
	return MDB_SUCCESS;
}

int store_record_get(struct store *store, MDB_txn *txn, uint64_t id, struct store_record *ret,
		     struct slice *ret_key)
{
	unsigned char bytes[8];
	MDB_val at = {sizeof(bytes), bytes}, value;
	int rc;

	store_put_be64(bytes, id);
	rc = mdb_get(txn, store->tab, &at, &value);
	return rc == MDB_SUCCESS ? store_record_parse(value, ret, ret_key) : rc;
}

/* `key` may point into the map, at the very record that is replaced: it is copied first. */
int store_record_put(struct store *store, MDB_txn *txn, uint64_t id, const struct store_record *record,
		     struct slice key)
{
	size_t len = sizeof(*record) + key.len;
	char *copy = mem_alloc(len);
	MDB_val value = {len, copy};
	unsigned char bytes[8];
	MDB_val at = {sizeof(bytes), bytes};
	int rc;

	store_put_be64(bytes, id);
	memcpy(copy, record, sizeof(*record));
	memcpy(copy + sizeof(*record), key.data, key.len);
	rc = mdb_put(txn, store->tab, &at, &value, 0);
	free(copy);
	return rc;
}

int store_meta_put(struct store *store, MDB_txn *txn, const struct store_meta *meta, unsigned flags)
{
	struct store_meta copy = *meta;
	char key[] = "meta";
	MDB_val at = {sizeof(key), key}, value = {sizeof(copy), &copy};

	return mdb_put(txn, store->meta, &at, &value, flags);
}

int store_meta_get(struct store *store, MDB_txn *txn, struct store_meta *ret)
{
	char key[] = "meta";
	MDB_val at = {sizeof(key), key}, value;
	int rc = mdb_get(txn, store->meta, &at, &value);

	if (rc != MDB_SUCCESS)
		return rc;
	if (value.mv_size != sizeof(*ret))
		return MDB_VERSION_MISMATCH;
	memcpy(ret, value.mv_data, sizeof(*ret));
	return MDB_SUCCESS;
}

int store_record_next(MDB_cursor *tab, uint64_t *id, struct store_record *ret, struct slice *ret_key)
{
	unsigned char bytes[8];
	MDB_val at = {sizeof(bytes), bytes}, value;
	int rc;

	store_put_be64(bytes, *id);
	rc = mdb_cursor_get(tab, &at, &value, MDB_SET_RANGE);
	if (rc != MDB_SUCCESS)
		return rc;
	if (at.mv_size != sizeof(bytes))
		return MDB_CORRUPTED;
	*id = store_get_be64(at.mv_data);
	return store_record_parse(value, ret, ret_key);
}

void store_table_fill(struct store_table *ret, uint64_t id, const struct store_record *record)
{
	*ret = (struct store_table){
		.id = id,
		.pages = record->pages,
		.text_bytes = record->text_bytes,
		.made_s = record->made_s,
		.source = record->source,
		.generation = record->generation,
		.slot = record->slot,
		.used_s = record->used_s,
	};
}
