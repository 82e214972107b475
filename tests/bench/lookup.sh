# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Addresses to named frames through the store, in one process: CPU time, all frames with names and paths.

: "${BENCH_RANDOM:=1000000}"
: "${BENCH_SORTED:=60000}"
: "${BENCH_FIRST:=50}"

# make_store BUILD: sets $store to one with the table of $sym.
make_store() {
	store=$work/store
	rm -rf "$store"
	"$1/symbolicate" compact --store "$store" "$sym" >/dev/null
}

# lookups MODE COUNT ROUNDS: samples of one process.
lookups() { "$programs/lookup_bench" "$@" "$store" "$sym"; }

# The same from a process per sample.
fresh_lookups() {
	for ((i = 0; i < samples; i++)); do lookups "$1" "$2" 1; done
}

lookup_figures() {
	figure lookup.random.cold "$label" us search < <(fresh_lookups random "$BENCH_RANDOM" | per_us)
	# the first pass fills the ring of names
	figure lookup.random.warm "$label" us search < <(lookups random "$BENCH_RANDOM" $((samples + 1)) | sed 1d | per_us)
	figure lookup.sorted.warm "$label" us search < <(lookups sorted-warm "$BENCH_SORTED" "$samples" | per_us)
	figure lookup.sorted.cold "$label" us search < <(lookups sorted-cold "$BENCH_SORTED" "$samples" | per_us)
	fresh_lookups first "$BENCH_FIRST" >"$work/rows"
	first_figure lookup.first.open 1
	first_figure lookup.first 2
	first_figure lookup.first.part.open 3
	first_figure lookup.first.part.checksums 4
	first_figure lookup.first.part.names 5
	first_figure lookup.first.part.rest 6
}

# first_figure BENCH COLUMN
first_figure() { figure "$1" "$label" us < <(cut -d ' ' -f "$2" "$work/rows"); }

# The yardstick comes in nanoseconds.
per_us() { awk '{ print $1, $2 / 1000 }'; }

# As large as today's xul.sym, with the ring of names that such a module takes.
lookup_big() {
	bench_sym libjvm.so lookup.big || return
	"$programs/big_sym" 12 "$sym" >"$work/big.sym" || return
	sym=$work/big.sym
	label="12 x $label"
	if make_store "$top_builddir"; then
		figure lookup.random.warm "$label" us search < <(
			"$programs/lookup_bench" random 200000 $((samples + 1)) "$store" "$sym" 64 | sed 1d | per_us)
	else
		skip lookup.big "$label was not compacted"
	fi
	rm -rf "$work/big.sym" "$work/store"
}

bench_lookup() {
	local module
	for module in "${modules[@]}"; do
		bench_sym "$module" lookup || continue
		if make_store "$top_builddir"; then
			lookup_figures
		else
			skip lookup "$label was not compacted"
		fi
	done
	rm -rf "$work/store"
	if [ -n "${BENCH_BIG:-}" ]; then lookup_big; else skip lookup.big 'BENCH_BIG=1 asks for it (1.1 GB, a minute)'; fi
}
