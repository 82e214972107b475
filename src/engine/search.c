/* SPDX-License-Identifier: MIT */
/* Searching for a module. */
#include "engine/search.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/compact.h"
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
	struct compaction *compaction; /* of the try under way */
	uint64_t fed;
	bool keep_raw;   /* what comes is written to `raw`, too */
	bool from_raw;   /* what comes is the raw file */
	struct raw_writer raw;
	bool refused; /* the sink, not the source, ended the try: what came is not usable */
	bool any_unknown;
	bool any_excluded; /* by a blacklist or whitelist */
};

static void count(const struct searching *s, enum counter counter, uint64_t more)
{
	if (s->searcher->slot)
		counter_add(s->searcher->slot, counter, more);
}

static void drop_compaction(struct searching *s)
{
	compaction_free(s->compaction);
	s->compaction = NULL;
	raw_release(&s->raw);
}

static int sink_begin(void *ctx, struct err *err)
{
	struct searching *s = ctx;
	struct compaction_options options = {
		.build = {
			.expected_id = s->module.debug_id,
			.max_text_bytes = s->searcher->options.max_text_bytes,
		},
		.temp_dir = s->searcher->options.tmp_dir,
	};

	drop_compaction(s);
	s->fed = 0;
	s->refused = false;
	s->compaction = compaction_new(&options);
	if (!s->keep_raw)
		return 0;
	return raw_begin(&s->raw, s->searcher->env->state, s->key, s->searcher->options.max_raw_bytes, err);
}

static int sink_data(void *ctx, const char *data, size_t len, struct err *err)
{
	struct searching *s = ctx;

	s->fed += len;
	if (s->searcher->options.progress)
		s->searcher->options.progress(s->searcher->options.ctx, s->fed);
	if (s->keep_raw && raw_write(&s->raw, data, len, err) < 0)
		return -1;
	if (compaction_feed(s->compaction, data, len, err) == 0)
		return 0;
	s->refused = err->code == ERR_INPUT;
	return -1;
}

/* Cut to what a flight can carry. */
static void set_cause(struct searching *s, const char *context, const char *cause)
{
	snprintf(s->result->cause, sizeof(s->result->cause), "%.64s%.120s", context, cause);
}

static void note_cause(struct searching *s, const char *cause)
{
	set_cause(s, "", cause);
	log_info("%.*s: %s", SLICE_PRINT(s->key), s->result->cause);
}

static void note_refused(struct searching *s, const char *cause)
{
	count(s, COUNTER_fetch_refused, 1);
	set_cause(s, "file refused: ", cause);
	log_warning("%.*s: %s", SLICE_PRINT(s->key), s->result->cause);
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

/* The table, and the raw file that it belongs to. */
static int publish_both(struct searching *s, const struct store_table *info,
			struct compaction_result *ret_built, struct err *err)
{
	struct store *store = s->searcher->env->store;
	struct store_table named = *info;
	struct err ignored = ERR_INIT;

	if (s->keep_raw && raw_finish(&s->raw, &named.source, err) < 0)
		return -1;
	if (compaction_publish(s->compaction, store, s->key, &named, ret_built, err) < 0)
		return -1;
	if (!s->keep_raw || raw_commit(&s->raw, err) == 0)
		return 0;
	store_delete(store, s->key, &ignored);
	return -1;
}

static bool publish(struct searching *s, const struct upstream_result *got)
{
	struct store_table info = {.source = got->identity, .generation = got->identity, .made_s = clock_wall_s()};
	struct compaction_result built;
	struct err err = ERR_INIT;

	if (s->keep_raw || s->from_raw)
		info.generation = RAW_GENERATION;
	if (publish_both(s, &info, &built, &err) == 0) {
		count_built(s, &built);
		return true;
	}
	if (err.code == ERR_INPUT) {
		note_refused(s, err.msg);
		return false;
	}
	s->any_unknown = true;
	note_cause(s, err.msg);
	log_error("%.*s: cannot keep its table: %s", SLICE_PRINT(s->key), err.msg);
	return false;
}

/* True when the module's table is published. */
static bool try_source(struct searching *s, const struct upstream_source *source)
{
	struct upstream_sink sink = {.ctx = s, .begin = sink_begin, .data = sink_data};
	struct upstream_result got = {0};
	struct err err = ERR_INIT;
	enum upstream_outcome outcome;
	bool published;

	s->refused = false;
	outcome = upstream_fetch_symbols(s->searcher->upstream, source, s->module, &sink, &got, &err);
	s->result->download_us += got.elapsed_us;
	s->result->wire_bytes += got.wire_bytes;
	count(s, COUNTER_http_requests, got.requests);
	count(s, COUNTER_download_bytes, got.wire_bytes);
	published = outcome == UPSTREAM_FOUND && publish(s, &got);
	drop_compaction(s);
	if (outcome == UPSTREAM_FOUND)
		return published;
	if (outcome == UPSTREAM_ABSENT)
		return false;
	if (s->refused) {
		note_refused(s, err.msg);
	} else {
		s->any_unknown = true;
		note_cause(s, err.msg);
	}
	return false;
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
		set_cause(s, "", err.msg);
	return got == 1;
}

/* The raw file, or the one that a local directory has now: what a table must have been made from. */
static uint64_t local_identity(const struct searching *s)
{
	const struct search_options *options = &s->searcher->options;
	uint64_t identity = raw_identity(s->searcher->env->state, s->key);

	for (unsigned i = 0; i < options->source_count && identity == 0; i++)
		if (options->sources[i].kind == SOURCE_DIRECTORY &&
		    upstream_local_identity(&options->sources[i], s->module, &identity) == 1)
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

static void remember_absent(struct searching *s)
{
	struct buf spelling = BUF_INIT;
	struct err err = ERR_INIT;
	uint64_t until_s = clock_wall_s() + s->searcher->options.absent_s;

	module_add_spelling(&spelling, s->module);
	if (s->searcher->options.absent_s &&
	    store_absent_put(s->searcher->env->store, buf_slice(&spelling), until_s, &err) < 0)
		log_error("%.*s: cannot remember that it is absent: %s", SLICE_PRINT(s->key), err.msg);
	buf_release(&spelling);
}

static bool may_ask(const struct search_options *options, unsigned source, struct slice name)
{
	const struct search_rules *rules = &options->rules[source];

	return !filter_matches(options->blacklist, name) && !filter_matches(rules->blacklist, name) &&
	       (rules->whitelist == NULL || filter_matches(rules->whitelist, name));
}

static enum flight_outcome walk_sources(struct searching *s)
{
	const struct search_options *options = &s->searcher->options;

	for (unsigned i = 0; i < options->source_count; i++) {
		if (is_cancelled(s->searcher)) {
			set_cause(s, "", "stopped");
			return FLIGHT_UNKNOWN;
		}
		if (s->keep_raw && options->sources[i].kind == SOURCE_DIRECTORY)
			s->any_excluded = true;
		else if (!may_ask(options, i, s->module.debug_file))
			s->any_excluded = true;
		else if (try_source(s, &options->sources[i]))
			return FLIGHT_FOUND;
	}
	if (s->any_unknown)
		return FLIGHT_UNKNOWN;
	if (!s->any_excluded)
		remember_absent(s);
	return FLIGHT_ABSENT;
}

/*
 * A raw file outranks every source.  One that cannot be used is removed: with
 * it there, no table of another source would count.  FLIGHT_NONE: there is none.
 */
static enum flight_outcome try_raw(struct searching *s)
{
	struct upstream_result got = {0};
	struct state *state = s->searcher->env->state;
	struct err err = ERR_INIT;
	bool published;
	int result;

	if (raw_identity(state, s->key) == 0)
		return FLIGHT_NONE;
	sink_begin(s, &err);
	s->from_raw = true;
	result = raw_read(state, s->key, sink_data, s, &got.identity, &err);
	published = result == 1 && publish(s, &got);
	s->from_raw = false;
	drop_compaction(s);
	if (published)
		return FLIGHT_FOUND;
	if (result < 0 && s->refused)
		note_refused(s, err.msg);
	else if (result < 0)
		note_cause(s, err.msg);
	if ((result < 0 && !s->refused) || s->any_unknown)
		return FLIGHT_UNKNOWN;
	if (raw_remove(state, s->key, &err) > 0)
		log_warning("%.*s: its raw file cannot be used and is removed", SLICE_PRINT(s->key));
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

	if (is_published(s, &err))
		return FLIGHT_FOUND;
	if (err.code == ERR_CORRUPT && environment_condemn(s->searcher->env, err.msg, &err) < 0) {
		set_cause(s, "", err.msg);
		return FLIGHT_UNKNOWN;
	}
	return search_anew(s);
}

static enum flight_outcome search_raw_locked(struct searching *s)
{
	struct err err = ERR_INIT;

	if (kept_forget(s->searcher->env, s->module, s->key, &err) < 0) {
		note_cause(s, err.msg);
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
	if (environment_refresh(env, &err) < 0) {
		set_cause(s, "", err.msg);
	} else if (lock_key(s)) {
		s->result->outcome = locked(s);
		file_unlock(env->state->fetch_fd, environment_key_offset(s->key), 1);
	}
	count(s, outcome_counters[s->result->outcome], 1);
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
