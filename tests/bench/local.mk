# tests/bench
include tests/bench/symbols.mk
