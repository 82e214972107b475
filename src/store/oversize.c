/* SPDX-License-Identifier: MIT */
/* Tables that exceed the whole budget: kept for a while in a store of their own, with a limit of its own. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* An odd number is that of a directory; the even one after it says that this is gone. */
static bool exists(uint32_t number)
{
	return number % 2 == 1;
}

static uint32_t shared_number(const struct store *store)
{
	_Atomic uint32_t *number = store->oversize_options.number;

	return number ? atomic_load_explicit(number, memory_order_relaxed) : 0;
}

static char *path_of(const struct store *store, uint32_t number)
{
	return mem_printf("%s-%u", store->oversize_path, number);
}

struct store *store_of_id(struct store *store, uint64_t id)
{
	if (!store_is_oversize_id(id) || store->first_id >= STORE_OVERSIZE_IDS) /* or this is the one behind */
		return store;
	return store->oversize && (id - STORE_OVERSIZE_IDS) >> 32 == store->oversize_number ? store->oversize : NULL;
}

void store_close_oversize(struct store *store)
{
	if (store->oversize == NULL)
		return;
	store_close(store->oversize);
	store->oversize = NULL;
	store_new_map(store); /* views into it are gone */
}

static int open_number(struct store *store, uint32_t number, struct err *err)
{
	char *path = path_of(store, number);
	struct store_options options = {
		.dir = path,
		.max_bytes = atomic_load(store->oversize_options.max_bytes),
		.first_id = STORE_OVERSIZE_IDS + ((uint64_t)number << 32),
	};
	int result = store_open(&store->oversize, &options, err);

	if (result == 0)
		store->oversize_number = number;
	free(path);
	return result;
}

/* For everybody: whoever is first deletes it. */
static int end(struct store *store, uint32_t number, struct err *err)
{
	char *path = path_of(store, number);
	int result = 0;

	store_close_oversize(store);
	store->oversize_number = number + 1;
	if (atomic_compare_exchange_strong(store->oversize_options.number, &number, number + 1))
		result = store_remove(path, err);
	free(path);
	return result;
}

void store_follow_oversize(struct store *store)
{
	uint32_t number = shared_number(store);
	struct err err = ERR_INIT, ignored;

	if (number == store->oversize_number)
		return;
	store_close_oversize(store);
	store->oversize_number = number;
	if (!exists(number) || open_number(store, number, &err) == 0)
		return;
	log_error("tables larger than the cache are lost: %s", err.msg);
	if (err.code == ERR_CORRUPT)
		end(store, number, &ignored);
}

static int lock(const struct store *store, bool wait, struct err *err)
{
	char *path = mem_printf("%s.lock", store->oversize_path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		err_sys(err, "cannot open %s", path);
	free(path);
	if (fd >= 0 && file_lock(fd, 0, 1, FILE_LOCK_EXCLUSIVE, wait, err) != 1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Under the lock. */
static int begin(struct store *store, struct err *err)
{
	uint32_t number;

	store_follow_oversize(store);
	if (store->oversize)
		return store_set_limit(store->oversize, atomic_load(store->oversize_options.max_bytes), err);
	number = shared_number(store);
	number += exists(number) ? 2 : 1;
	if (open_number(store, number, err) < 0)
		return -1;
	atomic_store(store->oversize_options.number, number);
	return 0;
}

static bool is_kept(const struct store *store, uint64_t pages)
{
	uint64_t max_bytes = store->oversize_options.number ? atomic_load(store->oversize_options.max_bytes) : 0;
	struct store limits;
	struct err ignored;

	return max_bytes && store_set_sizes(&limits, max_bytes, &ignored) == 0 && pages <= limits.budget_pages;
}

struct store *store_hold_oversize(struct store *store, uint64_t pages, int *ret_lock_fd, struct err *err)
{
	if (!is_kept(store, pages)) {
		err_set(err, ERR_LIMIT, "store: a table of %llu MB is larger than what may be kept",
			(unsigned long long)(pages * store->page_bytes >> 20));
		return NULL;
	}
	*ret_lock_fd = lock(store, true, err);
	if (*ret_lock_fd < 0)
		return NULL;
	if (begin(store, err) == 0)
		return store->oversize;
	close(*ret_lock_fd);
	return NULL;
}

/* ---- the end ---- */

enum { SWEEP_TABLES = 256 }; /* in one call at most */

struct sweep {
	uint64_t now_s;
	uint64_t ids[SWEEP_TABLES];
	unsigned count;
};

static int note_over(void *ctx, struct slice key, const struct store_table *table)
{
	struct sweep *sweep = ctx;

	(void)key;
	/* also when the clock was set back */
	if (table->made_s + STORE_OVERSIZE_KEPT_S <= sweep->now_s || table->made_s > sweep->now_s + STORE_OVERSIZE_KEPT_S)
		sweep->ids[sweep->count++] = table->id;
	return sweep->count == SWEEP_TABLES;
}

/* Under the lock, under which nobody inserts: what is pending is a dead process's. */
static int sweep_locked(struct store *store, struct err *err)
{
	struct store *oversize = store->oversize;
	struct sweep sweep = {.now_s = clock_wall_s()};
	struct store_stat stat;

	if (store_each(oversize, note_over, &sweep, err) < 0)
		return -1;
	for (unsigned i = 0; i < sweep.count; i++)
		if (store_delete_id(oversize, sweep.ids[i], err) < 0)
			return -1;
	if (store_stat(oversize, &stat, err) < 0)
		return -1;
	return stat.tables ? 0 : end(store, store->oversize_number, err);
}

int store_sweep_oversize(struct store *store, struct err *err)
{
	int lock_fd, result = 0;

	store_follow_oversize(store);
	if (store->oversize == NULL)
		return 0;
	*err = (struct err)ERR_INIT;
	lock_fd = lock(store, false, err);
	if (lock_fd < 0)
		return err->code == ERR_NONE ? 0 : -1; /* one is being written */
	store_follow_oversize(store);
	if (store->oversize)
		result = sweep_locked(store, err);
	close(lock_fd);
	return result;
}
