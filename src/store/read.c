/* SPDX-License-Identifier: MIT */
/* Reading published tables. */
#include "store/store_internal.h"

#include "base/clock.h"

int store_find(struct store *store, struct slice key, struct store_table *ret, struct err *err)
{
	struct store_record record;
	struct store_name name;
	struct slice whole;
	int rc = store_name_get(store, store->read_txn, key, &name);

	if (rc == MDB_NOTFOUND || (rc == MDB_SUCCESS && name.published_id == 0))
		return store->oversize ? store_find(store->oversize, key, ret, err) : 0;
	if (rc == MDB_SUCCESS)
		rc = store_record_get(store, store->read_txn, name.published_id, &record, &whole);
	if (rc == MDB_NOTFOUND || (rc == MDB_SUCCESS && record.state != STATE_PUBLISHED))
		rc = MDB_CORRUPTED;
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "find a table");
	if (!slice_equal(whole, key)) /* two long keys with one hash */
		return 0;
	store_table_fill(ret, name.published_id, &record);
	return 1;
}

int store_value(struct store *store, uint64_t table_id, unsigned kind, uint64_t key, uint64_t *ret_key,
		struct slice *ret_value, struct err *err)
{
	unsigned char bytes[STORE_VALUE_KEY_LEN];
	MDB_val at = {sizeof(bytes), bytes}, value;
	int rc;

	store = store_of_id(store, table_id);
	if (store == NULL)
		return 0;
	store_put_be64(bytes, table_id);
	bytes[8] = (unsigned char)kind;
	store_put_be64(bytes + 9, key);
	rc = mdb_cursor_get(store->read_cursor, &at, &value, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc == MDB_SUCCESS && at.mv_size != sizeof(bytes))
		rc = MDB_CORRUPTED;
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "read a value");
	if (memcmp(at.mv_data, bytes, 9) != 0)
		return 0;
	*ret_key = store_get_be64((char *)at.mv_data + 9);
	*ret_value = slice_make(value.mv_data, value.mv_size);
	return 1;
}

void store_touch(struct store *store, const struct store_table *table)
{
	uint32_t now_s = (uint32_t)clock_wall_s();

	if (store->stamps == NULL || store_is_oversize_id(table->id) || table->slot >= store->stamp_count)
		return;
	if (atomic_load_explicit(&store->stamps[table->slot], memory_order_relaxed) != now_s)
		atomic_store_explicit(&store->stamps[table->slot], now_s, memory_order_relaxed);
}
