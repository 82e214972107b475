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
	figure lookup.first.open "$label" us < <(cut -d ' ' -f 1 "$work/rows")
	figure lookup.first "$label" us < <(cut -d ' ' -f 2 "$work/rows")
}

# The yardstick comes in nanoseconds.
per_us() { awk '{ print $1, $2 / 1000 }'; }

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
}
