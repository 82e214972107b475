/* SPDX-License-Identifier: MIT */
/* A limit that changes: the map follows, and a file that is too large is copied into one that is not. */
#include "store/store_internal.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t used_bytes(struct store *store)
{
	MDB_envinfo info;

	mdb_env_info(store->env, &info);
	return (info.me_last_pgno + 1) * store->page_bytes;
}

bool store_is_back_in_limit(struct store *store, const struct store_meta *meta)
{
	return meta->pages + meta->pending_pages + meta->dying_pages <= store->budget_pages &&
	       used_bytes(store) <= store->max_bytes;
}

/* Deleting takes pages, too, and a file that was allowed to be larger may have none that are free. */
int store_allow_for_excess(struct store *store)
{
	enum { ROOM_BYTES = 8 * 1024 * 1024, ROOM_SHARE = 64 };
	struct store_meta meta;
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

	if (rc != MDB_SUCCESS)
		return rc;
	rc = store_meta_get(store, txn, &meta);
	mdb_txn_abort(txn);
	store->over = rc == MDB_SUCCESS && !store_is_back_in_limit(store, &meta);
	if (store->over) {
		uint64_t used = used_bytes(store), wanted = used + used / ROOM_SHARE + ROOM_BYTES;

		if (wanted > store->max_bytes)
			rc = mdb_env_set_mapsize(store->env, wanted / store->page_bytes * store->page_bytes);
	}
	return rc;
}

int store_adopt_size(struct store *store)
{
	int rc;

	store_drop_reader(store);
	store_new_map(store);
	/* not 0, which would be the largest limit the file ever had; LMDB maps no less than what is used */
	rc = mdb_env_set_mapsize(store->env, store->max_bytes);
	return rc == MDB_SUCCESS ? store_allow_for_excess(store) : rc;
}

int store_set_limit(struct store *store, uint64_t max_bytes, struct err *err)
{
	int rc;

	if (store_set_sizes(store, max_bytes, err) < 0)
		return -1;
	rc = store_adopt_size(store);
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "change the limit");
}

static int holds_too_much(struct store *store, MDB_txn *txn, bool *ret)
{
	struct store_meta meta;
	MDB_stat absent;
	int rc = store_meta_get(store, txn, &meta);

	if (rc == MDB_SUCCESS)
		rc = mdb_stat(txn, store->absent, &absent);
	if (rc == MDB_SUCCESS)
		*ret = meta.pages > store->budget_pages || absent.ms_entries > store->absent_max;
	return rc;
}

int store_fit(struct store *store, enum store_fit *ret, struct err *err)
{
	bool too_much = false;
	MDB_txn *txn;
	int rc = store_reader(store, &txn);

	if (rc == MDB_SUCCESS) {
		rc = holds_too_much(store, txn, &too_much);
		store_read_end(store);
	}
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "take figures");
	*ret = too_much						     ? STORE_HOLDS_TOO_MUCH
	       : store_file_bytes(store) > store->max_bytes ? STORE_FILE_TOO_LARGE
							     : STORE_FITS;
	return 0;
}

/* LMDB writes the copy with the rights of its own choice and leaves it to the kernel when. */
static int make_durable(const char *dir, struct err *err)
{
	char *path = mem_printf("%s/data.mdb", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd < 0 || fchmod(fd, 0640) < 0 || fsync(fd) < 0)
		result = err_sys(err, "cannot finish %s", path);
	if (fd >= 0)
		close(fd);
	free(path);
	return result;
}

/*
 * With the write lock held: others' writes would not be in the copy, and could not
 * use again what they free, since the copy's snapshot is older.  They wait.
 */
static int copy_alone(struct store *store, const char *dir)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

	if (rc != MDB_SUCCESS)
		return rc;
	rc = mdb_env_copy2(store->env, dir, MDB_CP_COMPACT);
	mdb_txn_abort(txn);
	return rc;
}

int store_copy(struct store *store, const char *dir, struct err *err)
{
	int rc;

	if (store_remove(dir, err) < 0 || file_make_dirs(dir, err) < 0)
		return -1;
	rc = copy_alone(store, dir);
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "be copied");
	return make_durable(dir, err);
}
