# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# From a .sym file to a published table: the whole command's wall time, its memory, what is stored.

# One line per sample: wall s, grep's wall s, CPU s, memory and stored bytes each divided by the text's.
sample_compact() {
	local grep_s
	for ((i = 0; i < ${2:-$samples}; i++)); do
		timed grep_functions "$1"
		grep_s=$took_s
		rm -rf "$work/compact"
		timed "$top_builddir/symbolicate" compact --json --store "$work/compact" "$1" || return
		jq -r --arg wall "$took_s" --arg grep "$grep_s" \
			'"\($wall) \($grep) \(.cpu_s) \(.peak_rss_bytes / .text_bytes) \(.stored_bytes / .text_bytes)"' \
			"$work/output"
	done
	rm -rf "$work/compact"
}

# ingest_figures FILE LABEL [SAMPLES]
ingest_figures() {
	grep_functions "$1" >/dev/null
	sample_compact "$1" "${3:-}" >"$work/rows"
	figure compact.wall "$2" s grep < <(cut -d ' ' -f 1,2 "$work/rows")
	figure compact.cpu "$2" s grep < <(awk '{ print $3, $2 }' "$work/rows")
	figure compact.rss "$2" 'of text' < <(cut -d ' ' -f 4 "$work/rows")
	figure compact.stored "$2" 'of text' < <(cut -d ' ' -f 5 "$work/rows")
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
	for module in $(bench_modules); do
		bench_sym "$module" compact && ingest_figures "$sym" "$label"
	done
	if [ -n "${BENCH_BIG:-}" ]; then ingest_big; else skip compact.big 'BENCH_BIG=1 asks for it (1.1 GB, a minute)'; fi
}
