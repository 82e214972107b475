# src/symbols: lookups to compare with the referee's, and figures
symbols_bench_sources = tests/unit/memory_table.c tests/unit/memory_table.h
EXTRA_PROGRAMS += tests/bench/symbols-lookup
tests_bench_symbols_lookup_SOURCES = tests/bench/symbols_lookup.c $(symbols_bench_sources)
tests_bench_symbols_lookup_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_bench_symbols_lookup_LDADD = libsymbols.a libbase.a $(ZSTD_LIBS)

EXTRA_PROGRAMS += tests/bench/symbols-bench
tests_bench_symbols_bench_SOURCES = tests/bench/symbols_bench.c $(symbols_bench_sources)
tests_bench_symbols_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_bench_symbols_bench_LDADD = libsymbols.a libbase.a $(ZSTD_LIBS)
