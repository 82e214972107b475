/* SPDX-License-Identifier: MIT */
/* state.map: what every process on a cache directory shares. */
#ifndef STATS_STATE_H
#define STATS_STATE_H

#include "base/err.h"
#include "stats/breaker.h"
#include "stats/counters.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * One file, mapped shared by masters, workers, fetchers, janitors and commands
 * on the same cache directory.  It holds words and atomics only: no pthread
 * objects, because their owners may be killed at any moment.  What needs more
 * than one word is changed under STATE_LOCK_FLIGHTS, an open-file-description
 * lock that the kernel takes back when its holder dies.
 *
 * An instance is one master with its children.  It owns a run of slots, and the
 * lock on its byte for as long as the master lives.
 */
enum {
	STATE_SLOTS = 512,
	STATE_INSTANCES = 128, /* of them mod_fcgid may start many */
	STATE_FLIGHTS = 1024,
	STATE_STAMPS = 65536,
	STATE_BAD_TABLES = 64,
	STATE_WAITER_WORDS = STATE_SLOTS / 64,
	STATE_KEY_BYTES = 832,  /* holds MODULE_KEY_MAX */
	STATE_NAME_BYTES = 256, /* holds MODULE_NAME_MAX */
	STATE_ID_BYTES = 128,
	STATE_CAUSE_BYTES = 192,
	STATE_REQUEST_BYTES = 72, /* holds a request's id */
	STATE_ORIGINS = 64,
	STATE_ORIGIN_BYTES = 128,
	STATE_FAILURE_KINDS = 16,
};

/* Byte offsets in state.lock. */
enum {
	STATE_LOCK_INIT = 0,
	STATE_LOCK_FLIGHTS = 1,
	STATE_LOCK_JANITOR = 2,
	STATE_LOCK_RAW = 3, /* the directory of raw files is being changed */
	STATE_LOCK_INSTANCE = 16, /* + instance */
	STATE_LOCK_BUILDER = 1024, /* + place (engine/intake.h) */
	STATE_LOCK_PLACES = 1 << 20, /* + origin * STATE_PLACES_MAX + place: a request under way there */
	STATE_PLACES_MAX = 16384,
};

enum slot_kind { SLOT_FREE, SLOT_MASTER, SLOT_WORKER, SLOT_FETCHER, SLOT_JANITOR };
/* WAITING is for a flight; SENDING is a client that does not take its answer at once. */
enum slot_phase { PHASE_IDLE, PHASE_BUSY, PHASE_WAITING, PHASE_SENDING, PHASE_STARTING };

/* A process's own corner; written by it alone, read by all. */
struct state_slot {
	_Alignas(64) _Atomic uint32_t kind; /* enum slot_kind */
	_Atomic uint32_t instance;
	_Atomic int32_t pid;
	_Atomic uint32_t phase;          /* enum slot_phase */
	_Atomic uint64_t phase_since_ms; /* clock_mono_ms() of its begin, or of the last sign of life in it */
	_Atomic uint64_t counters[COUNTER_COUNT];
};

enum flight_state { FLIGHT_FREE, FLIGHT_QUEUED, FLIGHT_RUNNING, FLIGHT_DONE };
enum flight_outcome { FLIGHT_NONE, FLIGHT_FOUND, FLIGHT_ABSENT, FLIGHT_UNKNOWN };

/* What is done with the file: a table is made of it, or it is kept as it is, too (engine/raw_files.h). */
enum flight_purpose { FLIGHT_TABLE, FLIGHT_RAW };

/* One search for a module.  Fields below `waiters` are written under STATE_LOCK_FLIGHTS or before `state` is. */
struct state_flight {
	_Alignas(64) _Atomic uint32_t state; /* enum flight_state */
	_Atomic uint32_t generation;         /* grows at each reuse: tells a ticket that it is too late */
	_Atomic uint64_t bytes;              /* of text, so far */
	_Atomic uint64_t waiters[STATE_WAITER_WORDS]; /* slots to wake */
	uint32_t instance;                   /* whose fetchers serve it */
	uint32_t fetcher_slot;               /* while running */
	uint32_t attempts;
	uint32_t purpose; /* enum flight_purpose */
	uint32_t outcome; /* enum flight_outcome, when done */
	uint64_t since_ms; /* clock_mono_ms() when it was queued, when done: when it landed */
	uint64_t download_us, build_us, insert_us, wire_bytes;
	uint64_t key_hash;
	uint16_t key_len, file_len, id_len;
	char key[STATE_KEY_BYTES];
	char debug_file[STATE_NAME_BYTES]; /* as first asked for: sources may mind the case */
	char debug_id[STATE_ID_BYTES];
	char request[STATE_REQUEST_BYTES]; /* the id of the request that began it, NUL-terminated */
	char cause[STATE_CAUSE_BYTES]; /* of FLIGHT_UNKNOWN, NUL-terminated */
};

/* Where symbols come from, and how it has been doing (upstream/origin.h); claimed once, never given back. */
struct state_origin {
	_Alignas(64) _Atomic uint64_t key; /* hash of the name; 0: free */
	struct breaker breaker;
	_Atomic uint32_t denied;           /* 401 or 403 has been logged since it last answered otherwise */
	_Atomic uint64_t logged_ms[STATE_FAILURE_KINDS]; /* when a failure of that kind was last logged */
	_Atomic uint32_t unlogged[STATE_FAILURE_KINDS];  /* those since */
	char name[STATE_ORIGIN_BYTES];     /* cut, NUL-terminated; without credentials */
};

struct state_map {
	char magic[8];
	uint32_t layout, slot_count;
	uint64_t bytes;
	char boot_id[40];
	_Atomic uint32_t env_number; /* N of the current db-N */
	_Atomic uint32_t cache_hits_mode; /* Snappy's outputCacheHits; off when all instances have ended */
	_Atomic uint32_t raw_files; /* 0: there are none, nobody need look */
	_Atomic uint64_t store_bytes;     /* limit of the current database: the last server's that started or reloaded; 0: none yet */
	_Atomic uint64_t oversize_bytes;  /* the same for tables that exceed it (store/store.h) */
	_Atomic uint32_t oversize_number;
	_Alignas(64) struct breaker addrcache_breaker;
	_Atomic uint64_t bad_tables[STATE_BAD_TABLES]; /* ids that proved damaged; 0: none */
	_Atomic uint64_t folded[COUNTER_COUNT];        /* counters of slots that were given back */
	struct state_slot slots[STATE_SLOTS];
	struct state_flight flights[STATE_FLIGHTS];
	struct state_origin origins[STATE_ORIGINS];
	_Atomic uint32_t stamps[STATE_STAMPS];
};

struct state {
	struct state_map *map;
	int lock_fd;  /* state.lock */
	int fetch_fd; /* fetch.lock: one byte per module key while it is being fetched */
	char *dir;
	uint32_t instance;
	int instance_fd; /* the master's lock on its instance; -1 in children and commands */
};

/*
 * Maps <cache_dir>/state.map, making directory and file as needed.  The first
 * process on the directory initialises it (counters and env_number survive
 * unless the layout changed); ERR_BUSY when live processes use another layout.
 */
int state_open(struct state **ret, const char *cache_dir, struct err *err);
void state_close(struct state *state);

/* In a child: gives up the master's descriptors for ones of its own (locks belong to open files). */
int state_after_fork(struct state *state, struct err *err);

/* Takes an instance number and `count` neighbouring slots, giving back those of dead instances first.  The first slot, or -1. */
int state_claim_slots(struct state *state, unsigned count, struct err *err);

/* Sets up a claimed slot for a process; what a predecessor counted there is folded in. */
void state_slot_start(struct state *state, unsigned slot, enum slot_kind kind);
/* Folds a dead process's counters in and leaves the slot idle. */
void state_slot_end(struct state *state, unsigned slot);
void state_slot_phase(struct state *state, unsigned slot, enum slot_phase phase);

/* The phase goes on and something moves in it: what shows no life for long is taken for hung. */
void state_slot_alive(struct state_slot *slot);

/* Workers of this instance that others hold up: flights or slow clients. */
unsigned state_count_held_up(const struct state *state);

/* Makes the worker of that slot one of them, unless there are `max`: then false, and nothing is changed. */
bool state_enter_held_up(struct state *state, unsigned slot, enum slot_phase phase, unsigned max);

/* Whether the master of an instance is alive. */
bool state_instance_alive(const struct state *state, uint32_t instance);

/* A total over all processes, dead ones too. */
uint64_t state_counter(const struct state *state, enum counter counter);

/* Notes, asks for, and takes back a damaged table. */
void state_bad_table_add(struct state *state, uint64_t table_id);
bool state_bad_table_has(const struct state *state, uint64_t table_id);
void state_bad_table_remove(struct state *state, uint64_t table_id);

/* Counts into a slot; every process keeps its own pointer. */
static inline void counter_add(struct state_slot *slot, enum counter counter, uint64_t more)
{
	atomic_fetch_add_explicit(&slot->counters[counter], more, memory_order_relaxed);
}

#endif
