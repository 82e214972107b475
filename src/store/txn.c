/* SPDX-License-Identifier: MIT */
/* Transactions of the store: the kept reader, write transactions, what is done when the file is full. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/num.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int store_fail(struct err *err, int rc, const char *doing)
{
	enum err_code code = ERR_SYSTEM;

	switch (rc) {
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
		code = ERR_CORRUPT;
		break;
	case MDB_MAP_FULL:
	case MDB_READERS_FULL:
		code = ERR_BUSY;
		break;
	}
	err_set(err, code, "store: cannot %s: %s", doing, mdb_strerror(rc));
	err->sys_errno = rc > 0 ? rc : 0;
	return -1;
}

/* ---- reading ---- */

void store_drop_reader(struct store *store)
{
	if (store->read_cursor)
		mdb_cursor_close(store->read_cursor);
	if (store->read_txn)
		mdb_txn_abort(store->read_txn);
	store->read_cursor = NULL;
	store->read_txn = NULL;
}

static int start_reader(struct store *store)
{
	int rc;

	if (store->read_txn) {
		rc = mdb_txn_renew(store->read_txn);
		return rc == MDB_SUCCESS ? mdb_cursor_renew(store->read_txn, store->read_cursor) : rc;
	}
	rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->read_txn);
	if (rc != MDB_SUCCESS) {
		store->read_txn = NULL;
		return rc;
	}
	return mdb_cursor_open(store->read_txn, store->seg, &store->read_cursor);
}

void store_new_map(struct store *store)
{
	static uint64_t last;

	store->map_number = ++last;
}

int store_reader(struct store *store, MDB_txn **ret)
{
	int rc = start_reader(store);

	if (rc == MDB_MAP_RESIZED)
		rc = store_adopt_size(store);
	else if (rc == MDB_READERS_FULL)
		rc = mdb_reader_check(store->env, NULL);
	else
		goto out;
	if (rc == MDB_SUCCESS)
		rc = start_reader(store);
out:
	if (rc != MDB_SUCCESS)
		store_drop_reader(store);
	*ret = store->read_txn;
	return rc;
}

static void begin_oversize(struct store *store)
{
	struct err ignored;

	if (store_read_begin(store->oversize, &ignored) < 0) {
		store_close_oversize(store);
		return;
	}
	if (store->oversize->map_number != store->oversize_map)
		store_new_map(store); /* its values moved */
	store->oversize_map = store->oversize->map_number;
}

int store_read_begin(struct store *store, struct err *err)
{
	MDB_txn *txn;
	int rc;

	store_follow_oversize(store);
	rc = store_reader(store, &txn);
	if (rc != MDB_SUCCESS)
		return store_fail(err, rc, "begin reading");
	store->reading = true;
	store->read_number++;
	if (store->oversize)
		begin_oversize(store);
	return 0;
}

uint64_t store_read_number(const struct store *store)
{
	return store->read_number;
}

uint64_t store_map_number(const struct store *store)
{
	return store->map_number;
}

/* LMDB keeps what exceeds half a page on pages of its own, which nothing moves while the value exists. */
size_t store_lasting_bytes(const struct store *store)
{
	return store->page_bytes / 2;
}

void store_read_end(struct store *store)
{
	store->reading = false;
	if (store->oversize)
		store_read_end(store->oversize);
	if (store->read_txn)
		mdb_txn_reset(store->read_txn);
}

/* ---- writing ---- */

static int begin_with_meta(struct store *store, struct store_txn *t)
{
	int rc;

	t->store = store;
	rc = mdb_txn_begin(store->env, NULL, 0, &t->txn);
	if (rc != MDB_SUCCESS)
		return rc;
	rc = store_meta_get(store, t->txn, &t->meta);
	if (rc != MDB_SUCCESS)
		mdb_txn_abort(t->txn);
	return rc;
}

static int begin_write(struct store *store, struct store_txn *t)
{
	int rc = begin_with_meta(store, t);

	if (rc == MDB_SUCCESS && store->over && store_is_back_in_limit(store, &t->meta)) {
		mdb_txn_abort(t->txn);
		rc = MDB_MAP_RESIZED;
	}
	if (rc != MDB_MAP_RESIZED)
		return rc;
	rc = store_adopt_size(store);
	return rc == MDB_SUCCESS ? begin_with_meta(store, t) : rc;
}

static int run(struct store *store, store_txn_body *body, void *ctx)
{
	struct store_txn t;
	int rc = begin_write(store, &t);

	if (rc != MDB_SUCCESS)
		return rc;
	rc = body(&t, ctx);
	if (rc == MDB_SUCCESS)
		rc = store_meta_put(store, t.txn, &t.meta, 0);
	if (rc == MDB_SUCCESS)
		return mdb_txn_commit(t.txn);
	mdb_txn_abort(t.txn);
	return rc == STORE_UNCHANGED ? MDB_SUCCESS : rc;
}

static int change_nothing(struct store_txn *t, void *ctx)
{
	(void)t;
	(void)ctx;
	return MDB_SUCCESS; /* the meta record is written all the same */
}

/* ---- a full file ---- */

/* A full disk looks like a full map: pages that are freed can be written to again. */
static bool is_full(int rc)
{
	return rc == MDB_MAP_FULL || rc == ENOSPC || rc == EIO;
}

/* mdb_reader_list() gives the table as text: pid, thread, transaction ("-" for an idle slot). */
static int note_oldest(const char *line, void *ctx)
{
	uint64_t *oldest = ctx, txn;
	const char *last = strrchr(line, ' ');

	if (last && num_parse_dec(slice_make(last + 1, strcspn(last + 1, "\n")), UINT64_MAX, &txn) && txn < *oldest)
		*oldest = txn;
	return 0;
}

static uint64_t last_transaction(struct store *store)
{
	MDB_envinfo info;

	mdb_env_info(store->env, &info);
	return info.me_last_txnid;
}

static bool readers_lag(struct store *store, uint64_t behind)
{
	uint64_t oldest = UINT64_MAX;

	mdb_reader_list(store->env, note_oldest, &oldest);
	return oldest < behind;
}

/*
 * Whether readers of snapshots older than now, which keep freed pages from being
 * used, have gone on in bounded time; a busy machine with a cold file takes its time.
 */
static bool readers_catch_up(struct store *store)
{
	enum { WAIT_MS = 1000, STEP_NS = 10 * 1000 * 1000 };
	uint64_t deadline_ms = clock_mono_ms() + WAIT_MS, now = last_transaction(store);

	mdb_reader_check(store->env, NULL);
	while (readers_lag(store, now)) {
		if (clock_left_ms(deadline_ms) == 0)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
	}
	return true;
}

int store_write_once(struct store *store, store_txn_body *body, void *ctx)
{
	int rc = run(store, body, ctx);

	if (!is_full(rc) || !readers_catch_up(store))
		return rc;
	/* settle, which may fit where the body did not; and readers from before that are old again */
	run(store, change_nothing, NULL);
	readers_catch_up(store);
	return run(store, body, ctx);
}

int store_settle(struct store *store)
{
	return store_write_once(store, change_nothing, NULL);
}

int store_write(struct store *store, store_txn_body *body, void *ctx, uint64_t pages, const char *doing,
		struct err *err)
{
	enum { TRIES = 3 };
	int rc = store_write_once(store, body, ctx);

	/* with a reader in the way, evicting would empty the store for nothing */
	for (int i = 1; i < TRIES && is_full(rc) && readers_catch_up(store); i++) {
		rc = store_evict_some(store, pages);
		if (rc == MDB_SUCCESS || is_full(rc))
			rc = store_write_once(store, body, ctx);
	}
	return rc == MDB_SUCCESS ? 0 : store_fail(err, rc, doing);
}
