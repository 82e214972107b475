/* SPDX-License-Identifier: MIT */
/* The store: compacted tables in LMDB, shared by every process on a cache directory. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdatomic.h>
#include <stdint.h>

/*
 * name -> table record -> values.  A table is pending while it is written in
 * transactions of at most `txn_bytes`, published by one more, dying while it
 * is deleted; readers see published tables only, each whole or not at all.
 * Ids are never used twice.  Publishing a table forgets that it was absent.
 *
 * One store per process and directory, opened after fork (LMDB's rule); a
 * process that forks must have closed it.  Not thread-safe.
 */
struct store;

/* Where tables go that exceed the whole budget, and the word by which processes tell each other of it. */
struct store_oversize_options {
	const char *path;          /* of directories "<path>-N", and of "<path>.lock" */
	_Atomic uint32_t *number;  /* N of the one in use; even: there is none.  Shared; NULL: none are kept */
	_Atomic uint64_t *max_bytes; /* hard limit of its file, shared; 0: none are kept */
};

struct store_options {
	const char *dir;         /* of data.mdb; created if absent */
	uint64_t max_bytes;      /* hard limit of the file, but where it is larger already; at least 1 MB */
	uint64_t txn_bytes;      /* dirty bytes of one write transaction; 0: 2 MB, which keeps an insert small */
	_Atomic uint32_t *stamps; /* LRU stamps in seconds, shared; NULL: none are kept */
	unsigned stamp_count;
	uint64_t first_id; /* of tables, where the store is new; 0: 1 */
	struct store_oversize_options oversize;
};

/* ERR_CORRUPT when the file is damaged or of another format: the caller moves it aside. */
int store_open(struct store **ret, const struct store_options *options, struct err *err);
void store_close(struct store *store);

/*
 * Puts a damaged environment aside: "<cache>/db-7" becomes "<cache>/db-7.bad",
 * an older "db-*.bad" there is deleted.  No process needs to have closed it, but
 * this one must.  0 also when it is gone already.
 */
int store_move_aside(const char *dir, struct err *err);

/* What is kept about a table beside its values. */
struct store_table {
	uint64_t id;
	uint64_t pages;      /* LMDB pages of its values */
	uint64_t text_bytes; /* of the .sym it was made from */
	uint64_t made_s;     /* when, wall clock */
	uint64_t source;     /* hash of where it came from: local files are checked by it */
	uint64_t generation; /* part of the address cache's keys; 0 but for local files */
	uint32_t slot;       /* of its stamp */
};

/* ---- reading ---- */

/* One read transaction at a time; never held while waiting for anything. */
int store_read_begin(struct store *store, struct err *err);
void store_read_end(struct store *store);

/* A number that no other read of this store ever has; not 0. */
uint64_t store_read_number(const struct store *store);

/*
 * Views of at least store_lasting_bytes() of a table's values stay where they
 * are from read to read while this number, never 0 and of no other store, stays
 * the same; they may be used in every read that has found their table.
 */
uint64_t store_map_number(const struct store *store);
size_t store_lasting_bytes(const struct store *store);

/* 1 with the published table of this module key, 0 none, -1. Inside a read. */
int store_find(struct store *store, struct slice key, struct store_table *ret, struct err *err);

/* The first value of `kind` with key >= `key`: 1, 0 none, -1.  The view ends with the read. */
int store_value(struct store *store, uint64_t table_id, unsigned kind, uint64_t key, uint64_t *ret_key,
		struct slice *ret_value, struct err *err);

/* Marks the table as just used (a relaxed store, at most once a second). */
void store_touch(struct store *store, const struct store_table *table);

/*
 * Saves all stamps in the tables' records, so that their order outlives the
 * shared memory; without it, each insert saves a few.  Outside a read.
 */
int store_keep_stamps(struct store *store, struct err *err);

/*
 * ---- writing (outside a read) ----
 *
 * ERR_BUSY where the file is full for now: other tables are being written, or a
 * reader of another process stands still and keeps freed pages from being used.
 * The table at hand is then served without being stored.  After ERR_SYSTEM the
 * store is best closed and opened anew.
 */

struct store_insert;

/*
 * Starts a table.  The caller holds the key's lock: a pending table of the same
 * key is a dead process's leftover and is deleted with the first write.
 */
int store_insert_begin(struct store_insert **ret, struct store *store, struct slice key, struct err *err);

/*
 * Values of at most 16368 bytes are collected and written, as pending, in
 * transactions of at most txn_bytes; those of one kind come in ascending key
 * order.  After -1 only store_insert_abort() may follow.  ERR_LIMIT as soon as
 * the table exceeds the budget, for which others may have been evicted by then:
 * do not start what is known to be too large.
 */
int store_insert_value(struct store_insert *insert, unsigned kind, uint64_t key, struct slice value,
		       struct err *err);

/*
 * Before the first value: the table may take up to so many bytes.  Where that is
 * more than the budget may have room for, the values are first kept in an
 * unlinked file, and nothing is evicted for a table that turns out too large.
 * Such a one, of more pages than the budget has, is kept apart for
 * STORE_OVERSIZE_KEPT_S and found like any other; ERR_LIMIT from
 * store_insert_publish() where it exceeds the limit there, too.
 */
void store_insert_expect(struct store_insert *insert, uint64_t max_bytes);

/*
 * Writes what is left, replaces a published table of the same key, and shows the
 * new one; of `info` everything but id, pages and slot is taken, *ret has those,
 * too.  Frees `insert` in every case.
 */
int store_insert_publish(struct store_insert *insert, const struct store_table *info, struct store_table *ret,
			 struct err *err);
void store_insert_abort(struct store_insert *insert);

/* Deletes the table of a key, published or not, in bounded transactions.  1 there was one, 0 none, -1. */
int store_delete(struct store *store, struct slice key, struct err *err);

/* Deletes by id a table that proved damaged.  1, 0 if it is not the published one of its key any more, -1. */
int store_delete_id(struct store *store, uint64_t table_id, struct err *err);

/* ---- size ---- */

/*
 * Another limit for the file, outside of reads and writes.  The file does not
 * shrink by itself: where store_fit() says so, store_copy() makes one that fits.
 */
int store_set_limit(struct store *store, uint64_t max_bytes, struct err *err);

enum store_fit {
	STORE_FITS,
	STORE_HOLDS_TOO_MUCH, /* for store_trim() */
	STORE_FILE_TOO_LARGE, /* holds no more than it may, in a file that once was allowed to be larger */
};
int store_fit(struct store *store, enum store_fit *ret, struct err *err);

/*
 * Copies what the store holds now, without its free pages, into a new directory,
 * durably; tables keep their ids.  Others read meanwhile; those who want to write wait.
 */
int store_copy(struct store *store, const char *dir, struct err *err);

/* How long a table is kept that exceeds the whole budget: it is built once, not per request. */
enum { STORE_OVERSIZE_KEPT_S = 600 };

/* Deletes the ones whose time is over, and their file with the last; cheap where there are none.  For the janitor. */
int store_sweep_oversize(struct store *store, struct err *err);

/* Deletes a store's directory; 0 also when it is gone already. */
int store_remove(const char *dir, struct err *err);

/*
 * Evicts least recently used tables until the published ones hold at most `pages`
 * (of store_stat's), and no more than the limit allows in any case; one step of
 * some 32 MB at each call: 1 call again, 0 done, -1.
 */
int store_trim(struct store *store, uint64_t pages, struct err *err);

/* Counts every page of every table anew and changes nothing; ERR_CORRUPT where the sums differ. */
int store_recount(struct store *store, struct err *err);

/*
 * After a crash: frees stale reader slots, deletes dying tables, and pending ones
 * for which is_live(ctx, key) says false (NULL: all).  Before that all pages are
 * recounted; sums that differ are ERR_CORRUPT.
 */
int store_recover(struct store *store, bool (*is_live)(void *ctx, struct slice key), void *ctx,
		  struct err *err);

/* ---- negative entries: what sources said of a module that they did not bring ---- */

/* Of one module at most; sources beyond that are asked again. */
enum { STORE_ABSENT_SOURCES = 32 };

struct store_absent {
	uint64_t source; /* who: a hash */
	uint32_t made_s; /* wall clock */
	uint32_t lasts_s;
	uint32_t cause; /* the caller's */
	uint32_t zero;
};

/*
 * Remembers what these sources said, all at the same time; what others said
 * before stays while it lasts.  Modules are bounded in number: those whose
 * entries expire first go first.
 */
int store_absent_put(struct store *store, struct slice key, const struct store_absent *entries,
		     unsigned count, struct err *err);
/* The entries that hold at that time: their number, or -1.  Inside a read. */
int store_absent_get(struct store *store, struct slice key, uint64_t now_s,
		     struct store_absent ret[static STORE_ABSENT_SOURCES], struct err *err);
/* 1 there was something, 0 nothing, -1. */
int store_absent_delete(struct store *store, struct slice key, struct err *err);

/* ---- looking around ---- */

struct store_stat {
	uint64_t page_bytes, max_bytes, file_bytes;
	uint64_t tables, pages, pending_pages, dying_pages; /* of values */
	uint64_t budget_pages; /* bound of their sum */
	uint64_t free_pages, absent_entries;
	uint64_t oversize_tables, oversize_file_bytes; /* beside the limit, with one of their own */
};
int store_stat(struct store *store, struct store_stat *ret, struct err *err);

/* Calls `each` for every published table in key order, then for those too large for the budget, until it returns non-zero. */
int store_each(struct store *store, int (*each)(void *ctx, struct slice key, const struct store_table *table),
	       void *ctx, struct err *err);

#endif
