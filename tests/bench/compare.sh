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

compare_compact() {
	for ((i = 0; i < samples; i++)); do
		echo "$(compact_once "$top_builddir" "$sym") $(compact_once "$base_build" "$sym")"
	done >"$work/rows"
	compared compact.wall s 1 4
	compared compact.cpu s 2 4
	compared compact.rss 'of text' 3 4
	compared compact.stored 'of text' 4 4
}

# lookup_once BUILD STORE MODE COUNT ROUNDS: microseconds, of the last round.
lookup_once() {
	"$1/tests/bench/lookup_bench" "$3" "$4" "$5" "$2" "$sym" | tail -n 1 | cut -d ' ' -f 1
}

# compare_lookup BENCH MODE COUNT ROUNDS
compare_lookup() {
	local name=$1
	shift
	for ((i = 0; i < samples; i++)); do
		echo "$(lookup_once "$top_builddir" "$work/ours" "$@") $(lookup_once "$base_build" "$work/theirs" "$@")"
	done >"$work/rows"
	compared "$name" us 1 1
}

compare_lookups() {
	[ -x "$base_build/tests/bench/lookup_bench" ] || { skip lookup "$base has another table interface" && return; }
	rm -rf "$work/ours" "$work/theirs"
	"$top_builddir/symbolicate" compact --store "$work/ours" "$sym" >/dev/null || return
	"$base_build/symbolicate" compact --store "$work/theirs" "$sym" >/dev/null || return
	compare_lookup lookup.random.cold random 300000 1
	compare_lookup lookup.random.warm random 300000 2
	compare_lookup lookup.sorted.warm sorted-warm 60000 2
	compare_lookup lookup.sorted.cold sorted-cold 60000 2
	compare_lookup lookup.first first 50 1
}

base=${1:-}
[ -n "$base" ] || fail 'BASE is missing: make bench-compare BASE=revision'
bench_begin
build_base "$base"
machine_line
for module in $(bench_modules); do
	bench_sym "$module" compare || continue
	compare_compact
	compare_lookups
done
