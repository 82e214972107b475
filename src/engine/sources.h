/* SPDX-License-Identifier: MIT */
/* The sources of a configuration, and what is remembered of what they said. */
#ifndef ENGINE_SOURCES_H
#define ENGINE_SOURCES_H

#include "filter/filter.h"
#include "store/store.h"
#include "upstream/upstream.h"

/* What a source may be asked for, by debug file name; NULL: no such rule. */
struct source_rules {
	const struct filter *whitelist, *blacklist;
};

struct sources {
	const struct upstream_source *items; /* in order of preference */
	const struct source_rules *rules;    /* of each */
	unsigned count;
	unsigned directory_count;       /* localSymbolDirs: they come first */
	const struct filter *blacklist; /* of names that no source is asked for */
};

bool sources_may_ask(const struct sources *sources, unsigned index, struct slice debug_file);

/* For how long a fetch without a file is remembered; 0: not at all. */
unsigned sources_memory_s(const struct upstream_source *source, const struct upstream_result *result);

/*
 * ABSENT: it has none that can be used.  UNKNOWN: something else is remembered
 * of it, be it in the entries, be it that it is left alone.  SILENT: ask.
 */
enum sources_word { SOURCES_SILENT, SOURCES_ABSENT, SOURCES_UNKNOWN };

/* What one source said of a module, by the module's negative entries. */
enum sources_word sources_said(const struct upstream_source *source, const struct store_absent *entries,
			       int count);

/* What all that may be asked said: ABSENT only where each did, SILENT where one is to be asked. */
enum sources_word sources_remembered(const struct sources *sources, const struct state *state,
				     struct slice debug_file, const struct store_absent *entries, int count);

#endif
