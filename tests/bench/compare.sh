#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# compare.sh REVISION: compacting and lookups of this tree and of REVISION in turn; a ratio below 1 is a gain.
. "$(dirname "$0")/lib.sh"
. "$bench_dir/corpus.sh"
. "$bench_dir/ingest.sh"

# Its sources with this tree's tests/bench, built as this tree was: only what is measured differs.
build_base() {
	local base=$work/base
	mkdir -p "$base/build"
	git -C "$top_srcdir" archive "$1" | tar -x -C "$base" || fail "no revision $1"
	mkdir -p "$base/tests/bench"
	cp "$bench_dir"/* "$base/tests/bench/"
	base_build=$base/build
	(
		cd "$base" && ./autogen.sh && cd build &&
			eval ../configure "$("$top_builddir/config.status" --config)" &&
			make -j"$(nproc)" symbolicate && { make tests/bench/lookup_bench || true; }
	) >"$work/base.log" 2>&1 || fail "$1 cannot be built: $(tail -n 3 "$work/base.log")"
}

# compared BENCH UNIT COLUMN COUNT: a figure of $work/rows, which hold COUNT columns of ours and as many of the base.
compared() { figure "$1" "$label" "$2" "$base" < <(awk -v c="$3" -v n="$4" '{ print $c, $(c + n) }' "$work/rows"); }

# in_turn COMMAND...: one line per sample, COMMAND ours and COMMAND theirs; which comes first changes every time.
in_turn() {
	local ours theirs
	for ((i = 0; i < samples; i++)); do
		[ $((i % 2)) = 1 ] || ours=$("$@" ours)
		theirs=$("$@" theirs)
		[ $((i % 2)) = 0 ] || ours=$("$@" ours)
		echo "$ours $theirs"
	done >"$work/rows"
}

build_of() { if [ "$1" = ours ]; then echo "$top_builddir"; else echo "$base_build"; fi; }

compact_side() { compact_once "$(build_of "$1")" "$sym"; }

compare_compact() {
	in_turn compact_side
	compared compact.wall s 1 4
	compared compact.cpu s 2 4
	compared compact.rss 'of text' 3 4
	compared compact.stored 'of text' 4 4
}

# lookup_side MODE COUNT ROUNDS SIDE: microseconds, of the last round.
lookup_side() {
	"$(build_of "$4")/tests/bench/lookup_bench" "$1" "$2" "$3" "$work/$4" "$sym" | tail -n 1 | cut -d ' ' -f 1
}

# compare_lookup BENCH MODE COUNT ROUNDS
compare_lookup() {
	in_turn lookup_side "$2" "$3" "$4"
	compared "$1" us 1 1
}

compare_lookups() {
	[ -x "$base_build/tests/bench/lookup_bench" ] || { skip lookup "$base has another table interface" && return; }
	rm -rf "$work/ours" "$work/theirs"
	local side
	for side in ours theirs; do
		"$(build_of "$side")/symbolicate" compact --store "$work/$side" "$sym" >/dev/null || return
	done
	compare_lookup lookup.random.cold random 300000 1
	compare_lookup lookup.random.warm random 300000 2
	compare_lookup lookup.sorted.warm sorted-warm 60000 2
	compare_lookup lookup.sorted.cold sorted-cold 60000 2
	compare_lookup lookup.first.open first 50 1
}

base=${1:-}
[ -n "$base" ] || fail 'BASE is missing: make bench-compare BASE=revision'
bench_begin
build_base "$base"
machine_line
for module in "${modules[@]}"; do
	bench_sym "$module" compare || continue
	compare_compact
	compare_lookups
done
