#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh [PART...]: takes the figures of these parts (default: all), one JSON line each on standard output.
. "$(dirname "$0")/lib.sh"
. "$bench_dir/corpus.sh"
. "$bench_dir/yardsticks.sh"
. "$bench_dir/ingest.sh"
. "$bench_dir/lookup.sh"
. "$bench_dir/servers.sh"
. "$bench_dir/requests.sh"
. "$bench_dir/cold.sh"

# Programs of other folders that print their own lines.
bench_programs() {
	local program
	for program in ${BENCH_TARGETS:-}; do "$top_builddir/$program" || skip "$program" 'it failed'; done
}

bench_begin
machine_line
[ "$#" != 0 ] || set -- yardsticks ingest lookup requests cold programs
for part; do
	declare -F "bench_$part" >/dev/null || fail "no part $part: yardsticks ingest lookup requests cold programs"
	"bench_$part"
done
