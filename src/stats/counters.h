/* SPDX-License-Identifier: MIT */
/* Every counter there is: one row each, for reports, metrics and tests. */
#ifndef STATS_COUNTERS_H
#define STATS_COUNTERS_H

/*
 * X(name, help).  Counters only grow.  A frame, module or request is counted
 * when its answer is known; `flights_*` are about getting a module that is not
 * held, `fetch_*` about what a fetcher's search came to.
 */
#define COUNTERS(X) \
	X(requests, "requests read from the web server") \
	X(requests_snappy, "symbolication requests on /") \
	X(requests_v4, "symbolication requests on /symbolicate/v4") \
	X(requests_v5, "symbolication requests on /symbolicate/v5") \
	X(requests_invalid, "requests refused as malformed (4xx)") \
	X(requests_too_large, "requests refused by a limit (413)") \
	X(requests_busy, "requests answered 503") \
	X(requests_broken, "connections that did not hold a whole request") \
	X(clients_gone, "clients that left before their answer") \
	X(frames, "frames asked for") \
	X(frames_resolved, "frames answered with a function") \
	X(modules, "distinct modules asked for") \
	X(tables_hit, "modules whose table was held here") \
	X(tables_missed, "modules whose table was not held here") \
	X(tables_damaged, "tables found damaged while reading") \
	X(absent_hit, "modules known to be absent") \
	X(unknown_hit, "modules whose sources failed lately") \
	X(addrcache_hit, "addresses answered by memcached") \
	X(addrcache_missed, "addresses memcached did not know") \
	X(addrcache_failed, "memcached operations that failed or timed out") \
	X(addrcache_added, "addresses offered to memcached") \
	X(flights_begun, "searches for a module begun") \
	X(flights_joined, "searches joined that others had begun") \
	X(flights_over_cap, "searches not waited for: too many workers waiting") \
	X(flights_unsettled, "searches given up at the deadline") \
	X(flights_crashed, "searches whose fetcher died") \
	X(fetch_found, "searches that brought a table") \
	X(fetch_absent, "searches in which every source said no") \
	X(fetch_unknown, "searches that failed otherwise") \
	X(fetch_refused, "files that were found and not usable") \
	X(sources_left_alone, "sources not asked because they had failed") \
	X(http_requests, "requests sent to symbol servers") \
	X(download_bytes, "bytes received from symbol servers") \
	X(texts_deferred, "symbol files kept in a file for a while: all builders were busy") \
	X(tables_built, "symbol tables built and published") \
	X(text_bytes, "bytes of symbol files compacted") \
	X(records_skipped, "bad records skipped in symbol files") \
	X(store_moved_aside, "databases found damaged and moved aside") \
	X(children_started, "processes started") \
	X(children_died, "processes that ended unasked") \
	X(children_hung, "processes that were ended because nothing moved in them")

enum counter {
#define X(name, help) COUNTER_##name,
	COUNTERS(X)
#undef X
	COUNTER_COUNT
};

/* Name and help by number. */
extern const char *const counter_names[COUNTER_COUNT];
extern const char *const counter_help[COUNTER_COUNT];

#endif
