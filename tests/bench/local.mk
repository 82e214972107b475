# Figures: `make bench`, and `make bench-compare BASE=revision`; tests/bench/README.md tells what they are.
# Nothing of it is part of `make check`: what takes time is no test.

# Programs that run.sh calls, one or several times for each figure ...
bench_parts = \
	tests/bench/big_sym \
	tests/bench/hello_fcgi \
	tests/bench/lookup_bench \
	tests/bench/make_requests \
	tests/bench/open_load \
	tests/bench/symbolicate-fcgi-parts \
	tests/bench/yardsticks
# ... and those that print their figures themselves: others add theirs to this list.
bench_targets =
include tests/bench/symbols.mk
include tests/bench/protocol.mk

tests_bench_big_sym_SOURCES = tests/bench/big_sym.c
tests_bench_big_sym_LDADD = libbase.a

tests_bench_hello_fcgi_SOURCES = tests/bench/hello_fcgi.c
tests_bench_hello_fcgi_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS)
tests_bench_hello_fcgi_LDADD = $(FCGI_LIBS)

tests_bench_lookup_bench_SOURCES = \
	tests/bench/lookup_bench.c \
	tests/bench/search_yardstick.c tests/bench/search_yardstick.h \
	tests/bench/sym_functions.c tests/bench/sym_functions.h
# to tell the parts of a first lookup apart
tests_bench_lookup_bench_LDFLAGS = -Wl,--wrap=table_checksum -Wl,--wrap=names_decode
tests_bench_lookup_bench_LDADD = libengine.a libstore.a libsymbols.a libbase.a \
	$(LMDB_LIBS) $(ZSTD_LIBS)

tests_bench_make_requests_SOURCES = \
	tests/bench/make_requests.c \
	tests/bench/sym_functions.c tests/bench/sym_functions.h
tests_bench_make_requests_LDADD = libsymbols.a libbase.a

tests_bench_open_load_SOURCES = tests/bench/open_load.c
tests_bench_open_load_LDADD = libbase.a

# the server, with its parts timed
tests_bench_symbolicate_fcgi_parts_SOURCES = tests/bench/request_parts.c $(symbolicate_fcgi_SOURCES)
tests_bench_symbolicate_fcgi_parts_CFLAGS = $(symbolicate_fcgi_CFLAGS)
tests_bench_symbolicate_fcgi_parts_LDFLAGS = \
	-Wl,--wrap=protocol_decode -Wl,--wrap=resolver_resolve -Wl,--wrap=protocol_encode
tests_bench_symbolicate_fcgi_parts_LDADD = $(symbolicate_fcgi_LDADD)

tests_bench_yardsticks_SOURCES = \
	tests/bench/yardsticks.c \
	tests/bench/search_yardstick.c tests/bench/search_yardstick.h
tests_bench_yardsticks_CFLAGS = $(AM_CFLAGS) $(LMDB_CFLAGS)
tests_bench_yardsticks_LDADD = libbase.a $(LMDB_LIBS)

EXTRA_PROGRAMS += $(bench_parts) $(bench_targets)
CLEANFILES += $(bench_parts) $(bench_targets)
EXTRA_DIST += tests/bench/README.md tests/bench/goals.json tests/bench/post.lua \
	tests/bench/builds.py tests/bench/cold.sh tests/bench/compare.sh tests/bench/corpus.sh tests/bench/ingest.sh tests/bench/lib.sh \
	tests/bench/lookup.sh tests/bench/requests.sh tests/bench/run.sh tests/bench/servers.sh \
	tests/bench/table.sh tests/bench/yardsticks.sh

bench_environment = top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	BENCH_SANITIZERS='$(sanitizers_enabled)' BENCH_TARGETS='$(bench_targets)'

# make bench PARTS='ingest lookup': only these
.PHONY: bench bench-compare
bench: $(bench_parts) $(bench_targets) symbolicate symbolicate-fcgi
	@$(bench_environment) bash $(top_srcdir)/tests/bench/run.sh $(PARTS)

bench-compare: $(bench_parts) symbolicate
	@$(bench_environment) bash $(top_srcdir)/tests/bench/compare.sh '$(BASE)'
