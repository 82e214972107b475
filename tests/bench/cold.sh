# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A module that nobody has asked for before: from the request over the symbol server to the answer.

download() { curl -sf -m 60 "$1" | cat; }

# One line per sample: the answer's time, grep's, the bare download's.
sample_cold() {
	local grep_s download_s
	for ((i = 0; i < samples; i++)); do
		start_pool
		timed grep_functions "$sym"
		grep_s=$took_s
		timed download "$upstream_url/${sym#"$work/corpus/"}"
		download_s=$took_s
		post "$pool_url/symbolicate/v5" "$work/cold.bodies" && all_named && echo "$took_s $grep_s $download_s"
		halt pool
	done
}

cold_figures() {
	bodies cold 5 20 1 libjvm.so || return
	corpus_path libjvm.so
	sample_cold >"$work/rows"
	figure cold.answer libjvm.so s grep < <(cut -d ' ' -f 1,2 "$work/rows")
	figure cold.answer.over_download libjvm.so s download < <(cut -d ' ' -f 1,3 "$work/rows")
}

# ---- hits while modules are being fetched ----

# Enough to keep a fetcher busy for as long as a run takes.
readonly build_count=6

# Builds of libjvm.so that differ in their ids: $work/again-N.bodies asks for them.
make_builds() {
	local id dir line
	line=$(head -n 1 "$sym")
	for ((i = 0; i < build_count; i++)); do
		id=00000000000000000000000000000000$i
		dir=$work/corpus/libjvm.so/$id
		mkdir -p "$dir"
		{ awk -v id="$id" '{ $4 = id; print }' <<<"$line" && tail -n +2 "$sym"; } >"$dir/libjvm.so.sym"
		"$programs/make_requests" 5 20 1 "$dir/libjvm.so.sym" >"$work/again-$i.bodies"
	done
}

fetch_builds() {
	for ((i = 0; i < build_count; i++)); do
		curl -sf -m 60 -o /dev/null --data-binary "@$work/again-$i.bodies" "$pool_url/symbolicate/v5"
	done
}

# Two connections leave the workers and both cores room: what is seen is what fetching takes away.
sample_hits() {
	local quiet_us
	for ((i = 0; i < samples; i++)); do
		start_pool
		post "$pool_url/symbolicate/v5" "$work/hits.bodies" && all_named || return
		load pool /symbolicate/v5 "$work/hits.bodies" 2 || return
		quiet_us=$p99_us
		launch fetches fetch_builds
		load pool /symbolicate/v5 "$work/hits.bodies" 2 && echo "$p99_us $quiet_us"
		halt fetches
		halt pool
	done
}

hit_figure() {
	command -v wrk >/dev/null || { skip cold.hit_p99 'wrk is not installed' && return; }
	bodies hits 5 20 64 "${crash_modules[@]}" || { skip cold.hit_p99 "no symbols of ${crash_modules[*]}" && return; }
	corpus_path libjvm.so
	make_builds
	sample_hits >"$work/rows"
	figure cold.hit_p99 libjvm.so us 'quiet p99' <"$work/rows"
	rm -rf "$work"/corpus/libjvm.so/0000*
}

bench_cold() {
	local missing
	can_serve || { skip cold.answer "$missing" && return; }
	corpus_path libjvm.so || { skip cold.answer 'no symbols of libjvm.so in SYMBOLICATE_CORPUS' && return; }
	start_nginx
	cold_figures
	hit_figure
}
