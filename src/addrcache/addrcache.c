/* SPDX-License-Identifier: MIT */
/* The address cache: resolved addresses in memcached. */
#include "addrcache/addrcache.h"

#include "addrcache/servers.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROBE_KEY_LEN = 24, DEFAULT_PAUSE_MS = 5000, SLOW_LIMIT = 3 };

struct addrcache {
	memcached_st *asking; /* waits for answers */
	memcached_st *adding; /* buffers, and is not answered */
	memcached_result_st result;
	char (*probe_keys)[PROBE_KEY_LEN]; /* one that goes to each server */
	size_t server_count;
	uint64_t timeout_us;
	unsigned first_pause_ms;
	struct breaker *breaker, own_breaker;
	struct addrcache_stats stats;
	/* of get_many, kept for the next one */
	const char **texts;
	size_t *lens, *indexes;
	uint32_t *table; /* 1 + place in the three above, by hash of the key; 0: free */
	size_t room, table_room, table_size; /* table_size: a power of two, as large as this call needs */
};

/* ---- open ---- */

/* Tries names until each server has one; a server without is not probed. */
static void choose_probe_keys(struct addrcache *cache)
{
	enum { TRIES = 100000 };
	size_t missing = cache->server_count;
	char key[PROBE_KEY_LEN];

	cache->probe_keys = mem_calloc(cache->server_count, sizeof(*cache->probe_keys));
	for (unsigned i = 0; i < TRIES && missing; i++) {
		int len = snprintf(key, sizeof(key), "symbolicate.probe.%u", i);
		uint32_t server = memcached_generate_hash(cache->asking, key, (size_t)len);

		if (server >= cache->server_count || cache->probe_keys[server][0])
			continue;
		memcpy(cache->probe_keys[server], key, sizeof(key));
		missing--;
	}
}

static int open_handles(struct addrcache *cache, const struct addrcache_options *options, struct err *err)
{
	cache->asking = servers_open(options, err);
	if (cache->asking == NULL)
		return -1;
	cache->adding = servers_open(options, err);
	if (cache->adding == NULL)
		return -1;
	memcached_behavior_set(cache->adding, MEMCACHED_BEHAVIOR_NOREPLY, 1);
	memcached_behavior_set(cache->adding, MEMCACHED_BEHAVIOR_BUFFER_REQUESTS, 1);
	memcached_result_create(cache->asking, &cache->result);
	choose_probe_keys(cache);
	return 0;
}

int addrcache_open(struct addrcache **ret, const struct addrcache_options *options, struct err *err)
{
	struct addrcache *cache = mem_zalloc(sizeof(*cache));

	cache->server_count = options->server_count;
	cache->timeout_us = (uint64_t)options->timeout_ms * 1000;
	cache->first_pause_ms = options->first_pause_ms ? options->first_pause_ms : DEFAULT_PAUSE_MS;
	cache->breaker = options->breaker ? options->breaker : &cache->own_breaker;
	if (cache->server_count && open_handles(cache, options, err) < 0) {
		addrcache_close(cache);
		return -1;
	}
	*ret = cache;
	return 0;
}

void addrcache_close(struct addrcache *cache)
{
	if (cache == NULL)
		return;
	if (cache->adding) {
		if (cache->asking)
			memcached_result_free(&cache->result);
		memcached_free(cache->adding);
	}
	if (cache->asking)
		memcached_free(cache->asking);
	free(cache->probe_keys);
	free(cache->texts);
	free(cache->lens);
	free(cache->indexes);
	free(cache->table);
	free(cache);
}

const struct addrcache_stats *addrcache_stats(const struct addrcache *cache)
{
	return &cache->stats;
}

/* ---- trouble ---- */

/* What is not an answer is trouble: a new code of the library's had better be, too. */
static bool is_trouble(memcached_return_t rc)
{
	switch (rc) {
	case MEMCACHED_SUCCESS:
	case MEMCACHED_END:
	case MEMCACHED_NOTFOUND:
	case MEMCACHED_BUFFERED:
	case MEMCACHED_STORED:
	case MEMCACHED_NOTSTORED:
	case MEMCACHED_DELETED:
	case MEMCACHED_DATA_EXISTS:
		return false;
	default:
		return true;
	}
}

/* Of all processes, the one that opens the breaker tells. */
static void trip(struct addrcache *cache, const char *cause)
{
	static struct log_limit limit;

	if (!breaker_open(cache->breaker, cache->first_pause_ms, clock_mono_ms()))
		return;
	cache->stats.opened++;
	log_limited(&limit, LEVEL_WARNING, "memcached is left alone for %u ms: %s", cache->first_pause_ms, cause);
}

/* Takes note of how a call went.  A late answer is an answer; several in a row are trouble, too. */
static enum addrcache_result outcome(struct addrcache *cache, memcached_return_t rc, uint64_t start_us)
{
	uint64_t took_us = clock_mono_us() - start_us;

	if (is_trouble(rc)) {
		cache->stats.failures++;
		trip(cache, memcached_strerror(NULL, rc));
		return ADDRCACHE_FAILED;
	}
	if (breaker_note(cache->breaker, took_us > cache->timeout_us / 2, SLOW_LIMIT))
		trip(cache, "several late answers in a row");
	return ADDRCACHE_OK;
}

/* Asks each server for one key and waits. */
static memcached_return_t ask_all(struct addrcache *cache, memcached_st *handle)
{
	memcached_return_t rc, worst = MEMCACHED_SUCCESS;

	for (size_t i = 0; i < cache->server_count; i++) {
		size_t len = strlen(cache->probe_keys[i]), value_len;
		uint32_t flags;

		if (len)
			free(memcached_get(handle, cache->probe_keys[i], len, &value_len, &flags, &rc));
		if (len && is_trouble(rc))
			worst = rc;
	}
	return worst;
}

static bool probe(struct addrcache *cache)
{
	bool ok = !is_trouble(ask_all(cache, cache->asking));

	breaker_probed(cache->breaker, ok, clock_mono_ms());
	log_info("memcached %s", ok ? "is asked again" : "still gives no answer");
	return ok;
}

bool addrcache_has_servers(const struct addrcache *cache)
{
	return cache->server_count != 0;
}

bool addrcache_usable(struct addrcache *cache)
{
	if (cache->server_count == 0)
		return false;
	switch (breaker_ask(cache->breaker, clock_mono_ms())) {
	case BREAKER_CLOSED:
		return true;
	case BREAKER_PROBE:
		return probe(cache);
	case BREAKER_OPEN:
		break;
	}
	return false;
}

/* ---- asking ---- */

/* A blank would make two keys of one; a longer key has the whole multi-get refused. */
static bool is_key(struct slice key)
{
	if (key.len == 0 || key.len > ADDRCACHE_KEY_MAX)
		return false;
	for (size_t i = 0; i < key.len; i++)
		if (key.data[i] <= ' ' || key.data[i] > '~')
			return false;
	return true;
}

static void make_room(struct addrcache *cache, size_t count)
{
	if (count > cache->room) {
		cache->room = count;
		cache->texts = mem_realloc_array(cache->texts, count, sizeof(*cache->texts));
		cache->lens = mem_realloc_array(cache->lens, count, sizeof(*cache->lens));
		cache->indexes = mem_realloc_array(cache->indexes, count, sizeof(*cache->indexes));
	}
	for (cache->table_size = 16; cache->table_size < 2 * count;)
		cache->table_size *= 2;
	if (cache->table_size > cache->table_room) {
		cache->table_room = cache->table_size;
		cache->table = mem_realloc_array(cache->table, cache->table_room, sizeof(*cache->table));
	}
	memset(cache->table, 0, cache->table_size * sizeof(*cache->table));
}

static uint32_t *slot_after(struct addrcache *cache, uint32_t *slot)
{
	return slot + 1 == cache->table + cache->table_size ? cache->table : slot + 1;
}

static uint32_t *first_slot(struct addrcache *cache, const char *key, size_t len)
{
	return cache->table + (hash_bytes(key, len) & (cache->table_size - 1));
}

static size_t take_keys(struct addrcache *cache, const struct slice *keys, size_t from, size_t to)
{
	size_t taken = 0;

	make_room(cache, to - from);
	for (size_t i = from; i < to; i++) {
		uint32_t *slot;

		if (!is_key(keys[i]))
			continue;
		cache->texts[taken] = keys[i].data;
		cache->lens[taken] = keys[i].len;
		cache->indexes[taken] = i;
		for (slot = first_slot(cache, keys[i].data, keys[i].len); *slot;)
			slot = slot_after(cache, slot);
		*slot = (uint32_t)++taken;
	}
	return taken;
}

/* Finds the key of an answer, once for each time it was asked for; false: it never was. */
static bool match(struct addrcache *cache, const char *key, size_t len, size_t *ret_index)
{
	for (uint32_t *slot = first_slot(cache, key, len); *slot; slot = slot_after(cache, slot)) {
		size_t place = *slot - 1;

		if (cache->lens[place] != len || memcmp(cache->texts[place], key, len) != 0)
			continue;
		cache->lens[place] = 0; /* no answer has an empty key */
		*ret_index = cache->indexes[place];
		return true;
	}
	return false;
}

static memcached_return_t fetch_all(struct addrcache *cache, size_t *ret_hits, addrcache_found *found,
				    void *ctx)
{
	memcached_return_t rc;

	for (*ret_hits = 0;;) {
		memcached_result_st *result = memcached_fetch_result(cache->asking, &cache->result, &rc);
		size_t index;

		if (result == NULL)
			return rc;
		if (!match(cache, memcached_result_key_value(result), memcached_result_key_length(result),
			   &index))
			continue;
		++*ret_hits;
		found(ctx, index,
		      slice_make(memcached_result_value(result), memcached_result_length(result)));
	}
}

static enum addrcache_result get_batch(struct addrcache *cache, const struct slice *keys, size_t from,
				       size_t to, addrcache_found *found, void *ctx)
{
	size_t taken = take_keys(cache, keys, from, to), hits;
	memcached_return_t asked, fetched;
	uint64_t start_us = clock_mono_us();

	if (taken == 0)
		return ADDRCACHE_OK;
	asked = memcached_mget(cache->asking, cache->texts, cache->lens, taken);
	fetched = fetch_all(cache, &hits, found, ctx);
	cache->stats.hits += hits;
	cache->stats.misses -= hits;
	if (is_trouble(asked))
		fetched = asked;
	/* waiting in vain for two servers at once, the library calls a miss */
	if (cache->server_count > 1 && hits < taken && clock_mono_us() - start_us >= cache->timeout_us)
		fetched = MEMCACHED_TIMEOUT;
	return outcome(cache, fetched, start_us);
}

/*
 * A server reads a whole command before it answers: in one piece, tens of
 * thousands of keys run into the timeout.
 */
enum addrcache_result addrcache_get_many(struct addrcache *cache, const struct slice *keys, size_t count,
					 addrcache_found *found, void *ctx)
{
	enum { BATCH_KEYS = 1000 };
	enum addrcache_result result = ADDRCACHE_OK;

	if (!addrcache_usable(cache))
		return ADDRCACHE_OFF;
	cache->stats.misses += count; /* until they prove to be hits */
	for (size_t from = 0; from < count && result == ADDRCACHE_OK; from += BATCH_KEYS) {
		size_t to = count - from < BATCH_KEYS ? count : from + BATCH_KEYS;

		result = ADDRCACHE_FAILED;
		if (addrcache_usable(cache)) /* slow batches may have opened the breaker */
			result = get_batch(cache, keys, from, to, found, ctx);
	}
	return result;
}

/* ---- changing ---- */

enum addrcache_result addrcache_add(struct addrcache *cache, struct slice key, struct slice value)
{
	uint64_t start_us;

	if (!addrcache_usable(cache))
		return ADDRCACHE_OFF;
	if (!is_key(key) || value.len > ADDRCACHE_VALUE_MAX)
		return ADDRCACHE_OK;
	cache->stats.adds++;
	start_us = clock_mono_us();
	return outcome(cache, memcached_add(cache->adding, key.data, key.len, value.data, value.len, 0, 0),
		       start_us);
}

enum addrcache_result addrcache_flush(struct addrcache *cache)
{
	uint64_t start_us;

	if (!addrcache_usable(cache))
		return ADDRCACHE_OFF;
	start_us = clock_mono_us();
	return outcome(cache, memcached_flush_buffers(cache->adding), start_us);
}

/* A server takes the commands of one connection in turn: when it answers a get, the adds before are in. */
enum addrcache_result addrcache_sync(struct addrcache *cache)
{
	enum addrcache_result result = addrcache_flush(cache);
	uint64_t start_us = clock_mono_us();

	if (result != ADDRCACHE_OK)
		return result;
	return outcome(cache, ask_all(cache, cache->adding), start_us);
}

enum addrcache_result addrcache_delete(struct addrcache *cache, struct slice key)
{
	uint64_t start_us;

	if (!addrcache_usable(cache))
		return ADDRCACHE_OFF;
	if (!is_key(key))
		return ADDRCACHE_OK;
	start_us = clock_mono_us();
	return outcome(cache, memcached_delete(cache->asking, key.data, key.len, 0), start_us);
}
