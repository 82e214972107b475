# tests/fuzz: targets, each with a corpus that `make check` replays; `make fuzz` after --enable-fuzzers with CC=clang
fuzz_targets =
include tests/fuzz/request.mk
EXTRA_PROGRAMS += $(fuzz_targets)
CLEANFILES += $(fuzz_targets)
FUZZ_SECONDS = 60

# New inputs are kept in the build folder; what is worth keeping goes into the corpus by hand.
fuzz: $(fuzz_targets)
	@test -n "$(fuzz_targets)" || { echo "configure with --enable-fuzzers and CC=clang"; exit 1; }
	@for target in $(fuzz_targets); do \
		corpus=$${target#tests/fuzz/fuzz_}; \
		mkdir -p fuzz-new/$$corpus || exit 1; \
		./$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
			fuzz-new/$$corpus $(top_srcdir)/tests/fuzz/corpus/$$corpus || exit 1; \
	done
.PHONY: fuzz
