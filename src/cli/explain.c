/* SPDX-License-Identifier: MIT */
/* symbolicate explain. */
#include "cli/cache_args.h"

#include "base/clock.h"
#include "base/num.h"
#include "cli/facts.h"
#include "config/url.h"
#include "engine/open_tables.h"
#include "engine/settings.h"
#include "upstream/local.h"
#include "upstream/url.h"

#include <stdio.h>
#include <sysexits.h>

static const char usage[] =
	"Usage: symbolicate explain [--json] [OPTION]... MODULE ID [ADDRESS]\n\n"
	"Says where the answers for a module come from: the table that is held, what is known to\n"
	"be absent, the search under way, and which sources would be asked in which order.  With\n"
	"an address (hexadecimal) also what names it.  Nothing is downloaded or changed.\n\n"
	"      --json              one JSON object\n"
	CLI_CONFIG_USAGE;

enum { RING_BYTES = 1 << 20 };

struct explaining {
	struct cache_command command;
	struct module_name module;
	bool has_address;
	uint64_t address;
	struct buf key, spelling;
	struct settings_sources sources;
	struct search_options search;
	struct store_absent said[STORE_ABSENT_SOURCES]; /* what sources said of it, and still counts */
	int said_count;
	struct local_index *index;
	struct facts facts;
	/* what came out */
	bool has_table, is_current, is_damaged, is_under_way, any_allowed, any_to_ask, any_unknown;
	struct store_table table;
	uint64_t local_identity;
};

/* ---- the local file ---- */

static void explain_local_file(struct explaining *e)
{
	struct facts *facts = &e->facts;
	int found = 0;

	facts_open(facts, "local_file");
	for (unsigned i = 0; i < e->sources.directory_count && found != 1; i++) {
		struct local_file file;
		struct err err = ERR_INIT;

		found = local_find(&file, e->index, e->sources.items[i].location, e->module, &err);
		if (found != 1)
			continue;
		e->local_identity = file.identity;
		facts_string(facts, "path", file.path);
		facts_number(facts, "bytes", (uint64_t)file.info.st_size);
		facts_date(facts, "modified", (uint64_t)file.info.st_mtim.tv_sec);
		local_close(&file);
	}
	facts_bool(facts, "found", found == 1);
	facts_close(facts);
}

/* ---- what is kept ---- */

static void explain_held(struct explaining *e, uint64_t page_bytes)
{
	struct facts *facts = &e->facts;
	const struct store_table *table = &e->table;
	char generation[20];

	e->is_current = table->source == e->local_identity;
	e->is_damaged = state_bad_table_has(e->command.state, table->id);
	facts_number(facts, "id", table->id);
	facts_number(facts, "bytes", table->pages * page_bytes);
	facts_number(facts, "text_bytes", table->text_bytes);
	facts_date(facts, "made", table->made_s);
	facts_date(facts, "used", store_used_s(e->command.env.store, table));
	facts_string(facts, "source", table->source ? "local" : "server");
	snprintf(generation, sizeof(generation), "%016llx", (unsigned long long)table->generation);
	if (table->generation)
		facts_string(facts, "generation", generation);
	facts_bool(facts, "current", e->is_current);
	facts_bool(facts, "damaged", e->is_damaged);
}

/* Inside a read. */
static int explain_kept(struct explaining *e, uint64_t page_bytes, struct err *err)
{
	struct facts *facts = &e->facts;
	struct store *store = e->command.env.store;
	int found = store_find(store, buf_slice(&e->key), &e->table, err);

	if (found < 0)
		return -1;
	e->has_table = found == 1;
	facts_open(facts, "table");
	facts_bool(facts, "held", e->has_table);
	if (e->has_table)
		explain_held(e, page_bytes);
	facts_close(facts);
	e->said_count = store_absent_get(store, buf_slice(&e->spelling), clock_wall_s(), e->said, err);
	return e->said_count < 0 ? -1 : 0;
}

static int explain_store(struct explaining *e, struct err *err)
{
	struct store *store = e->command.env.store;
	struct store_stat stat;
	int result;

	if (store_stat(store, &stat, err) < 0 || store_read_begin(store, err) < 0)
		return -1;
	result = explain_kept(e, stat.page_bytes, err);
	store_read_end(store);
	return result;
}

/* ---- flights ---- */

static const char *const flight_states[] = {
	[FLIGHT_FREE] = "none", [FLIGHT_QUEUED] = "queued", [FLIGHT_RUNNING] = "running", [FLIGHT_DONE] = "landed",
};
static const char *const flight_outcomes[] = {
	[FLIGHT_NONE] = "none", [FLIGHT_FOUND] = "found", [FLIGHT_ABSENT] = "absent", [FLIGHT_UNKNOWN] = "unknown",
};

static void explain_flight(struct explaining *e, const struct state_flight *flight)
{
	struct facts *facts = &e->facts;
	uint32_t state = atomic_load(&flight->state);

	facts_string(facts, "state", state <= FLIGHT_DONE ? flight_states[state] : "?");
	facts_number(facts, "instance", flight->instance);
	facts_number(facts, "attempts", flight->attempts);
	facts_number(facts, "text_bytes", atomic_load(&flight->bytes));
	if (state != FLIGHT_DONE)
		return;
	facts_string(facts, "outcome", flight->outcome <= FLIGHT_UNKNOWN ? flight_outcomes[flight->outcome] : "?");
	facts_number(facts, "seconds_ago", (clock_mono_ms() - flight->since_ms) / 1000);
	if (flight->cause[0])
		facts_text(facts, "cause", slice_make(flight->cause, strnlen(flight->cause, sizeof(flight->cause))));
}

/* The one under way, else the one that landed last. */
static void explain_flights(struct explaining *e)
{
	const struct state_flight *flight = flight_last(e->command.state, buf_slice(&e->key));

	facts_open(&e->facts, "search");
	if (flight)
		explain_flight(e, flight);
	else
		facts_string(&e->facts, "state", "none");
	facts_close(&e->facts);
	e->is_under_way = flight && atomic_load(&flight->state) != FLIGHT_DONE;
}

/* ---- sources ---- */

static const char *const forbidden_by[] = {
	[SOURCES_BLACKLISTED] = "general.blacklist",
	[SOURCES_BLACKLISTED_HERE] = "the server's blacklist",
	[SOURCES_NOT_WHITELISTED] = "the server's whitelist",
};

static void explain_directory(struct explaining *e, const char *dir)
{
	struct facts *facts = &e->facts;
	struct local_file file;
	struct err err = ERR_INIT;
	int found = local_find(&file, e->index, dir, e->module, &err);

	facts_string(facts, "directory", dir);
	if (found < 0)
		facts_string(facts, "error", err.msg);
	else
		facts_bool(facts, "has_file", found);
	if (found == 1)
		facts_string(facts, "path", file.path);
	local_close(&file);
}

/* Without user and password, and without the query, which may be an access token. */
static void explain_url(struct explaining *e, const char *base)
{
	struct buf text = BUF_INIT, shown = BUF_INIT;
	struct slice redacted;
	const char *query;

	url_add_symbols(&text, base, e->module);
	url_add_redacted(&shown, buf_slice(&text));
	redacted = buf_slice(&shown);
	query = memchr(redacted.data, '?', redacted.len);
	if (query)
		redacted.len = (size_t)(query - redacted.data);
	facts_text(&e->facts, "url", redacted);
	buf_release(&text);
	buf_release(&shown);
}

static const char *const causes[UPSTREAM_CAUSES] = {
	[UPSTREAM_CAUSE_ABSENT] = "absent",
	[UPSTREAM_CAUSE_CONTENT] = "no symbol file",
	[UPSTREAM_CAUSE_DENIED] = "denied",
	[UPSTREAM_CAUSE_TRANSPORT] = "no answer",
	[UPSTREAM_CAUSE_BUSY] = "busy",
	[UPSTREAM_CAUSE_SERVER] = "an error of the server",
};

static void explain_said(struct explaining *e, const struct upstream_source *source)
{
	for (int i = 0; i < e->said_count; i++) {
		const struct store_absent *said = &e->said[i];

		if (said->source != source->identity)
			continue;
		facts_string(&e->facts, "said", said->cause < UPSTREAM_CAUSES && causes[said->cause] ? causes[said->cause] : "?");
		facts_date(&e->facts, "until", (uint64_t)said->made_s + said->lasts_s);
	}
}

/* What a search would come to: as sources_remembered() goes through them, but for local directories. */
static bool explain_memory(struct explaining *e, unsigned i)
{
	const struct upstream_source *source = &e->sources.items[i];
	enum sources_word word = SOURCES_SILENT;
	bool left_alone = e->command.state && upstream_is_left_alone(e->command.state, source);

	explain_said(e, source);
	if (source->kind == SOURCE_URL)
		facts_bool(&e->facts, "left_alone", left_alone);
	word = sources_said(source, e->said, e->said_count);
	e->any_to_ask |= word == SOURCES_SILENT && !left_alone;
	e->any_unknown |= word == SOURCES_UNKNOWN || (word == SOURCES_SILENT && left_alone);
	return word == SOURCES_SILENT && !left_alone;
}

static void explain_source(struct explaining *e, unsigned i)
{
	const struct upstream_source *source = &e->sources.items[i];
	enum sources_permission permission = sources_permission(&e->search.sources, i, e->module.debug_file);
	bool asked = permission == SOURCES_ALLOWED;

	facts_open_item(&e->facts, i + 1);
	if (source->kind == SOURCE_DIRECTORY)
		explain_directory(e, source->location);
	else
		explain_url(e, source->location);
	e->any_allowed |= asked;
	if (asked)
		asked = explain_memory(e, i);
	else
		facts_string(&e->facts, "forbidden_by", forbidden_by[permission]);
	facts_bool(&e->facts, "asked", asked);
	facts_close(&e->facts);
}

static void explain_sources(struct explaining *e)
{
	facts_open_list(&e->facts, "sources");
	for (unsigned i = 0; i < e->sources.count; i++)
		explain_source(e, i);
	facts_close_list(&e->facts);
}

/* ---- what it comes to ---- */

static const char *next_answer(const struct explaining *e)
{
	if (e->has_table && e->is_current && !e->is_damaged)
		return "the table";
	if (e->is_under_way)
		return "the search under way";
	if (!e->any_allowed)
		return "not found: no source may be asked";
	if (!e->any_to_ask && !e->local_identity && e->any_unknown)
		return "not found for now: what sources said lately is remembered";
	if (!e->any_to_ask && !e->local_identity)
		return "not found: it is remembered as absent";
	if (e->has_table && e->is_damaged)
		return "a new search: the table is damaged";
	if (e->has_table)
		return "a new search: the table is not of the file that is there now";
	return "a new search";
}

static void explain_outcome(struct explaining *e)
{
	const struct config *config = e->command.config;
	bool asks_memcached = config->sym_server.memcached_servers.count &&
			      !(e->has_table && e->is_current && !e->is_damaged);

	facts_bool(&e->facts, "memcached_first", asks_memcached);
	facts_string(&e->facts, "next_answer", next_answer(e));
}

/* ---- the address ---- */

static void add_frame(struct facts *facts, const struct symbol_frame *frame)
{
	facts_text(facts, "function", frame->function);
	if (frame->file.data)
		facts_text(facts, "file", frame->file);
	if (frame->line)
		facts_number(facts, "line", frame->line);
}

static void add_hex(struct facts *facts, const char *name, uint64_t value)
{
	struct buf text = BUF_INIT;

	buf_add_text(&text, "0x");
	buf_add_hex(&text, value);
	facts_text(facts, name, buf_slice(&text));
	buf_release(&text);
}

static void add_answer(struct explaining *e, const struct symbol_answer *answer, const char *rule)
{
	struct facts *facts = &e->facts;

	facts_string(facts, "rule", rule);
	if (answer == NULL)
		return;
	add_frame(facts, &answer->outer);
	add_hex(facts, "function_start", answer->function_start);
	if (answer->inline_count == 0)
		return;
	facts_open_list(facts, "inlines");
	for (uint32_t i = 0; i < answer->inline_count; i++) {
		facts_open_item(facts, i + 1);
		add_frame(facts, &answer->inlines[i]);
		facts_close(facts);
	}
	facts_close_list(facts);
}

static const char *rule_of(const struct symbol_answer *answer, bool is_public)
{
	if (is_public)
		return "PUBLIC: no function covers it, and this symbol is the last one before it";
	if (answer->inline_count)
		return "FUNC, with functions inlined there";
	return answer->outer.file.data ? "FUNC, with a line record" : "FUNC, without a line record there";
}

static int look_up(struct explaining *e, struct table *table, const struct table_source *source, struct arena *arena,
		   struct err *err)
{
	struct symbol_answer answer;
	bool is_public = false;
	int found = table_lookup(table, source, e->address, arena, &answer, err);

	if (found > 0)
		found = table_covering(table, source, e->address, &is_public, err);
	if (found > 0)
		add_answer(e, &answer, rule_of(&answer, is_public));
	if (found != 0)
		return found;
	found = table_lookup_nearest(table, source, e->address, arena, &answer, err);
	if (found > 0)
		add_answer(e, &answer, "none covers it; with SymServer.lookup \"nearest\" POST / gives the nearest below");
	else if (found == 0)
		add_answer(e, NULL, "none covers it, and none is below it");
	return found;
}

/* Inside a read. */
static int open_and_look_up(struct explaining *e, struct err *err)
{
	struct table_view view = {.store = e->command.env.store, .table_id = e->table.id};
	struct table_source source = table_view_source(&view);
	struct names_ring *ring = names_ring_new(RING_BYTES);
	struct arena arena = ARENA_INIT;
	struct table *table;
	int result = table_open(&table, &source, ring, err);

	if (result == 0) {
		result = look_up(e, table, &source, &arena, err);
		table_close(table);
	}
	arena_release(&arena);
	names_ring_free(ring);
	return result < 0 ? -1 : 0;
}

/* A table that cannot be read is an answer, too. */
static void explain_address(struct explaining *e)
{
	struct store *store = e->command.env.store;
	struct err err = ERR_INIT;
	int result;

	facts_open(&e->facts, "address");
	add_hex(&e->facts, "offset", e->address);
	if (e->has_table) {
		result = store_read_begin(store, &err);
		if (result == 0) {
			result = open_and_look_up(e, &err);
			store_read_end(store);
		}
		if (result < 0)
			facts_string(&e->facts, "error", err.msg);
	} else {
		facts_string(&e->facts, "rule", "no table is held");
	}
	facts_close(&e->facts);
}

/* ---- the command ---- */

static void explain_module(struct explaining *e)
{
	facts_text(&e->facts, "debug_file", e->module.debug_file);
	facts_text(&e->facts, "debug_id", e->module.debug_id);
	facts_text(&e->facts, "key", buf_slice(&e->key));
	facts_string(&e->facts, "cache", e->command.state ? e->command.config->disk_cache.cache_path : "none yet");
}

static int explain(struct explaining *e)
{
	struct cli *cli = &e->command.cli;
	struct err err = ERR_INIT;
	int status;

	if (settings_sources_init(&e->sources, e->command.config, &err) < 0) {
		cli_fail(cli, &err);
		return EX_CONFIG;
	}
	settings_search(e->command.config, &e->sources, &e->search);
	facts_begin(&e->facts, e->command.is_json);
	explain_module(e);
	explain_local_file(e);
	if (e->command.state) {
		if (explain_store(e, &err) < 0)
			return cli_fail(cli, &err);
		explain_flights(e);
	}
	explain_sources(e);
	explain_outcome(e);
	if (e->has_address)
		explain_address(e);
	facts_end(&e->facts);
	status = cli_flush(&e->facts.out) ? EX_OK : EX_IOERR;
	return status;
}

static bool parse_address(const char *text, uint64_t *ret)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	return num_parse_hex(slice_of(text), ret);
}

/* What the arguments say.  EX_OK, or what the command returns. */
static int take_arguments(struct explaining *e)
{
	static const struct option options[] = {CLI_CONFIG_OPTIONS, CACHE_OPTION_JSON, {NULL, 0, NULL, 0}};
	struct cache_command *command = &e->command;
	struct cli *cli = &command->cli;
	char **arguments;
	int count;

	if (!cache_parse(command, options))
		return cli->status;
	arguments = cli->argv + optind;
	count = cli->argc - optind;
	if (count < 2 || count > 3)
		return cli_usage_error(cli, "a module, its debug id and perhaps an address are wanted");
	e->module = (struct module_name){slice_of(arguments[0]), slice_of(arguments[1])};
	if (!module_is_askable(e->module))
		return cli_usage_error(cli, "%s %s: no such module can exist", arguments[0], arguments[1]);
	e->has_address = count == 3;
	if (e->has_address && !parse_address(arguments[2], &e->address))
		return cli_usage_error(cli, "%s is no address", arguments[2]);
	module_add_key(&e->key, e->module);
	module_add_spelling(&e->spelling, e->module);
	return EX_OK;
}

int command_explain(int argc, char **argv)
{
	struct local_index_options index_options = {.shared_dir = NULL};
	struct explaining e = {
		.command = {.cli = {.argc = argc, .argv = argv, .usage = usage}, .may_be_missing = true},
		.index = local_index_new(&index_options),
	};
	int status = take_arguments(&e);

	if (e.key.len)
		status = cache_open(&e.command) ? explain(&e) : e.command.cli.status;
	local_index_free(e.index);
	settings_sources_release(&e.sources);
	cache_close(&e.command);
	buf_release(&e.facts.out);
	buf_release(&e.key);
	buf_release(&e.spelling);
	return status;
}
