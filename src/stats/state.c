/* SPDX-License-Identifier: MIT */
/* state.map: mapping it, claiming slots, adding counters up. */
#include "stats/state.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LAYOUT = 5 };
static const char magic[8] = "symstate";

static int open_in(const char *dir, const char *name, int flags, struct err *err)
{
	char *path = mem_printf("%s/%s", dir, name);
	int fd = open(path, flags | O_CLOEXEC, 0640);

	if (fd < 0)
		err_sys(err, "cannot open %s", path);
	free(path);
	return fd;
}

static int open_locks(struct state *state, struct err *err)
{
	state->lock_fd = open_in(state->dir, "state.lock", O_RDWR | O_CREAT, err);
	if (state->lock_fd < 0)
		return -1;
	state->fetch_fd = open_in(state->dir, "fetch.lock", O_RDWR | O_CREAT, err);
	return state->fetch_fd < 0 ? -1 : 0;
}

/* Empty where the kernel does not tell: then a reboot goes unnoticed, and the locks still tell who lives. */
static void read_boot_id(char out[static 40])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(out, 0, 40);
	if (file == NULL)
		return;
	if (fscanf(file, "%39s", out) != 1)
		out[0] = '\0';
	fclose(file);
}

static bool is_current_layout(const struct state_map *map)
{
	return memcmp(map->magic, magic, sizeof(magic)) == 0 && map->layout == LAYOUT &&
	       map->slot_count == STATE_SLOTS && map->bytes == sizeof(*map);
}

static void fold_slot(struct state_map *map, struct state_slot *slot)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		uint64_t value = atomic_exchange(&slot->counters[i], 0);

		atomic_fetch_add(&map->folded[i], value);
	}
}

static void free_slot(struct state_map *map, struct state_slot *slot)
{
	fold_slot(map, slot);
	atomic_store(&slot->pid, 0);
	atomic_store(&slot->phase, PHASE_IDLE);
	atomic_store(&slot->kind, SLOT_FREE);
}

/* Whoever still waits for it is told by the generation that it is over. */
static void drop_flight(struct state_flight *flight)
{
	atomic_store(&flight->state, FLIGHT_FREE);
	atomic_fetch_add(&flight->generation, 1);
	for (int w = 0; w < STATE_WAITER_WORDS; w++)
		atomic_store(&flight->waiters[w], 0);
}

/* The highest N of the directories "db-N", or 1: databases outlive the layout of state.map. */
static uint32_t newest_database(const char *dir_path)
{
	uint64_t newest = 1, number;
	struct dirent *entry;
	DIR *dir = opendir(dir_path);

	while (dir && (entry = readdir(dir)) != NULL) {
		struct slice name = slice_of(entry->d_name);

		if (name.len > 3 && memcmp(name.data, "db-", 3) == 0 &&
		    num_parse_dec(slice_make(name.data + 3, name.len - 3), UINT32_MAX, &number) && number > newest)
			newest = number;
	}
	if (dir)
		closedir(dir);
	return (uint32_t)newest;
}

/* Nobody else is alive on the directory. */
static void begin_alone(struct state_map *map, const char *dir)
{
	char boot_id[sizeof(map->boot_id)];

	if (!is_current_layout(map)) {
		memset(map, 0, sizeof(*map));
		map->layout = LAYOUT;
		map->slot_count = STATE_SLOTS;
		map->bytes = sizeof(*map);
		atomic_store(&map->env_number, newest_database(dir));
	}
	read_boot_id(boot_id);
	memcpy(map->boot_id, boot_id, sizeof(boot_id));
	for (int i = 0; i < STATE_SLOTS; i++)
		free_slot(map, &map->slots[i]);
	for (int i = 0; i < STATE_FLIGHTS; i++)
		drop_flight(&map->flights[i]);
	atomic_store(&map->store_bytes, 0);
	atomic_store(&map->cache_hits_mode, 0);
	memset(&map->addrcache_breaker, 0, sizeof(map->addrcache_breaker));
	memset(map->origins, 0, sizeof(map->origins));
	memcpy(map->magic, magic, sizeof(magic));
}

static int map_file(struct state *state, struct err *err)
{
	int fd = open_in(state->dir, "state.map", O_RDWR | O_CREAT, err);
	struct stat info;

	if (fd < 0)
		return -1;
	if (fstat(fd, &info) < 0 ||
	    (info.st_size != (off_t)sizeof(struct state_map) && ftruncate(fd, sizeof(struct state_map)) < 0)) {
		err_sys(err, "cannot size %s/state.map", state->dir);
		close(fd);
		return -1;
	}
	state->map = mmap(NULL, sizeof(struct state_map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state->map == MAP_FAILED) {
		state->map = NULL;
		err_sys(err, "cannot map %s/state.map", state->dir);
	}
	close(fd);
	return state->map ? 0 : -1;
}

/* Under STATE_LOCK_INIT. */
static int attach(struct state *state, struct err *err)
{
	bool alone = !file_is_locked(state->lock_fd, STATE_LOCK_INSTANCE, STATE_INSTANCES);
	char *path = mem_printf("%s/state.map", state->dir);
	struct stat info;
	bool sized = stat(path, &info) == 0 && info.st_size == (off_t)sizeof(struct state_map);

	free(path);
	/* resizing a mapped file would kill its users */
	if (!alone && !sized)
		return err_set(err, ERR_BUSY, "%s is in use by another version", state->dir);
	if (map_file(state, err) < 0)
		return -1;
	if (alone)
		begin_alone(state->map, state->dir);
	else if (!is_current_layout(state->map))
		return err_set(err, ERR_BUSY, "%s is in use by another version", state->dir);
	return 0;
}

static int open_and_attach(struct state *state, struct err *err)
{
	int result;

	if (file_make_dirs(state->dir, err) < 0 || open_locks(state, err) < 0)
		return -1;
	if (file_lock(state->lock_fd, STATE_LOCK_INIT, 1, FILE_LOCK_EXCLUSIVE, true, err) < 0)
		return -1;
	result = attach(state, err);
	file_unlock(state->lock_fd, STATE_LOCK_INIT, 1);
	return result;
}

int state_open(struct state **ret, const char *cache_dir, struct err *err)
{
	struct state *state = mem_zalloc(sizeof(*state));

	state->dir = mem_strdup(cache_dir);
	state->lock_fd = state->fetch_fd = state->instance_fd = -1;
	state->instance = UINT32_MAX;
	if (open_and_attach(state, err) < 0) {
		state_close(state);
		return -1;
	}
	*ret = state;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void state_close(struct state *state)
{
	if (state == NULL)
		return;
	if (state->map)
		munmap(state->map, sizeof(*state->map));
	close_fd(&state->lock_fd);
	close_fd(&state->fetch_fd);
	close_fd(&state->instance_fd);
	free(state->dir);
	free(state);
}

int state_after_fork(struct state *state, struct err *err)
{
	close_fd(&state->lock_fd);
	close_fd(&state->fetch_fd);
	close_fd(&state->instance_fd);
	return open_locks(state, err);
}

static int claim_instance(struct state *state, struct err *err)
{
	state->instance_fd = open_in(state->dir, "state.lock", O_RDWR, err);
	if (state->instance_fd < 0)
		return -1;
	for (uint32_t i = 0; i < STATE_INSTANCES; i++) {
		int got = file_lock(state->instance_fd, STATE_LOCK_INSTANCE + i, 1, FILE_LOCK_EXCLUSIVE, false, err);

		if (got < 0)
			return -1;
		if (got) {
			state->instance = i;
			return 0;
		}
	}
	return err_set(err, ERR_BUSY, "%d instances already use %s", STATE_INSTANCES, state->dir);
}

bool state_instance_alive(const struct state *state, uint32_t instance)
{
	/* our own lock does not show up as another's */
	return instance == state->instance || file_is_locked(state->lock_fd, STATE_LOCK_INSTANCE + (off_t)instance, 1);
}

static void free_dead_slots(struct state *state)
{
	for (int i = 0; i < STATE_SLOTS; i++) {
		struct state_slot *slot = &state->map->slots[i];
		uint32_t instance = atomic_load(&slot->instance);

		/* a slot that carries our number is a dead predecessor's: we hold its lock and claimed nothing yet */
		if (atomic_load(&slot->kind) != SLOT_FREE &&
		    (instance == state->instance || !state_instance_alive(state, instance)))
			free_slot(state->map, slot);
	}
}

/* What carries our number is a dead predecessor's: no fetcher of ours would ever land it. */
static int drop_old_flights(struct state *state, struct err *err)
{
	if (file_lock(state->lock_fd, STATE_LOCK_FLIGHTS, 1, FILE_LOCK_EXCLUSIVE, true, err) < 0)
		return -1;
	for (int i = 0; i < STATE_FLIGHTS; i++) {
		struct state_flight *flight = &state->map->flights[i];
		uint32_t phase = atomic_load(&flight->state);

		if (flight->instance == state->instance && (phase == FLIGHT_QUEUED || phase == FLIGHT_RUNNING))
			drop_flight(flight);
	}
	file_unlock(state->lock_fd, STATE_LOCK_FLIGHTS, 1);
	return 0;
}

static int find_run(const struct state_map *map, unsigned count)
{
	unsigned run = 0;

	for (int i = 0; i < STATE_SLOTS; i++) {
		run = atomic_load(&map->slots[i].kind) == SLOT_FREE ? run + 1 : 0;
		if (run == count)
			return i + 1 - (int)count;
	}
	return -1;
}

static int claim_run(struct state *state, unsigned count, struct err *err)
{
	int first;

	if (drop_old_flights(state, err) < 0)
		return -1;
	free_dead_slots(state);
	first = find_run(state->map, count);
	if (first < 0)
		return err_set(err, ERR_BUSY, "no %u neighbouring process slots are free in %s", count, state->dir);
	for (unsigned i = 0; i < count; i++) {
		struct state_slot *slot = &state->map->slots[(unsigned)first + i];

		atomic_store(&slot->instance, state->instance);
		atomic_store(&slot->kind, SLOT_MASTER);
	}
	return first;
}

int state_claim_slots(struct state *state, unsigned count, struct err *err)
{
	int first = -1;

	if (file_lock(state->lock_fd, STATE_LOCK_INIT, 1, FILE_LOCK_EXCLUSIVE, true, err) < 0)
		return -1;
	if (claim_instance(state, err) == 0)
		first = claim_run(state, count, err);
	file_unlock(state->lock_fd, STATE_LOCK_INIT, 1);
	return first;
}

void state_slot_start(struct state *state, unsigned slot_number, enum slot_kind kind)
{
	struct state_slot *slot = &state->map->slots[slot_number];

	fold_slot(state->map, slot);
	atomic_store(&slot->pid, (int32_t)getpid());
	atomic_store(&slot->kind, kind);
	state_slot_phase(state, slot_number, PHASE_STARTING);
}

void state_slot_end(struct state *state, unsigned slot_number)
{
	struct state_slot *slot = &state->map->slots[slot_number];

	fold_slot(state->map, slot);
	atomic_store(&slot->pid, 0);
	state_slot_phase(state, slot_number, PHASE_IDLE);
}

void state_slot_phase(struct state *state, unsigned slot_number, enum slot_phase phase)
{
	struct state_slot *slot = &state->map->slots[slot_number];

	atomic_store_explicit(&slot->phase_since_ms, clock_mono_ms(), memory_order_relaxed);
	atomic_store_explicit(&slot->phase, phase, memory_order_relaxed);
}

void state_slot_alive(struct state_slot *slot)
{
	atomic_store_explicit(&slot->phase_since_ms, clock_mono_ms(), memory_order_relaxed);
}

unsigned state_count_held_up(const struct state *state)
{
	unsigned count = 0;

	for (int i = 0; i < STATE_SLOTS; i++) {
		const struct state_slot *slot = &state->map->slots[i];
		uint32_t phase = atomic_load(&slot->phase);

		count += (phase == PHASE_WAITING || phase == PHASE_SENDING) &&
			 atomic_load(&slot->kind) == SLOT_WORKER && atomic_load(&slot->instance) == state->instance;
	}
	return count;
}

bool state_enter_held_up(struct state *state, unsigned slot, enum slot_phase phase, unsigned max)
{
	struct err err = ERR_INIT;
	bool enters;

	/* without the lock two could take the last place */
	if (file_lock(state->lock_fd, STATE_LOCK_FLIGHTS, 1, FILE_LOCK_EXCLUSIVE, true, &err) < 0)
		return false;
	enters = state_count_held_up(state) < max;
	if (enters)
		state_slot_phase(state, slot, phase);
	file_unlock(state->lock_fd, STATE_LOCK_FLIGHTS, 1);
	return enters;
}

uint64_t state_counter(const struct state *state, enum counter counter)
{
	uint64_t sum = atomic_load(&state->map->folded[counter]);

	for (int i = 0; i < STATE_SLOTS; i++)
		sum += atomic_load_explicit(&state->map->slots[i].counters[counter], memory_order_relaxed);
	return sum;
}

void state_bad_table_add(struct state *state, uint64_t table_id)
{
	if (state_bad_table_has(state, table_id))
		return;
	for (int i = 0; i < STATE_BAD_TABLES; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(&state->map->bad_tables[i], &none, table_id))
			return;
	}
}

bool state_bad_table_has(const struct state *state, uint64_t table_id)
{
	for (int i = 0; i < STATE_BAD_TABLES; i++)
		if (atomic_load_explicit(&state->map->bad_tables[i], memory_order_relaxed) == table_id)
			return true;
	return false;
}

void state_bad_table_remove(struct state *state, uint64_t table_id)
{
	for (int i = 0; i < STATE_BAD_TABLES; i++) {
		uint64_t want = table_id;

		atomic_compare_exchange_strong(&state->map->bad_tables[i], &want, 0);
	}
}
