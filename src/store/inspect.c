/* SPDX-License-Identifier: MIT */
/* Looking around in the store: figures, and every table. */
#include "store/store_internal.h"

#include <sys/stat.h>

/* The free list (database 0) maps transactions to arrays: a count, then that many page numbers. */
int store_free_pages(MDB_txn *txn, uint64_t from_page, uint64_t *ret_count)
{
	enum { FREE_DBI = 0 };
	MDB_cursor *cursor;
	MDB_val at, value;
	int rc = mdb_cursor_open(txn, FREE_DBI, &cursor);

	*ret_count = 0;
	if (rc != MDB_SUCCESS)
		return rc;
	while ((rc = mdb_cursor_get(cursor, &at, &value, MDB_NEXT)) == MDB_SUCCESS) {
		const size_t *pages = value.mv_data;
		size_t count = value.mv_size / sizeof(*pages);

		if (count == 0 || pages[0] > count - 1) {
			rc = MDB_CORRUPTED;
			break;
		}
		for (size_t i = 1; i <= pages[0]; i++)
			*ret_count += pages[i] >= from_page;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

uint64_t store_file_bytes(struct store *store)
{
	mdb_filehandle_t fd;
	struct stat info;

	if (mdb_env_get_fd(store->env, &fd) != MDB_SUCCESS || fstat(fd, &info) < 0)
		return 0;
	return (uint64_t)info.st_size;
}

static int fill_stat(struct store *store, MDB_txn *txn, struct store_stat *ret)
{
	struct store_meta meta;
	MDB_stat absent;
	int rc = store_meta_get(store, txn, &meta);

	if (rc == MDB_SUCCESS)
		rc = mdb_stat(txn, store->absent, &absent);
	if (rc != MDB_SUCCESS)
		return rc;
	*ret = (struct store_stat){
		.page_bytes = store->page_bytes,
		.max_bytes = store->max_bytes,
		.file_bytes = store_file_bytes(store),
		.tables = meta.tables,
		.pages = meta.pages,
		.pending_pages = meta.pending_pages,
		.dying_pages = meta.dying_pages,
		.budget_pages = store->budget_pages,
		.absent_entries = absent.ms_entries,
	};
	return store_free_pages(txn, 0, &ret->free_pages);
}

/* Its figures are for information: where they cannot be had, there are none. */
static void add_oversize(struct store *store, struct store_stat *ret)
{
	struct store_stat behind;
	struct err ignored;

	if (store->oversize == NULL || store_stat(store->oversize, &behind, &ignored) < 0)
		return;
	ret->oversize_tables = behind.tables;
	ret->oversize_file_bytes = behind.file_bytes;
}

int store_stat(struct store *store, struct store_stat *ret, struct err *err)
{
	MDB_txn *txn;
	int rc;

	store_follow_oversize(store);
	rc = store_reader(store, &txn);

	if (rc == MDB_SUCCESS) {
		rc = fill_stat(store, txn, ret);
		store_read_end(store);
	}
	if (rc == MDB_SUCCESS)
		add_oversize(store, ret);
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "take figures");
}

/* 1 to go on, 0 the callback wants no more, -1 with *ret_rc. */
static int show(struct store *store, MDB_txn *txn, MDB_val name,
		int (*each)(void *ctx, struct slice key, const struct store_table *table), void *ctx,
		int *ret_rc)
{
	struct store_record record;
	struct store_table table;
	struct store_name ids;
	struct slice key;

	*ret_rc = MDB_CORRUPTED;
	if (name.mv_size != sizeof(ids))
		return -1;
	memcpy(&ids, name.mv_data, sizeof(ids));
	if (ids.published_id == 0)
		return 1;
	*ret_rc = store_record_get(store, txn, ids.published_id, &record, &key);
	if (*ret_rc != MDB_SUCCESS)
		return -1;
	store_table_fill(&table, ids.published_id, &record);
	return each(ctx, key, &table) == 0;
}

static int each_name(struct store *store, MDB_txn *txn,
		     int (*each)(void *ctx, struct slice key, const struct store_table *table), void *ctx,
		     bool *ret_stopped)
{
	MDB_cursor *cursor;
	MDB_val at, value;
	int shown = 1, rc = mdb_cursor_open(txn, store->name, &cursor);

	if (rc != MDB_SUCCESS)
		return rc;
	while (shown > 0 && (rc = mdb_cursor_get(cursor, &at, &value, MDB_NEXT)) == MDB_SUCCESS)
		shown = show(store, txn, value, each, ctx, &rc);
	mdb_cursor_close(cursor);
	*ret_stopped = shown == 0;
	return rc == MDB_NOTFOUND && shown > 0 ? MDB_SUCCESS : rc;
}

int store_each(struct store *store, int (*each)(void *ctx, struct slice key, const struct store_table *table),
	       void *ctx, struct err *err)
{
	bool stopped = false;
	MDB_txn *txn;
	int rc;

	store_follow_oversize(store);
	rc = store_reader(store, &txn);
	if (rc == MDB_SUCCESS) {
		rc = each_name(store, txn, each, ctx, &stopped);
		store_read_end(store);
	}
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "list tables");
	return store->oversize && !stopped ? store_each(store->oversize, each, ctx, err) : 0;
}
