/* SPDX-License-Identifier: MIT */
/* What the parts of the store share: the environment, its records, its write transactions. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/store.h"

#include <assert.h>
#include <lmdb.h>
#include <sys/types.h>

enum {
	STORE_SCHEMA = 2,          /* of all records below */
	STORE_KEY_PLAIN_MAX = 400, /* longer module keys are kept under a shortened one */
	STORE_KEY_MAX = 401,
	STORE_VALUE_KEY_LEN = 17,
	STORE_REAP_PAGES = 2048, /* freed by one transaction at most: its free-list record stays short */
};

struct store {
	MDB_env *env;
	MDB_dbi meta, name, tab, seg, absent, absent_order;
	MDB_txn *read_txn; /* kept between reads, reset */
	MDB_cursor *read_cursor;
	bool reading;
	uint64_t read_number;
	uint64_t map_number; /* of where the file is mapped now */
	uint64_t page_bytes, max_bytes, txn_bytes;
	bool over; /* the map is larger than the limit, so that what is too much can be evicted */
	uint64_t budget_pages; /* for values; the rest is for trees, free list and copies */
	uint64_t absent_max;
	_Atomic uint32_t *stamps;
	unsigned stamp_count;
	uint64_t stamps_saved_to; /* table id at which saving stamps goes on */
	uint64_t first_id;
	char *dir;
	/* tables that exceed the budget: a store of its own behind this one; NULL where there is none */
	struct store *oversize;
	uint32_t oversize_number; /* of the open one, or the even one that says there is none */
	struct store_oversize_options oversize_options;
	char *oversize_path;
	uint64_t oversize_map; /* its map_number as last seen */
};

/* ---- records: in the machine's byte order, as the rest of an LMDB file; read and written by memcpy ---- */

/* The one record of `meta`. */
struct store_meta {
	uint32_t schema, page_bytes;
	uint64_t next_id;
	uint64_t tables; /* published */
	uint64_t dying;  /* tables */
	uint64_t pages, pending_pages, dying_pages;
};
static_assert(sizeof(struct store_meta) == 56, "on disk");

/* `name`: module key -> tables; 0 is none.  A record without either is deleted. */
struct store_name {
	uint64_t published_id, pending_id;
};
static_assert(sizeof(struct store_name) == 16, "on disk");

enum store_state { STATE_PENDING = 1, STATE_PUBLISHED = 2, STATE_DYING = 3 };

/* `tab`: table id (big endian) -> this, followed by the whole module key. */
struct store_record {
	uint32_t state, slot;
	uint64_t pages, text_bytes, made_s, source, generation;
	uint64_t used_s; /* when the stamp was last saved */
};
static_assert(sizeof(struct store_record) == 56, "on disk");

/* A module key as LMDB takes it. */
struct store_key {
	char bytes[STORE_KEY_MAX];
	size_t len;
};
void store_key_init(struct store_key *ret, struct slice key);

static inline MDB_val store_key_val(struct store_key *key)
{
	return (MDB_val){key->len, key->bytes};
}

void store_put_be64(unsigned char *to, uint64_t value);
uint64_t store_get_be64(const void *from);

/* All return an LMDB code; a record of a wrong length is MDB_CORRUPTED. */
int store_name_get(struct store *store, MDB_txn *txn, struct slice key, struct store_name *ret);
int store_name_put(struct store *store, MDB_txn *txn, struct slice key, const struct store_name *name);
int store_record_parse(MDB_val value, struct store_record *ret, struct slice *ret_key);
int store_record_get(struct store *store, MDB_txn *txn, uint64_t id, struct store_record *ret,
		     struct slice *ret_key);
int store_record_put(struct store *store, MDB_txn *txn, uint64_t id, const struct store_record *record,
		     struct slice key);
int store_meta_put(struct store *store, MDB_txn *txn, const struct store_meta *meta, unsigned flags);
int store_meta_get(struct store *store, MDB_txn *txn, struct store_meta *ret);

/*
 * Goes through `tab` from *id on, with a cursor of that database: MDB_SUCCESS
 * with the next record, *id set to its id, or MDB_NOTFOUND.  The key points into
 * the map: copy it before writing.
 */
int store_record_next(MDB_cursor *tab, uint64_t *id, struct store_record *ret, struct slice *ret_key);
void store_table_fill(struct store_table *ret, uint64_t id, const struct store_record *record);

/* ---- errors and transactions ---- */

/* Turns an LMDB code into an error; returns -1. */
int store_fail(struct err *err, int rc, const char *doing);

/* A read transaction of its own when none is open: the kept one. */
int store_reader(struct store *store, MDB_txn **ret);
void store_drop_reader(struct store *store);

/* The file is mapped, or mapped anew, perhaps elsewhere. */
void store_new_map(struct store *store);

/* Follows another process that made the file larger than this one's map. */
int store_adopt_size(struct store *store);

/* Gives a store that holds more than its limit allows the room to evict; store_adopt_size() does it, too. */
int store_allow_for_excess(struct store *store);

/* Whether that room is needed no longer. */
bool store_is_back_in_limit(struct store *store, const struct store_meta *meta);

/* A write transaction, with the meta record, which is written back at the end. */
struct store_txn {
	struct store *store;
	MDB_txn *txn;
	struct store_meta meta;
};

/* Returned by a body that found nothing to change: the transaction is dropped, the call succeeds. */
enum { STORE_UNCHANGED = -1 };
typedef int store_txn_body(struct store_txn *t, void *ctx);

/*
 * Runs `body` (which returns an LMDB code) in one write transaction and commits;
 * an LMDB code.  Where the file is full, waits a moment for readers that keep
 * pages from being used and runs the body again: it must be repeatable.
 */
int store_write_once(struct store *store, store_txn_body *body, void *ctx);

/* The same; where that is not enough, evicts, too, twice `pages`, which is about what the body writes. */
int store_write(struct store *store, store_txn_body *body, void *ctx, uint64_t pages, const char *doing,
		struct err *err);

/* Commits once more: LMDB reuses pages only of the last transaction but one. */
int store_settle(struct store *store);

/* ---- room ---- */

/* What follows from the limit. */
int store_set_sizes(struct store *store, uint64_t max_bytes, struct err *err);

/* Makes a published or pending table dying: its name goes, its values are left to store_reap(). */
int store_retire(struct store_txn *t, uint64_t id);

/* The same if the table is in that state; STORE_UNCHANGED if not. */
int store_retire_if(struct store_txn *t, uint64_t id, enum store_state state, bool *ret_was);

/* Deletes dying tables, if any, in bounded transactions, and settles; an LMDB code. */
int store_reap(struct store *store);

/*
 * Evicts the least recently used tables until `pages` more fit the budget.
 * ERR_BUSY if tables that others are writing are in the way.
 */
int store_make_room(struct store *store, uint64_t pages, struct err *err);

/* Evicts tables of about `pages` pages, whatever the budget says; an LMDB code. */
int store_evict_some(struct store *store, uint64_t pages);

/* When the table was last used, as far as anybody knows. */
uint64_t store_last_use(struct store *store, const struct store_record *record);

/* Copies some stamps into `tab`, within a transaction that is written anyway. */
int store_save_stamps(struct store_txn *t);

/* ---- tables that exceed the budget ---- */

/* Their ids are above all others, so that they are told apart by them. */
#define STORE_OVERSIZE_IDS (UINT64_C(1) << 62)

static inline bool store_is_oversize_id(uint64_t id)
{
	return id >= STORE_OVERSIZE_IDS;
}

/* The store of that id: this one or the one behind it; NULL where that is gone. */
struct store *store_of_id(struct store *store, uint64_t id);

/* Follows others that began or ended the store behind this one; a damaged one is dropped.  Outside a read. */
void store_follow_oversize(struct store *store);
void store_close_oversize(struct store *store);

/*
 * The store for a table of so many pages, begun if need be, under a lock that
 * keeps it from being ended; NULL with err.  Give the lock back in any case
 * where it is not NULL.
 */
struct store *store_hold_oversize(struct store *store, uint64_t pages, int *ret_lock_fd, struct err *err);

/* Deletes by key in this store only. */
int store_delete_here(struct store *store, struct slice key, struct err *err);

/* ---- values waiting in a file ---- */

struct store_spool;
struct store_spool *store_spool_new(const char *dir);
void store_spool_free(struct store_spool *spool);
int store_spool_add(struct store_spool *spool, unsigned kind, uint64_t key, struct slice value, struct err *err);

/* Hands all of them to an insert in the order in which they came. */
int store_spool_replay(struct store_spool *spool, struct store_insert *insert, struct err *err);

/* ---- the rest ---- */

int store_absent_drop(struct store_txn *t, struct slice key);
int store_absent_bound(struct store_txn *t);
uint64_t store_file_bytes(struct store *store);
int store_free_pages(MDB_txn *txn, uint64_t from_page, uint64_t *ret_count);

static inline uint64_t store_value_pages(const struct store *store, size_t len)
{
	enum { OVERFLOW_HEADER = 16 };

	return (len + OVERFLOW_HEADER + store->page_bytes - 1) / store->page_bytes;
}

#endif
