/* SPDX-License-Identifier: MIT */
/* Searching for a module. */
#include "engine/search.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/intake.h"
#include "engine/kept.h"
#include "engine/raw_files.h"

#include <stdio.h>
#include <unistd.h>

enum { LOCK_POLL_US = 5000 };

/* One search on its way through the sources. */
struct searching {
	struct searcher *searcher;
	struct module_name module;
	struct slice key;
	struct search_result *result;
	struct intake *intake; /* of the try under way */
	uint64_t fed;
	char head[64]; /* what the try's text begins with, kept back until it is whole: tells a wrong file */
	size_t head_len;
	bool head_fed;
	bool keep_raw; /* what comes is written to `raw`, too */
	bool from_raw; /* what comes is the raw file */
	struct raw_writer raw;
	struct buf spelling; /* under which negative entries are kept */
	struct store_absent known[STORE_ABSENT_SOURCES]; /* said before */
	int known_count;
	struct store_absent fresh[STORE_ABSENT_SOURCES]; /* said now */
	unsigned fresh_count;
	bool any_unknown;
};

static void count(const struct searching *s, enum counter counter, uint64_t more)
{
	if (s->searcher->slot)
		counter_add(s->searcher->slot, counter, more);
}

static void drop_intake(struct searching *s)
{
	if (s->intake && intake_was_deferred(s->intake))
		count(s, COUNTER_texts_deferred, 1);
	intake_free(s->intake);
	s->intake = NULL;
	raw_release(&s->raw);
}

static int sink_begin(void *ctx, struct err *err)
{
	struct searching *s = ctx;
	const struct search_options *search = &s->searcher->options;
	struct intake_options options = {
		.compaction = {
			.build = {.expected_id = s->module.debug_id, .max_text_bytes = search->max_text_bytes},
			.temp_dir = search->tmp_dir,
			.slot = s->searcher->slot,
		},
		.lock_fd = s->searcher->env->state->lock_fd,
		.places = search->builders,
		.cancelled = search->cancelled,
		.ctx = search->ctx,
	};

	drop_intake(s);
	s->fed = 0;
	s->head_len = 0;
	s->head_fed = false;
	s->intake = intake_new(&options);
	if (!s->keep_raw)
		return 0;
	return raw_begin(&s->raw, s->searcher->env->state, s->key, search->max_raw_bytes, err);
}

static int feed_head(struct searching *s, struct err *err)
{
	if (s->head_fed)
		return 0;
	s->head_fed = true;
	return intake_feed(s->intake, s->head, s->head_len, err);
}

static int sink_data(void *ctx, const char *data, size_t len, struct err *err)
{
	struct searching *s = ctx;

	s->fed += len;
	if (s->searcher->options.progress)
		s->searcher->options.progress(s->searcher->options.ctx, s->fed);
	if (s->keep_raw && raw_write(&s->raw, data, len, err) < 0)
		return -1;
	while (len && s->head_len < sizeof(s->head)) {
		s->head[s->head_len++] = *data++;
		len--;
	}
	if (s->head_len < sizeof(s->head))
		return 0;
	if (feed_head(s, err) < 0)
		return -1;
	return len ? intake_feed(s->intake, data, len, err) : 0;
}

/* Cut to what a flight can carry. */
static void set_cause(struct searching *s, const char *context, const char *cause)
{
	snprintf(s->result->cause, sizeof(s->result->cause), "%.64s%.120s", context, cause);
}

/* ---- what came of a try ---- */

static void add_escaped(struct buf *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c >= 0x20 && c < 0x7f && c != '\\' && c != '"')
			buf_add_byte(text, (char)c);
		else
			buf_addf(text, "\\x%02x", c);
	}
}

/* One line per source and cause in a minute: a dead server fails for every module. */
static void log_failure(struct searching *s, const struct upstream_source *source, enum upstream_cause cause,
			const char *text)
{
	uint32_t unlogged;

	if (!upstream_may_log(s->searcher->upstream, source, cause, &unlogged))
		log_debug("%.*s: %s", SLICE_PRINT(s->key), text);
	else if (unlogged)
		log_warning("%.*s: %s (and %u like it before)", SLICE_PRINT(s->key), text, unlogged);
	else
		log_warning("%.*s: %s", SLICE_PRINT(s->key), text);
}

static void note_refused(struct searching *s, const struct upstream_source *source, const char *cause)
{
	struct buf text = BUF_INIT;

	count(s, COUNTER_fetch_refused, 1);
	set_cause(s, "file refused: ", cause);
	buf_addf(&text, "file refused: %s; it begins \"", cause);
	add_escaped(&text, s->head, s->head_len);
	buf_add_byte(&text, '"');
	log_failure(s, source, UPSTREAM_CAUSE_CONTENT, buf_text(&text));
	buf_release(&text);
}

static void note_unknown(struct searching *s, const struct upstream_source *source, enum upstream_cause cause,
			 const char *text)
{
	s->any_unknown = true;
	set_cause(s, "", text);
	if (cause == UPSTREAM_CAUSE_LEFT_ALONE)
		count(s, COUNTER_sources_left_alone, 1);
	else
		log_failure(s, source, cause, text);
}

static void remember(struct searching *s, const struct upstream_source *source,
		     const struct upstream_result *got)
{
	unsigned seconds = sources_memory_s(source, got);

	if (seconds && s->fresh_count < STORE_ABSENT_SOURCES)
		s->fresh[s->fresh_count++] = (struct store_absent){
			.source = source->identity,
			.made_s = (uint32_t)clock_wall_s(),
			.lasts_s = seconds,
			.cause = got->cause,
		};
}

static void note_failure(struct searching *s, const struct upstream_source *source,
			 const struct upstream_result *got, const struct err *err)
{
	if (got->cause == UPSTREAM_CAUSE_CONTENT)
		note_refused(s, source, err->msg);
	else if (got->cause != UPSTREAM_CAUSE_ABSENT)
		note_unknown(s, source, got->cause, err->msg);
	remember(s, source, got);
}

static void count_built(struct searching *s, const struct compaction_result *built)
{
	uint64_t skipped = 0;

	for (int i = 0; i < SKIP_REASONS; i++)
		skipped += built->summary.skipped[i];
	count(s, COUNTER_tables_built, 1);
	count(s, COUNTER_text_bytes, built->summary.text_bytes);
	count(s, COUNTER_records_skipped, skipped);
	s->result->build_us += built->summary.scan_us + built->summary.build_us;
	s->result->insert_us += built->insert_us;
}

/* LMDB may want to be opened anew; without a store the search ends. */
static void reopen_store(struct searching *s)
{
	struct err err = ERR_INIT;

	if (environment_reopen(s->searcher->env, &err) < 0)
		log_error("cannot open the database: %s", err.msg);
}

/* The table, and the raw file that it belongs to. */
static int publish_both(struct searching *s, const struct store_table *info,
			struct compaction_result *ret_built, struct err *err)
{
	struct store *store = s->searcher->env->store;
	struct store_table named = *info;
	struct err ignored = ERR_INIT;

	if (feed_head(s, err) < 0 || (s->keep_raw && raw_finish(&s->raw, &named.source, err) < 0) ||
	    intake_publish(s->intake, store, s->key, &named, ret_built, err) < 0)
		return -1;
	if (!s->keep_raw || raw_commit(&s->raw, err) == 0)
		return 0;
	store_delete(store, s->key, &ignored);
	return -1;
}

/* Why a file that came is not kept: it is not usable, or it is our fault. */
static int publish(struct searching *s, struct upstream_result *got, struct err *err)
{
	struct store_table info = {.source = got->identity, .generation = got->identity, .made_s = clock_wall_s()};
	struct compaction_result built;

	if (s->keep_raw || s->from_raw)
		info.generation = RAW_GENERATION;
	if (publish_both(s, &info, &built, err) == 0) {
		count_built(s, &built);
		return 0;
	}
	if (err->code == ERR_INPUT || err->code == ERR_LIMIT) {
		got->cause = UPSTREAM_CAUSE_CONTENT;
		return -1;
	}
	got->cause = UPSTREAM_CAUSE_LOCAL;
	if (err->code == ERR_SYSTEM)
		reopen_store(s);
	return err_prefix(err, "cannot keep its table");
}

/* Directories among the servers are like any other server: their files' changes are not watched. */
static bool is_watched(const struct searching *s, const struct upstream_source *source)
{
	const struct sources *sources = &s->searcher->options.sources;

	return source < sources->items + sources->directory_count;
}

/* True when the module's table is published. */
static bool try_source(struct searching *s, const struct upstream_source *source)
{
	struct upstream_sink sink = {.ctx = s, .begin = sink_begin, .data = sink_data};
	struct upstream_result got = {0};
	struct err err = ERR_INIT;
	bool found, published;

	found = upstream_fetch_symbols(s->searcher->upstream, source, s->module, &sink, &got, &err) == UPSTREAM_FOUND;
	s->result->download_us += got.elapsed_us;
	s->result->wire_bytes += got.wire_bytes;
	count(s, COUNTER_http_requests, got.requests);
	count(s, COUNTER_download_bytes, got.wire_bytes);
	if (!is_watched(s, source))
		got.identity = 0;
	published = found && publish(s, &got, &err) == 0;
	drop_intake(s);
	if (!published)
		note_failure(s, source, &got, &err);
	return published;
}

/* What ends a search before any source is asked. */
static void give_up(struct searching *s, const char *cause)
{
	set_cause(s, "", cause);
	log_error("%.*s cannot be searched for: %s", SLICE_PRINT(s->key), cause);
}

static bool is_cancelled(const struct searcher *searcher)
{
	return searcher->options.cancelled && searcher->options.cancelled(searcher->options.ctx);
}

static bool lock_key(struct searching *s)
{
	int fd = s->searcher->env->state->fetch_fd;
	struct err err = ERR_INIT;
	int got;

	while ((got = file_lock(fd, environment_key_offset(s->key), 1, FILE_LOCK_EXCLUSIVE, false, &err)) == 0) {
		if (is_cancelled(s->searcher)) {
			err_set(&err, ERR_BUSY, "stopped while another process was searching");
			break;
		}
		usleep(LOCK_POLL_US);
	}
	if (got != 1)
		give_up(s, err.msg);
	return got == 1;
}

/* The raw file, or the one that a local directory has now: what a table must have been made from. */
static uint64_t local_identity(const struct searching *s)
{
	const struct sources *sources = &s->searcher->options.sources;
	struct local_index *index = upstream_local_index(s->searcher->upstream);
	uint64_t identity = raw_identity(s->searcher->env->state, s->key);

	for (unsigned i = 0; i < sources->directory_count && identity == 0; i++)
		if (upstream_local_identity(index, &sources->items[i], s->module, &identity) == 1)
			break;
	return identity;
}

static bool find_published(struct searching *s, struct store_table *ret, struct err *err)
{
	struct store *store = s->searcher->env->store;
	bool found;

	if (store_read_begin(store, err) < 0)
		return false;
	found = store_find(store, s->key, ret, err) == 1;
	store_read_end(store);
	return found;
}

/* Whether a usable table is there after all; a damaged one is deleted, and one whose raw file is gone. */
static bool is_published(struct searching *s, struct err *err)
{
	struct state *state = s->searcher->env->state;
	struct store_table table;

	if (!find_published(s, &table, err))
		return false;
	if (state_bad_table_has(state, table.id)) {
		if (store_delete(s->searcher->env->store, s->key, err) >= 0)
			state_bad_table_remove(state, table.id);
		return false;
	}
	if (table.source == local_identity(s))
		return true;
	if (table.generation == RAW_GENERATION)
		store_delete(s->searcher->env->store, s->key, err);
	return false;
}

/* ---- the walk ---- */

/* What cannot be recalled is asked for. */
static void recall(struct searching *s)
{
	struct store *store = s->searcher->env->store;
	struct err err = ERR_INIT;

	if (store_read_begin(store, &err) < 0)
		return;
	s->known_count = store_absent_get(store, buf_slice(&s->spelling), clock_wall_s(), s->known, &err);
	store_read_end(store);
}

/* A search for a raw file asks anew each time. */
static void keep_fresh(struct searching *s)
{
	struct store *store = s->searcher->env->store;
	struct err err = ERR_INIT;

	if (!s->keep_raw && store_absent_put(store, buf_slice(&s->spelling), s->fresh, s->fresh_count, &err) < 0)
		log_error("%.*s: cannot remember what its sources said: %s", SLICE_PRINT(s->key), err.msg);
}

/* Whether a source need not be asked; looking into a local directory costs nothing. */
static bool is_recalled(struct searching *s, unsigned index)
{
	const struct sources *sources = &s->searcher->options.sources;
	enum sources_word word = SOURCES_SILENT;

	if (index >= sources->directory_count)
		word = sources_said(&sources->items[index], s->known, s->known_count);
	if (word == SOURCES_SILENT)
		return false;
	if (word == SOURCES_UNKNOWN) {
		s->any_unknown = true;
		set_cause(s, "failed lately: ", sources->items[index].origin);
	}
	return true;
}

/* What a local directory has is there as it is: no raw file is made of it. */
static bool may_ask(const struct searching *s, unsigned index)
{
	const struct sources *sources = &s->searcher->options.sources;

	return sources_may_ask(sources, index, s->module.debug_file) &&
	       !(s->keep_raw && sources->items[index].kind == SOURCE_DIRECTORY);
}

static enum flight_outcome walk_sources(struct searching *s)
{
	const struct sources *sources = &s->searcher->options.sources;

	recall(s);
	for (unsigned i = 0; i < sources->count; i++) {
		if (is_cancelled(s->searcher)) {
			set_cause(s, "", "stopped");
			return FLIGHT_UNKNOWN;
		}
		if (s->searcher->env->store == NULL) /* its cause is told */
			return FLIGHT_UNKNOWN;
		if (may_ask(s, i) && !is_recalled(s, i) && try_source(s, &sources->items[i]))
			return FLIGHT_FOUND;
	}
	if (s->searcher->env->store == NULL)
		return FLIGHT_UNKNOWN;
	keep_fresh(s);
	return s->any_unknown ? FLIGHT_UNKNOWN : FLIGHT_ABSENT;
}

/*
 * A raw file outranks every source.  One that cannot be used is removed: with
 * it there, no table of another source would count.  FLIGHT_NONE: there is none.
 */
static enum flight_outcome try_raw(struct searching *s)
{
	struct state *state = s->searcher->env->state;
	struct upstream_result got = {0};
	struct err err = ERR_INIT;
	bool published;
	int result;

	if (raw_identity(state, s->key) == 0)
		return FLIGHT_NONE;
	sink_begin(s, &err);
	s->from_raw = true;
	result = raw_read(state, s->key, sink_data, s, &got.identity, &err);
	published = result == 1 && publish(s, &got, &err) == 0;
	s->from_raw = false;
	drop_intake(s);
	if (published)
		return FLIGHT_FOUND;
	if (result == 0) /* it has just gone */
		return FLIGHT_NONE;
	if (err.code != ERR_INPUT && err.code != ERR_LIMIT) {
		give_up(s, err.msg);
		return FLIGHT_UNKNOWN;
	}
	count(s, COUNTER_fetch_refused, 1);
	log_warning("%.*s: its raw file cannot be used and is removed: %s", SLICE_PRINT(s->key), err.msg);
	if (raw_remove(state, s->key, &err) < 0)
		log_error("%.*s: cannot remove its raw file: %s", SLICE_PRINT(s->key), err.msg);
	return FLIGHT_NONE;
}

static enum flight_outcome search_anew(struct searching *s)
{
	enum flight_outcome outcome = try_raw(s);

	return outcome == FLIGHT_NONE ? walk_sources(s) : outcome;
}

static enum flight_outcome search_locked(struct searching *s)
{
	struct err err = ERR_INIT;

	local_index_begin(upstream_local_index(s->searcher->upstream));
	if (is_published(s, &err))
		return FLIGHT_FOUND;
	if (err.code == ERR_CORRUPT && environment_condemn(s->searcher->env, err.msg, &err) < 0) {
		give_up(s, err.msg);
		return FLIGHT_UNKNOWN;
	}
	return search_anew(s);
}

static enum flight_outcome search_raw_locked(struct searching *s)
{
	struct err err = ERR_INIT;

	if (kept_forget(s->searcher->env, s->module, s->key, &err) < 0) {
		give_up(s, err.msg);
		return FLIGHT_UNKNOWN;
	}
	return walk_sources(s);
}

static const enum counter outcome_counters[] = {
	[FLIGHT_FOUND] = COUNTER_fetch_found,
	[FLIGHT_ABSENT] = COUNTER_fetch_absent,
	[FLIGHT_UNKNOWN] = COUNTER_fetch_unknown,
};

/* With the key's lock and the current database. */
static void search(struct searching *s, enum flight_outcome (*locked)(struct searching *s))
{
	struct environment *env = s->searcher->env;
	struct err err = ERR_INIT;

	*s->result = (struct search_result){.outcome = FLIGHT_UNKNOWN};
	module_add_spelling(&s->spelling, s->module);
	if (environment_refresh(env, &err) < 0) {
		give_up(s, err.msg);
	} else if (lock_key(s)) {
		s->result->outcome = locked(s);
		/* published where nobody looks any more: the database was replaced meanwhile */
		if (s->result->outcome == FLIGHT_FOUND && environment_is_replaced(env) &&
		    environment_refresh(env, &err) == 0)
			s->result->outcome = locked(s);
		file_unlock(env->state->fetch_fd, environment_key_offset(s->key), 1);
	}
	count(s, outcome_counters[s->result->outcome], 1);
	buf_release(&s->spelling);
}

void search_module(struct searcher *searcher, struct module_name module, struct slice key,
		   struct search_result *ret)
{
	struct searching s = {.searcher = searcher, .module = module, .key = key, .result = ret};

	search(&s, search_locked);
}

void search_raw(struct searcher *searcher, struct module_name module, struct slice key,
		struct search_result *ret)
{
	struct searching s = {
		.searcher = searcher, .module = module, .key = key, .result = ret, .keep_raw = true};

	search(&s, search_raw_locked);
}
