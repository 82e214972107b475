bench_targets += tests/bench/protocol_bench
tests_bench_protocol_bench_SOURCES = tests/bench/protocol_bench.c
tests_bench_protocol_bench_LDADD = libprotocol.a libsymbols.a libbase.a
