/* SPDX-License-Identifier: MIT */
/* When tables were last used: stamps in shared memory, saved in the records now and then. */
#include "store/store_internal.h"

#include "base/clock.h"

/* A time from the future is one of a clock that was wrong: it must not keep a table for ever. */
static uint64_t plausible(uint64_t used_s, uint64_t now_s)
{
	enum { CLOCKS_DIFFER_S = 3600 };

	return used_s <= now_s + CLOCKS_DIFFER_S ? used_s : 0;
}

uint64_t store_last_use(struct store *store, const struct store_record *record)
{
	uint64_t now_s = clock_wall_s(), saved = plausible(record->used_s, now_s), stamp = 0;

	if (record->slot < store->stamp_count)
		stamp = plausible(atomic_load_explicit(&store->stamps[record->slot], memory_order_relaxed), now_s);
	return stamp > saved ? stamp : saved;
}

static int save_stamp(struct store_txn *t, uint64_t id, struct store_record *record, struct slice key)
{
	enum { WORTH_SAVING_S = 60 };
	uint64_t used_s = store_last_use(t->store, record);

	if (record->state != STATE_PUBLISHED || used_s < record->used_s + WORTH_SAVING_S)
		return MDB_SUCCESS;
	record->used_s = used_s;
	return store_record_put(t->store, t->txn, id, record, key);
}

/* Up to `count` records from *id on; MDB_NOTFOUND behind the last. */
static int save_from(struct store_txn *t, uint64_t *id, unsigned count)
{
	struct store_record record;
	struct slice key;
	MDB_cursor *tab;
	int rc = mdb_cursor_open(t->txn, t->store->tab, &tab);

	if (rc != MDB_SUCCESS)
		return rc;
	for (unsigned i = 0; i < count && rc == MDB_SUCCESS; i++) {
		rc = store_record_next(tab, id, &record, &key);
		if (rc == MDB_SUCCESS)
			rc = save_stamp(t, (*id)++, &record, key);
	}
	mdb_cursor_close(tab);
	return rc;
}

/* A few at each call, going round: what is lost with the shared memory is only the order of the rest. */
int store_save_stamps(struct store_txn *t)
{
	enum { RECORDS = 64 };
	int rc = t->store->stamp_count ? save_from(t, &t->store->stamps_saved_to, RECORDS) : MDB_SUCCESS;

	if (rc == MDB_NOTFOUND)
		t->store->stamps_saved_to = 0;
	return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

struct saving {
	uint64_t from_id, next_id;
	bool done;
};

static int save_some(struct store_txn *t, void *ctx)
{
	enum { RECORDS = 2048 };
	struct saving *saving = ctx;
	int rc;

	saving->next_id = saving->from_id;
	rc = save_from(t, &saving->next_id, RECORDS);
	saving->done = rc == MDB_NOTFOUND;
	return saving->done ? MDB_SUCCESS : rc;
}

int store_keep_stamps(struct store *store, struct err *err)
{
	struct saving saving = {.from_id = 0};

	while (!saving.done && store->stamp_count) {
		if (store_write(store, save_some, &saving, 0, "save when tables were used", err) < 0)
			return -1;
		saving.from_id = saving.next_id;
	}
	return 0;
}
