# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# From a .sym file to a published table: the whole command's wall time, its memory, what is stored.

# compact_once BUILD FILE: wall s, CPU s, memory and stored bytes each divided by the text's.
compact_once() {
	rm -rf "$work/compact"
	timed "$1/symbolicate" compact --json --store "$work/compact" "$2" || return
	rm -rf "$work/compact"
	jq -r --arg wall "$took_s" \
		'"\($wall) \(.cpu_s) \(.peak_rss_bytes / .text_bytes) \(.stored_bytes / .text_bytes)"' "$work/output"
}

# sample_compact FILE SAMPLES: the same with grep's wall s and CPU s in front.
sample_compact() {
	local grep_row row
	for ((i = 0; i < $2; i++)); do
		timed grep_functions "$1"
		grep_row="$took_s ${took_cpu_ms}e-3"
		row=$(compact_once "$top_builddir" "$1") && echo "$grep_row $row"
	done
}

# ingest_figures FILE LABEL [SAMPLES]
ingest_figures() {
	grep_functions "$1" >/dev/null
	sample_compact "$1" "${3:-$samples}" >"$work/rows"
	figure compact.wall "$2" s grep < <(awk '{ print $3, $1 }' "$work/rows")
	figure compact.cpu "$2" s "grep's CPU" < <(awk '{ print $4, $2 }' "$work/rows")
	figure compact.rss "$2" 'of text' < <(cut -d ' ' -f 5 "$work/rows")
	figure compact.stored "$2" 'of text' < <(cut -d ' ' -f 6 "$work/rows")
}

# As large as today's xul.sym.
ingest_big() {
	bench_sym libjvm.so compact.big || return
	"$programs/big_sym" 12 "$sym" >"$work/big.sym" || return
	ingest_figures "$work/big.sym" "12 x $label" 3
	rm -f "$work/big.sym"
}

bench_ingest() {
	local module
	for module in "${modules[@]}"; do
		bench_sym "$module" compact && ingest_figures "$sym" "$label"
	done
	if [ -n "${BENCH_BIG:-}" ]; then ingest_big; else skip compact.big 'BENCH_BIG=1 asks for it (1.1 GB, a minute)'; fi
}
