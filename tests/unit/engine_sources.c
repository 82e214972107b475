/* SPDX-License-Identifier: MIT */
/* src/engine: the sources of a configuration, and what follows from what they said. */
#include "tap.h"

#include "engine/settings.h"

#include <stdlib.h>

static struct config *config;
static struct settings_sources sources;
static struct resolver_options resolver;

static void configure(const char *text)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct err err = ERR_INIT;

	if (config) {
		settings_sources_release(&sources);
		config_free(config);
	}
	config = config_new();
	config_load_text(config, slice_of(text), "test", "/base", &problems);
	config_finish(config, &problems);
	CHECK_INT(problems.errors, 0);
	config_problems_release(&problems);
	if (!CHECK_INT(settings_sources_init(&sources, config, &err), 0))
		exit(99);
	settings_resolver(config, &sources, &resolver);
}

static void check_source(unsigned index, enum source_kind kind, const char *location, const char *origin)
{
	const struct upstream_source *source = &sources.items[index];

	CHECK_INT(source->kind, kind);
	CHECK_TEXT(slice_of(source->location), location);
	CHECK_TEXT(slice_of(source->origin), origin);
}

static void sources_have_their_order(void)
{
	configure("{}");
	CHECK_INT(sources.count, 1);
	check_source(0, SOURCE_URL, "https://symbols.mozilla.org/", "https://symbols.mozilla.org:443");
	CHECK(sources.items[0].public_only); /* known by name */
	CHECK_INT(sources.items[0].absent_s, 600);

	/* private names are not for Mozilla */
	configure("{\"servers\": [{\"remote\": \"http://sym.lan/\", \"type\": [\"breakpad\"]},"
		  "{\"remote\": \"http://msdl.lan/\"}]}");
	CHECK_INT(sources.count, 1);
	check_source(0, SOURCE_URL, "http://sym.lan/", "http://sym.lan:80");
	CHECK(!sources.items[0].public_only);

	configure("{\"DiskCache\": {\"localSymbolDirs\": [\"a\", \"/b\"], \"retryTimeout\": 7, "
		  "\"symbolURLs\": [\"http://joe:secret@First.example:8080/x?key=1\", \"http://second.example\"]},"
		  "\"servers\": [{\"remote\": \"/dir\", \"type\": [\"breakpad\", \"symstore\"]},"
		  "{\"remote\": \"https://last.example/\", \"type\": [\"breakpad\"], \"retryTimeout\": 9}]}");
	CHECK_INT(sources.count, 6);
	CHECK_INT(sources.directory_count, 2);
	check_source(0, SOURCE_DIRECTORY, "/base/a", "/base/a");
	check_source(1, SOURCE_DIRECTORY, "/b", "/b");
	check_source(2, SOURCE_URL, "http://joe:secret@First.example:8080/x?key=1", "http://first.example:8080");
	check_source(3, SOURCE_URL, "http://second.example", "http://second.example:80");
	check_source(4, SOURCE_DIRECTORY, "/dir", "/dir");
	check_source(5, SOURCE_URL, "https://last.example/", "https://last.example:443");
	CHECK_INT(sources.items[2].absent_s, 7);
	CHECK_INT(sources.items[5].absent_s, 9);
}

static void servers_have_settings_of_their_own(void)
{
	const struct upstream_source *first, *second;

	configure("{\"DiskCache\": {\"stallTimeoutMs\": 77, \"totalTimeoutMs\": 88}, \"servers\": ["
		  "{\"remote\": \"http://a/\", \"type\": [\"breakpad\"], \"connectTimeoutMs\": 1, "
		  "\"firstByteTimeoutMs\": 2, \"stallTimeoutMs\": 3, \"stallBytes\": 4, \"totalTimeoutMs\": 5, "
		  "\"maxRequests\": 6, \"proxy\": \"http://proxy/\", \"allowPrivate\": false, "
		  "\"headers\": {\"X-Key\": \"k e y\", \"X-None\": \"\"}},"
		  "{\"remote\": \"http://b/\", \"type\": [\"breakpad\"]}]}");
	CHECK_INT(sources.count, 2);
	first = &sources.items[0];
	second = &sources.items[1];
	CHECK(first->times.connect_timeout_ms == 1 && first->times.first_byte_timeout_ms == 2);
	CHECK(first->times.stall_timeout_ms == 3 && first->times.stall_bytes == 4);
	CHECK(first->times.total_timeout_ms == 5 && first->max_requests == 6 && first->public_only);
	CHECK_TEXT(slice_of(first->proxy), "http://proxy/");
	CHECK_INT(first->header_count, 2);
	CHECK_TEXT(slice_of(first->headers[0]), "X-Key: k e y");
	CHECK_TEXT(slice_of(first->headers[1]), "X-None;");
	CHECK(second->times.stall_timeout_ms == 77 && second->times.total_timeout_ms == 88);
	CHECK(second->proxy == NULL && second->header_count == 0 && !second->public_only);
	CHECK_INT(second->max_requests, 10);
}

static void entries_belong_to_a_place_and_its_limits(void)
{
	uint64_t first, other;

	configure("{\"DiskCache\": {\"symbolURLs\": [\"http://a/\", \"http://b/\"]}}");
	first = sources.items[0].identity;
	other = sources.items[1].identity;
	CHECK(first != other);
	configure("{\"DiskCache\": {\"symbolURLs\": [\"http://b/\", \"http://a/\"], \"retries\": 9}}");
	CHECK(sources.items[0].identity == other && sources.items[1].identity == first);
	configure("{\"DiskCache\": {\"symbolURLs\": [\"http://a/\"], \"maxSymbolMB\": 5}}");
	CHECK(sources.items[0].identity != first);
	configure("{\"DiskCache\": {\"symbolURLs\": [\"http://a/\"], \"maxDownloadMB\": 5}}");
	CHECK(sources.items[0].identity != first);
}

/* What is remembered of a module when the two sources were kept from bringing it by these. */
static enum sources_word remembered(int first, int second)
{
	static struct state_map map;
	struct state state = {.map = &map};
	struct store_absent entries[2] = {
		{.source = sources.items[0].identity, .cause = (uint32_t)first},
		{.source = sources.items[1].identity, .cause = (uint32_t)second},
	};

	return sources_remembered(&resolver.sources, &state, SLICE_LITERAL("lib.so"), entries, second < 0 ? 1 : 2);
}

static void one_unknown_makes_a_module_unknown(void)
{
	configure("{\"DiskCache\": {\"symbolURLs\": [\"http://a/\", \"http://b/\"]}}");
	CHECK_INT(remembered(UPSTREAM_CAUSE_ABSENT, -1), SOURCES_SILENT);
	CHECK_INT(remembered(UPSTREAM_CAUSE_ABSENT, UPSTREAM_CAUSE_CONTENT), SOURCES_ABSENT);
	CHECK_INT(remembered(UPSTREAM_CAUSE_ABSENT, UPSTREAM_CAUSE_TRANSPORT), SOURCES_UNKNOWN);
	CHECK_INT(remembered(UPSTREAM_CAUSE_DENIED, UPSTREAM_CAUSE_ABSENT), SOURCES_UNKNOWN);
	CHECK_INT(remembered(UPSTREAM_CAUSE_BUSY, -1), SOURCES_SILENT);
	/* who may not be asked has no say */
	configure("{\"DiskCache\": {\"symbolURLs\": [\"http://a/\"]}, \"servers\": [{\"remote\": \"http://b/\", "
		  "\"type\": [\"breakpad\"], \"whitelist\": [\"other\"]}]}");
	CHECK_INT(remembered(UPSTREAM_CAUSE_ABSENT, -1), SOURCES_ABSENT);
	configure("{\"DiskCache\": {\"symbolURLs\": [\"http://a/\", \"http://b/\"]}, "
		  "\"general\": {\"blacklist\": [\"lib\"]}}");
	CHECK_INT(remembered(UPSTREAM_CAUSE_SERVER, -1), SOURCES_ABSENT);
}

static void each_cause_has_its_time(void)
{
	static const struct {
		enum upstream_cause cause;
		unsigned seconds;
	} rows[] = {
		{UPSTREAM_CAUSE_NONE, 0},       {UPSTREAM_CAUSE_ABSENT, 123},   {UPSTREAM_CAUSE_CONTENT, 3600},
		{UPSTREAM_CAUSE_DENIED, 60},    {UPSTREAM_CAUSE_TRANSPORT, 30}, {UPSTREAM_CAUSE_BUSY, 45},
		{UPSTREAM_CAUSE_SERVER, 30},    {UPSTREAM_CAUSE_LOCAL, 0},      {UPSTREAM_CAUSE_LEFT_ALONE, 0},
	};
	const struct upstream_source source = {.absent_s = 123};

	CHECK_INT(TAP_COUNT(rows), UPSTREAM_CAUSES);
	for (size_t i = 0; i < TAP_COUNT(rows); i++) {
		struct upstream_result result = {.cause = rows[i].cause, .retry_after_s = 45};

		CHECK_INT(sources_memory_s(&source, &result), rows[i].seconds);
	}
}

static const struct tap_case cases[] = {
	{"sources have their order", sources_have_their_order},
	{"servers have settings of their own", servers_have_settings_of_their_own},
	{"entries belong to a place and its limits", entries_belong_to_a_place_and_its_limits},
	{"one unknown makes a module unknown", one_unknown_makes_a_module_unknown},
	{"each cause has its time", each_cause_has_its_time},
};

int main(void)
{
	int result = tap_run(cases, TAP_COUNT(cases));

	settings_sources_release(&sources);
	config_free(config);
	return result;
}
