# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A module that nobody has asked for before: from the request over the symbol server to the answer.

download() { curl -sf -m 60 "$1" | cat >/dev/null; }

# fetcher_peak: the largest resident set that a fetcher of the pool has had, in bytes.
fetcher_peak() {
	local pid children peak=0 kb
	read -ra children <"/proc/${pid_of[pool]}/task/${pid_of[pool]}/children" || true # the kernel's line has no end
	for pid in "${children[@]}"; do
		[[ $(cat "/proc/$pid/comm") == fetcher* ]] || continue
		kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
		if [ "${kb:-0}" -gt "$peak" ]; then peak=$kb; fi
	done
	echo $((peak * 1024))
}

# One line per sample: the answer's time, grep's, the bare download's, that and compacting together, a fetcher's peak.
sample_cold() {
	local grep_s download_s compact_s
	for ((i = 0; i < $1; i++)); do
		start_pool
		timed grep_functions "$sym"
		grep_s=$took_s
		timed download "$upstream_url/${sym#"$work/corpus/"}"
		download_s=$took_s
		rm -rf "$work/compact"
		timed "$top_builddir/symbolicate" compact --json --store "$work/compact" "$sym"
		compact_s=$took_s
		post "$pool_url/symbolicate/v5" "$work/cold.bodies" && all_named &&
			echo "$took_s $grep_s $download_s $compact_s $(fetcher_peak)" |
				awk '{ print $1, $2, $3, $3 + $4, $5 / 1e6 }'
		rm -rf "$work/compact"
		halt pool
	done
}

# cold_figures LABEL SAMPLES: of $sym.
cold_figures() {
	local text_mb
	text_mb=$(awk -v bytes="$(stat -L -c %s "$sym")" 'BEGIN { print bytes / 1e6 }')
	"$programs/make_requests" 5 20 1 "$sym" >"$work/cold.bodies" || return
	sample_cold "$2" >"$work/rows"
	figure cold.answer "$1" s grep < <(cut -d ' ' -f 1,2 "$work/rows")
	figure cold.answer.over_download "$1" s download < <(cut -d ' ' -f 1,3 "$work/rows")
	figure cold.answer.over_parts "$1" s 'download and compact' < <(cut -d ' ' -f 1,4 "$work/rows")
	figure cold.fetcher_peak "$1" MB text < <(awk -v text="$text_mb" '{ print $5, text }' "$work/rows")
}

# The largest file there is, where that is another.
cold_largest() {
	local largest
	largest=$(find -L "$SYMBOLICATE_CORPUS" \( -name '*.sym' -o -name '*.sym.xz' \) -printf '%s %p\n' | sort -rn |
		head -n 1 | cut -d ' ' -f 2-)
	largest=${largest#"$SYMBOLICATE_CORPUS/"}
	largest=${largest%%/*}
	[ "$largest" != libjvm.so ] && corpus_path "$largest" && cold_figures "$largest" "$samples"
}

# As large as today's xul.sym.
cold_big() {
	local source=$sym id=0000000000000000000000000000B1600
	sym=$work/corpus/libjvm.so/$id/libjvm.so.sym
	mkdir -p "$(dirname "$sym")"
	"$programs/big_sym" 12 "$source" | awk -v id="$id" 'NR == 1 { $4 = id } 1' >"$sym" && cold_figures '12 x libjvm.so' 3
	rm -rf "$(dirname "$sym")"
	sym=$source
}

# ---- hits while modules are being fetched ----

# offer RATE SECONDS CONNECTIONS: requests of $work/hits.bodies at fixed times, or closed-loop at RATE 0; sets $rate,
# $p50_us, $p99_us, $p999_us.  Fails where a request did.
offer() {
	local word failed longest
	read -r word _ rate failed p50_us p99_us p999_us longest < <("$programs/open_load" "$1" "$2" "$3" \
		"${pool_url##*:}" /symbolicate/v5 "$work/hits.bodies")
	if [ "${word:-}" != figures ] || [ "$failed" != 0 ]; then
		say "hits at $1/s: ${failed:-all} requests failed"
		return 1
	fi
	say "hits at $1/s: $rate/s, p50 $p50_us, p99 $p99_us, p99.9 $p999_us, longest $longest us"
}

# Builds of libjvm.so, any number of them, and who asks for them: at the lowest priority, since what they do is done
# on other machines in earnest.
launch_builds() {
	rm -f "$work/builds.count"
	launch builds nice -n 19 chrt -i 0 python3 "$bench_dir/builds.py" --sym "$sym" --port "${builds_url##*:}" \
		--ask "$pool_url" --clients "$1" --bodies "$work/jvm.bodies" --count-file "$work/builds.count"
}

# Ends them when all are answered.
halt_builds() {
	kill "${pid_of[builds]}"
	wait "${pid_of[builds]}"
	unset 'pid_of[builds]'
	read -r built unbuilt <"$work/builds.count"
	say "builds of libjvm.so fetched meanwhile: $built, not had: $unbuilt"
}

# Lines of p50, p99, p99.9 while fetching, each with its quiet counterpart, and how many were fetched per second.
sample_hits() {
	local offered=$1 quiet
	for ((i = 0; i < samples; i++)); do
		offer "$offered" "$hit_seconds" "$hit_connections" || continue
		quiet=("$p50_us" "$p99_us" "$p999_us")
		launch_builds "$hit_fetchers"
		sleep 1 # all fetchers are at it
		offer "$offered" "$hit_seconds" "$hit_connections" &&
			echo "$p50_us ${quiet[0]} $p99_us ${quiet[1]} $p999_us ${quiet[2]} $rate"
		halt_builds
		echo "$built" >>"$work/built"
	done
}

hit_figures() {
	local hit_seconds=${BENCH_HIT_SECONDS:-4} hit_connections=16 hit_fetchers=${BENCH_FETCHERS:-2} capacity offered
	bodies hits 5 20 64 "${crash_modules[@]}" || { skip cold.hit_p99 "no symbols of ${crash_modules[*]}" && return; }
	bodies jvm 5 20 1 libjvm.so || return
	builds_url=http://127.0.0.1:$(free_port)
	start_pool ".process.fetchers = $hit_fetchers | .DiskCache.maxSizeMB = 512
		| .DiskCache.symbolURLs += [\"$builds_url/\"]"
	post "$pool_url/symbolicate/v5" "$work/hits.bodies" && all_named || return
	offer 0 2 "$hit_connections" && offer 0 "$hit_seconds" "$hit_connections" || return
	capacity=$rate
	offered=$(awk -v c="$capacity" 'BEGIN { printf "%d", c * 0.3 }')
	: >"$work/built"
	sample_hits "$offered" >"$work/rows"
	figure cold.hit_capacity '' req/s <<<"$capacity"
	figure cold.hit_offered '' req/s 'answered' < <(awk -v o="$offered" '{ print o, $7 }' "$work/rows")
	figure cold.hit_p50 libjvm.so us 'quiet p50' < <(cut -d ' ' -f 1,2 "$work/rows")
	figure cold.hit_p99 libjvm.so us 'quiet p99' < <(cut -d ' ' -f 3,4 "$work/rows")
	figure cold.hit_p999 libjvm.so us 'quiet p99.9' < <(cut -d ' ' -f 5,6 "$work/rows")
	figure cold.hit_builds libjvm.so 'builds/s' < <(awk -v s="$((hit_seconds + 1))" '{ print $1 / s }' "$work/built")
	halt pool
}

bench_cold() {
	local missing
	can_serve || { skip cold.answer "$missing" && return; }
	start_nginx
	corpus_path libjvm.so || { skip cold.answer 'no symbols of libjvm.so in SYMBOLICATE_CORPUS' && return; }
	cold_figures libjvm.so "$samples"
	if [ -n "${BENCH_BIG:-}" ]; then cold_big; else skip cold.big 'BENCH_BIG=1 asks for it (1.1 GB, a minute)'; fi
	cold_largest
	hit_figures
}
