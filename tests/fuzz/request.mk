# request bodies
check_PROGRAMS += tests/fuzz/replay_request
tests_fuzz_replay_request_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_request.c tests/fuzz/fuzz.h
tests_fuzz_replay_request_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -DREPLAY_CORPUS='"request"'
tests_fuzz_replay_request_LDADD = libprotocol.a libsymbols.a libbase.a
TESTS += tests/fuzz/replay_request
EXTRA_DIST += tests/fuzz/corpus/request

if FUZZERS
fuzz_targets += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_request_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_request_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_request_LDADD = libprotocol.a libsymbols.a libbase.a
endif
