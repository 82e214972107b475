# tests/bench: each program prints one JSON line per figure; `make bench` runs those that need no data
bench_targets =
include tests/bench/symbols.mk
include tests/bench/protocol.mk
EXTRA_PROGRAMS += $(bench_targets)
CLEANFILES += $(bench_targets)

bench: $(bench_targets)
	@for program in $(bench_targets); do ./$$program || exit 1; done
.PHONY: bench
