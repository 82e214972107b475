/* SPDX-License-Identifier: MIT */
/* Searching for a module: source by source, until one has a usable symbol file; then compacting and publishing it. */
#ifndef ENGINE_SEARCH_H
#define ENGINE_SEARCH_H

#include "engine/environment.h"
#include "engine/sources.h"

/* Runs in fetchers and in commands; never in a worker. */
struct search_options {
	struct sources sources;
	const char *tmp_dir;
	uint64_t max_text_bytes;
	unsigned builders;       /* processes on the cache directory that may compact at a time; 0: no limit */
	bool (*cancelled)(void *ctx); /* asked while waiting for a lock or a builder; NULL: never */
	void (*progress)(void *ctx, uint64_t text_bytes); /* NULL: nobody asks */
	void *ctx;
};

struct searcher {
	struct search_options options;
	struct environment *env;
	struct upstream *upstream;
	struct state_slot *slot; /* counters; NULL in commands */
};

struct search_result {
	enum flight_outcome outcome;
	uint64_t download_us, build_us, insert_us, wire_bytes;
	char cause[STATE_CAUSE_BYTES]; /* why it is not there */
};

/*
 * Takes the key's lock, looks again whether somebody else was faster, and goes
 * through the sources, but for those which said something lately that is still
 * remembered.  A file that is refused counts like a missing one: the next source
 * is tried.  FLIGHT_ABSENT only when every source that may be asked said no, or
 * had a file that cannot be used.  What each said is remembered for its time.
 */
void search_module(struct searcher *searcher, struct module_name module, struct slice key,
		   struct search_result *ret);

#endif
