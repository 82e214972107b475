bin_PROGRAMS += symbolicate
symbolicate_SOURCES = \
	src/cli/main.c \
	src/cli/answer_text.c src/cli/answer_text.h \
	src/cli/cache.c \
	src/cli/cache_args.c src/cli/cache_args.h \
	src/cli/cache_list.c \
	src/cli/cache_purge.c \
	src/cli/cache_verify.c \
	src/cli/cli.c src/cli/cli.h \
	src/cli/compact.c \
	src/cli/config_args.c src/cli/config_args.h \
	src/cli/config_commands.c \
	src/cli/counters.c \
	src/cli/explain.c \
	src/cli/facts.c src/cli/facts.h \
	src/cli/lookup.c src/cli/lookup_target.h \
	src/cli/lookup_file.c \
	src/cli/lookup_module.c \
	src/cli/memory_table.c src/cli/memory_table.h \
	src/cli/sym_file.c src/cli/sym_file.h \
	src/cli/temp_store.c src/cli/temp_store.h
symbolicate_LDADD = \
	libengine.a libupstream.a libaddrcache.a libstore.a libfilter.a libsymbols.a libstats.a libconfig.a libbase.a \
	$(CURL_LIBS) $(MEMCACHED_LIBS) $(LMDB_LIBS) $(JSONC_LIBS) $(PCRE2_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS)
