# tests/naive: the referee and what is held against it
noinst_LIBRARIES += libnaive.a
libnaive_a_SOURCES = \
	tests/naive/naive_json.c tests/naive/naive_json.h \
	tests/naive/naive_rules.c tests/naive/naive_rules.h \
	tests/naive/sym_text.c tests/naive/sym_text.h

check_PROGRAMS += tests/naive/naive-lookup tests/naive/answers-to-json tests/naive/pick-addresses tests/naive/nasty-sym
tests_naive_naive_lookup_SOURCES = tests/naive/naive_lookup.c
tests_naive_naive_lookup_LDADD = libnaive.a
tests_naive_answers_to_json_SOURCES = tests/naive/answers_to_json.c
tests_naive_answers_to_json_LDADD = libnaive.a
tests_naive_pick_addresses_SOURCES = tests/naive/pick_addresses.c tests/naive/random.h
tests_naive_pick_addresses_LDADD = libnaive.a
tests_naive_nasty_sym_SOURCES = tests/naive/nasty.c tests/naive/random.h

naive_tests = \
	tests/naive/cases.sh \
	tests/naive/long_lines.sh \
	tests/naive/nasty.sh \
	tests/naive/corpus.sh \
	tests/naive/answers.sh
TESTS += $(naive_tests)

slow_tests += tests/naive/nasty.sh tests/naive/corpus.sh tests/naive/big.sh
# What takes minutes and gigabytes: no part of `make check`.
.PHONY: check-slow
check-slow: tests/bench/big_sym$(EXEEXT)
	NASTY_SEEDS=500 CORPUS_MAX_MB=1000000 $(MAKE) check TESTS='$(slow_tests)'
	KILLS_FETCHERS=300 KILLS_OTHERS=100 KILLS_INTERVAL=0.6 KILLS_MODULES=40 KILLS_MAX_MB=20 KILLS_CACHE_MB=20 \
		E2E_LIMIT_S=1200 $(MAKE) check TESTS=tests/e2e/kills.sh
	KILLS_INSTANCES=2 KILLS_FETCHERS=100 KILLS_OTHERS=100 $(MAKE) check TESTS=tests/e2e/kills.sh

EXTRA_DIST += $(naive_tests) tests/naive/big.sh \
	tests/naive/README.md tests/naive/lookup.sh tests/naive/skipped.sh \
	tests/naive/check_answers.sh tests/naive/check_cases.sh tests/naive/check_long_lines.sh tests/naive/compare.sh \
	tests/cases/sym
