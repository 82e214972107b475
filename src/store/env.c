/* SPDX-License-Identifier: MIT */
/* Opening the store, checking what is there, and putting a damaged one aside. */
#include "store/store_internal.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MIN_BYTES = 1024 * 1024,
	DEFAULT_TXN_BYTES = 2 * 1024 * 1024,
	MAX_READERS = 1024, /* sparse: unused slots cost nothing */
};

/* What is left of the map is for trees, free list, copies on write, and holes too short for a value. */
static uint64_t budget_pages(uint64_t max_bytes, uint64_t page_bytes)
{
	uint64_t live = max_bytes / page_bytes * 85 / 100;

	return live - live / 100; /* the tree above the values */
}

static int open_env(struct store *store, const char *dir, struct err *err)
{
	int rc = mdb_env_create(&store->env);

	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "create an environment");
	mdb_env_set_maxreaders(store->env, MAX_READERS);
	mdb_env_set_maxdbs(store->env, 8);
	store_new_map(store);
	rc = mdb_env_set_mapsize(store->env, store->max_bytes);
	if (rc == MDB_SUCCESS)
		rc = mdb_env_open(store->env, dir, MDB_NOTLS | MDB_NORDAHEAD, 0640);
	if (rc != MDB_SUCCESS) {
		store_fail(err, rc, "open");
		return err_prefix(err, "%s", dir);
	}
	return 0;
}

/* ---- the file's length ---- */

static uint64_t file_pages(struct store *store)
{
	return store_file_bytes(store) / store->page_bytes;
}

/*
 * Under the write lock, so that no commit of another process is cut off; missing
 * pages then read as zeros and do not end the process with SIGBUS.
 */
static int lengthen(struct store *store, uint64_t *ret_had, uint64_t *ret_want)
{
	mdb_filehandle_t fd;
	MDB_envinfo info;
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

	if (rc != MDB_SUCCESS)
		return rc;
	mdb_env_info(store->env, &info);
	*ret_had = file_pages(store);
	*ret_want = info.me_last_pgno + 1;
	rc = mdb_env_get_fd(store->env, &fd);
	if (rc == MDB_SUCCESS && *ret_had < *ret_want &&
	    ftruncate(fd, (off_t)(*ret_want * store->page_bytes)) < 0)
		rc = MDB_CORRUPTED;
	mdb_txn_abort(txn);
	return rc;
}

static int count_free_from(struct store *store, uint64_t page, uint64_t *ret_count)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

	if (rc != MDB_SUCCESS)
		return rc;
	rc = store_free_pages(txn, page, ret_count);
	mdb_txn_abort(txn);
	return rc;
}

/*
 * A file may end before its last page in good order: LMDB does not write a page
 * that was taken and given back within one transaction.  Such pages are in the
 * free list; where others are missing, the file was cut.
 */
static int check_length(struct store *store, struct err *err)
{
	uint64_t had, want, free_count;
	MDB_envinfo info;
	int rc;

	mdb_env_info(store->env, &info);
	if (file_pages(store) > info.me_last_pgno)
		return 0;
	rc = lengthen(store, &had, &want);
	if (rc == MDB_SUCCESS && had >= want)
		return 0;
	if (rc == MDB_SUCCESS)
		rc = count_free_from(store, had, &free_count);
	if (rc == MDB_SUCCESS && free_count < want - had)
		rc = MDB_CORRUPTED;
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "use a file that ends before its last page");
}

/* ---- the databases ---- */

static int open_databases(struct store *store, MDB_txn *txn, unsigned flags)
{
	const struct {
		const char *name;
		MDB_dbi *dbi;
	} databases[] = {
		{"meta", &store->meta}, {"name", &store->name},     {"tab", &store->tab},
		{"seg", &store->seg},   {"absent", &store->absent}, {"absent_order", &store->absent_order},
	};

	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++) {
		int rc = mdb_dbi_open(txn, databases[i].name, flags, databases[i].dbi);

		if (rc == MDB_NOTFOUND && i > 0)
			rc = MDB_INVALID;
		if (rc != MDB_SUCCESS)
			return rc;
	}
	return MDB_SUCCESS;
}

static int write_first_meta(struct store *store, MDB_txn *txn)
{
	struct store_meta meta = {
		.schema = STORE_SCHEMA, .page_bytes = (uint32_t)store->page_bytes, .next_id = store->first_id};
	int rc = store_meta_put(store, txn, &meta, MDB_NOOVERWRITE);

	return rc == MDB_KEYEXIST ? MDB_SUCCESS : rc; /* another process was quicker */
}

static int with_databases(struct store *store, bool create)
{
	struct store_meta meta;
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, create ? 0 : MDB_RDONLY, &txn);

	if (rc != MDB_SUCCESS)
		return rc;
	rc = open_databases(store, txn, create ? MDB_CREATE : 0);
	if (rc == MDB_SUCCESS && create)
		rc = write_first_meta(store, txn);
	if (rc == MDB_SUCCESS)
		rc = store_meta_get(store, txn, &meta);
	if (rc == MDB_SUCCESS && (meta.schema != STORE_SCHEMA || meta.page_bytes != store->page_bytes))
		rc = MDB_VERSION_MISMATCH;
	if (rc == MDB_SUCCESS)
		return mdb_txn_commit(txn); /* which makes the handles last */
	mdb_txn_abort(txn);
	return rc;
}

static int open_contents(struct store *store, struct err *err)
{
	int rc = with_databases(store, false);

	if (rc == MDB_MAP_RESIZED) { /* it has grown since the file was opened */
		rc = mdb_env_set_mapsize(store->env, store->max_bytes);
		if (rc == MDB_SUCCESS)
			rc = with_databases(store, false);
	}
	if (rc == MDB_NOTFOUND)
		rc = with_databases(store, true);
	if (rc == MDB_SUCCESS)
		rc = store_allow_for_excess(store);
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, "read its databases");
}

int store_set_sizes(struct store *store, uint64_t max_bytes, struct err *err)
{
	if (max_bytes < MIN_BYTES)
		return err_set(err, ERR_INPUT, "store: a limit of %llu bytes is less than 1 MB",
			       (unsigned long long)max_bytes);
	store->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE); /* as LMDB chooses it */
	store->max_bytes = max_bytes / store->page_bytes * store->page_bytes;
	store->budget_pages = budget_pages(store->max_bytes, store->page_bytes);
	/* so that even the longest keys, with entries of all sources, fit beside the values */
	store->absent_max = max_bytes / (32 * 1024);
	if (store->absent_max > 65536)
		store->absent_max = 65536;
	return 0;
}

static int take_options(struct store *store, const struct store_options *options, struct err *err)
{
	if (store_set_sizes(store, options->max_bytes, err) < 0)
		return -1;
	store->dir = mem_strdup(options->dir);
	store->first_id = options->first_id ? options->first_id : 1;
	store->oversize_options = options->oversize;
	if (options->oversize.path)
		store->oversize_path = mem_strdup(options->oversize.path);
	store->txn_bytes = options->txn_bytes ? options->txn_bytes : DEFAULT_TXN_BYTES;
	store->stamps = options->stamps;
	store->stamp_count = options->stamps ? options->stamp_count : 0;
	return 0;
}

int store_open(struct store **ret, const struct store_options *options, struct err *err)
{
	struct store *store = mem_zalloc(sizeof(*store));

	if (take_options(store, options, err) < 0 || file_make_dirs(options->dir, err) < 0 ||
	    open_env(store, options->dir, err) < 0 || check_length(store, err) < 0 ||
	    open_contents(store, err) < 0) {
		store_close(store);
		return -1;
	}
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_close_oversize(store);
	store_drop_reader(store);
	if (store->env)
		mdb_env_close(store->env);
	free(store->oversize_path);
	free(store->dir);
	free(store);
}
