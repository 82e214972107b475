/* SPDX-License-Identifier: MIT */
/* Writing a table: pending, values in bounded transactions, published. */
#include "store/store_internal.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

enum { VALUE_MAX = 16368 }; /* four pages less LMDB's header: longer runs of free pages get rare */

struct waiting_value {
	unsigned char key[STORE_VALUE_KEY_LEN];
	size_t offset, len;
};

struct store_insert {
	struct store *store;
	struct buf key;
	uint64_t id;
	bool begun;     /* with a pending record under `id` */
	uint64_t pages; /* of all values so far */
	/* collected outside transactions, so that the write lock is held for writing only */
	struct buf bytes;
	struct waiting_value *values;
	size_t count, room;
	uint64_t waiting_pages;
	struct store_spool *spool; /* where values wait instead, until it is known whether the table fits */
};

static void insert_free(struct store_insert *insert)
{
	buf_release(&insert->key);
	buf_release(&insert->bytes);
	store_spool_free(insert->spool);
	free(insert->values);
	free(insert);
}

int store_insert_begin(struct store_insert **ret, struct store *store, struct slice key, struct err *err)
{
	struct store_insert *insert = mem_zalloc(sizeof(*insert));

	(void)err; /* nothing is written before there are values */
	insert->store = store;
	buf_add_slice(&insert->key, key);
	mdb_reader_check(store->env, NULL); /* killed readers keep pages from being used again */
	*ret = insert;
	return 0;
}

/* ---- writing ---- */

enum batch_outcome { BATCH_WRITTEN, BATCH_NEEDS_ROOM, BATCH_LOST };

struct batch {
	struct store_insert *insert;
	struct store_record *publish_as; /* NULL: more is to come */
	enum batch_outcome outcome;
};

/* The pending record tells a crash's leftover by its key; whoever writes the key next deletes it. */
static int start_table(struct store_txn *t, struct store_insert *insert)
{
	struct store_record record = {.state = STATE_PENDING};
	struct slice key = buf_slice(&insert->key);
	struct store_name name = {0};
	int rc = store_name_get(t->store, t->txn, key, &name);

	if (rc == MDB_SUCCESS && name.pending_id)
		rc = store_retire(t, name.pending_id);
	if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
		return rc;
	name.pending_id = insert->id = t->meta.next_id++;
	rc = store_name_put(t->store, t->txn, key, &name);
	return rc == MDB_SUCCESS ? store_record_put(t->store, t->txn, insert->id, &record, key) : rc;
}

static int put_values(struct store_txn *t, struct store_insert *insert)
{
	for (size_t i = 0; i < insert->count; i++) {
		struct waiting_value *waiting = &insert->values[i];
		MDB_val at = {sizeof(waiting->key), waiting->key};
		MDB_val value = {waiting->len, insert->bytes.data + waiting->offset};
		int rc;

		store_put_be64(waiting->key, insert->id);
		rc = mdb_put(t->txn, t->store->seg, &at, &value, 0);
		if (rc != MDB_SUCCESS)
			return rc;
	}
	return MDB_SUCCESS;
}

static int replace_name(struct store_txn *t, struct store_insert *insert)
{
	struct store_name name = {0};
	struct slice key = buf_slice(&insert->key);
	int rc = store_name_get(t->store, t->txn, key, &name);

	if (rc == MDB_SUCCESS && name.published_id)
		rc = store_retire(t, name.published_id);
	if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
		return rc;
	name = (struct store_name){.published_id = insert->id};
	return store_name_put(t->store, t->txn, key, &name);
}

/*
 * Slots are given out in turn.  Two tables share one only when more than
 * stamp_count were written between them; that costs the older its place in the
 * order, no more.
 */
static uint32_t start_stamp(struct store *store, uint64_t id, uint64_t now_s)
{
	uint32_t slot;

	if (store->stamp_count == 0)
		return 0;
	slot = (uint32_t)(id % store->stamp_count);
	atomic_store_explicit(&store->stamps[slot], (uint32_t)now_s, memory_order_relaxed);
	return slot;
}

static int publish(struct store_txn *t, struct store_insert *insert, struct store_record *record,
		   uint64_t pages)
{
	int rc = replace_name(t, insert);

	t->meta.pending_pages -= pages;
	t->meta.pages += pages;
	t->meta.tables++;
	record->pages = pages;
	record->slot = start_stamp(t->store, insert->id, record->used_s);
	if (rc == MDB_SUCCESS)
		rc = store_record_put(t->store, t->txn, insert->id, record, buf_slice(&insert->key));
	if (rc == MDB_SUCCESS)
		rc = store_absent_drop(t, buf_slice(&insert->key));
	return rc == MDB_SUCCESS ? store_save_stamps(t) : rc;
}

static bool fits(const struct store_txn *t, uint64_t pages)
{
	const struct store_meta *meta = &t->meta;

	return meta->pages + meta->pending_pages + meta->dying_pages + pages <= t->store->budget_pages;
}

/* A table that fits into one transaction is begun, written and published in it. */
static int write_batch(struct store_txn *t, void *ctx)
{
	struct batch *batch = ctx;
	struct store_insert *insert = batch->insert;
	struct store_record record;
	struct slice key;
	int rc = insert->begun ? MDB_SUCCESS : start_table(t, insert);

	if (rc == MDB_SUCCESS)
		rc = store_record_get(t->store, t->txn, insert->id, &record, &key);
	batch->outcome = BATCH_LOST; /* somebody took this insert for a leftover */
	if (rc == MDB_NOTFOUND || (rc == MDB_SUCCESS && record.state != STATE_PENDING))
		return STORE_UNCHANGED;
	batch->outcome = BATCH_NEEDS_ROOM;
	if (!fits(t, insert->waiting_pages))
		return STORE_UNCHANGED;
	batch->outcome = BATCH_WRITTEN;
	t->meta.pending_pages += insert->waiting_pages;
	record.pages += insert->waiting_pages;
	if (rc == MDB_SUCCESS)
		rc = store_record_put(t->store, t->txn, insert->id, &record, buf_slice(&insert->key));
	if (rc == MDB_SUCCESS)
		rc = put_values(t, insert);
	if (rc == MDB_SUCCESS && batch->publish_as)
		rc = publish(t, insert, batch->publish_as, record.pages);
	return rc;
}

static void forget_waiting(struct store_insert *insert)
{
	buf_clear(&insert->bytes);
	insert->count = 0;
	insert->waiting_pages = 0;
}

static int flush(struct store_insert *insert, struct store_record *publish_as, struct err *err)
{
	enum { TRIES = 8 }; /* others may take the room that was made */
	struct batch batch = {.insert = insert, .publish_as = publish_as};
	uint64_t pages = insert->waiting_pages;

	for (int i = 0; i < TRIES; i++) {
		if (store_write(insert->store, write_batch, &batch, pages, "write a table", err) < 0)
			return -1;
		if (batch.outcome == BATCH_LOST)
			return err_set(err, ERR_BUSY, "store: the table being written was taken away");
		if (batch.outcome == BATCH_WRITTEN) {
			insert->begun = true;
			forget_waiting(insert);
			return 0;
		}
		if (store_make_room(insert->store, pages, err) < 0)
			return -1;
	}
	return err_set(err, ERR_BUSY, "store: others take all room that is made");
}

/* ---- values ---- */

static void collect(struct store_insert *insert, unsigned kind, uint64_t key, struct slice value)
{
	struct waiting_value *waiting;

	if (insert->count == insert->room) {
		insert->room = insert->room ? insert->room * 2 : 64;
		insert->values = mem_realloc_array(insert->values, insert->room, sizeof(*insert->values));
	}
	waiting = &insert->values[insert->count++];
	waiting->key[8] = (unsigned char)kind;
	store_put_be64(waiting->key + 9, key);
	waiting->offset = insert->bytes.len;
	waiting->len = value.len;
	buf_add_slice(&insert->bytes, value);
}

int store_insert_value(struct store_insert *insert, unsigned kind, uint64_t key, struct slice value,
		       struct err *err)
{
	struct store *store = insert->store;
	uint64_t pages = store_value_pages(store, value.len);

	if (value.len > VALUE_MAX || kind > UINT8_MAX)
		return err_set(err, ERR_INPUT, "store: a value of kind %u has %zu bytes", kind, value.len);
	if (insert->spool) {
		insert->pages += pages;
		return store_spool_add(insert->spool, kind, key, value, err);
	}
	if (insert->pages + pages > store->budget_pages)
		return err_set(err, ERR_LIMIT, "store: a table of more than %llu pages does not fit",
			       (unsigned long long)store->budget_pages);
	if (insert->count && (insert->waiting_pages + pages) * store->page_bytes > store->txn_bytes &&
	    flush(insert, NULL, err) < 0)
		return -1;
	collect(insert, kind, key, value);
	insert->pages += pages;
	insert->waiting_pages += pages;
	return 0;
}

void store_insert_expect(struct store_insert *insert, uint64_t max_bytes)
{
	struct store *store = insert->store;

	if (insert->pages == 0 && max_bytes / store->page_bytes > store->budget_pages / 2)
		insert->spool = store_spool_new(store->dir);
}

/* ---- end ---- */

static int insert_spooled(struct store_insert *insert, struct store *into, const struct store_table *info,
			  struct store_table *ret, struct err *err)
{
	struct store_insert *real;

	if (store_insert_begin(&real, into, buf_slice(&insert->key), err) < 0)
		return -1;
	if (store_spool_replay(insert->spool, real, err) == 0)
		return store_insert_publish(real, info, ret, err);
	store_insert_abort(real);
	return -1;
}

static int insert_oversize(struct store_insert *insert, const struct store_table *info, struct store_table *ret,
			   struct err *err)
{
	int lock_fd, result;
	struct store *into = store_hold_oversize(insert->store, insert->pages, &lock_fd, err);

	if (into == NULL)
		return -1;
	result = insert_spooled(insert, into, info, ret, err);
	if (result == 0 && store_delete_here(insert->store, buf_slice(&insert->key), err) < 0) /* what it replaces */
		result = -1;
	close(lock_fd);
	return result;
}

static int publish_spooled(struct store_insert *insert, const struct store_table *info, struct store_table *ret,
			   struct err *err)
{
	int result = insert->pages <= insert->store->budget_pages
			     ? insert_spooled(insert, insert->store, info, ret, err)
			     : insert_oversize(insert, info, ret, err);

	insert_free(insert);
	return result;
}

int store_insert_publish(struct store_insert *insert, const struct store_table *info, struct store_table *ret,
			 struct err *err)
{
	struct store_record record = {
		.state = STATE_PUBLISHED,
		.text_bytes = info->text_bytes,
		.made_s = info->made_s,
		.source = info->source,
		.generation = info->generation,
		.used_s = clock_wall_s(),
	};

	if (insert->spool)
		return publish_spooled(insert, info, ret, err);
	if (flush(insert, &record, err) < 0) {
		store_insert_abort(insert);
		return -1;
	}
	store_table_fill(ret, insert->id, &record);
	/* the replaced table; should that fail, the next one who needs room does it */
	store_reap(insert->store);
	insert_free(insert);
	return 0;
}

static int give_up(struct store_txn *t, void *ctx)
{
	struct store_insert *insert = ctx;

	return store_retire(t, insert->id);
}

/* Nothing to report: what stays behind is a leftover like that of a crash. */
void store_insert_abort(struct store_insert *insert)
{
	struct err ignored;

	if (insert->begun && store_write(insert->store, give_up, insert, 0, "give up a table", &ignored) == 0)
		store_reap(insert->store);
	insert_free(insert);
}
