# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by other parts
# SPDX-License-Identifier: MIT
# What the parts of the benchmark share: figures as JSON lines, time, processes that end with the script.
#
# A figure is made of samples, one per line: "VALUE", or "VALUE BASE" where BASE is what the same moment gave
# for a yardstick.  The ratio is the median of the samples' ratios, so what disturbs both disturbs it little.

set -u
export LC_NUMERIC=C # a point in every number
bench_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${top_srcdir:=$(cd "$bench_dir/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
programs=$top_builddir/tests/bench
samples=${BENCH_SAMPLES:-5}
declare -A pid_of=()

# ---- begin and end ----

bench_begin() {
	local tool
	for tool in jq awk grep; do
		command -v "$tool" >/dev/null || fail "$tool is not installed"
	done
	[ "${BENCH_SANITIZERS:-no}" = no ] || fail 'built with sanitizers: no figures of that'
	work=$(mktemp -d "${TMPDIR:-/tmp}/symbolicate-bench.XXXXXX")
	trap bench_end EXIT
	trap 'exit 1' INT TERM
}

bench_end() {
	local name
	for name in "${!pid_of[@]}"; do halt "$name"; done
	rm -rf "$work"
}

fail() {
	echo "bench: $*" >&2
	exit 1
}

say() { echo "bench: $*" >&2; }

# ---- figures ----

# figure BENCH FILE UNIT [RATIO_TO] <SAMPLES: prints the figure's line.
figure() {
	jq -Rnc --arg bench "$1" --arg file "$2" --arg unit "$3" --arg ratio_to "${4:-}" '
		def median: sort | if length % 2 == 1 then .[length / 2 | floor]
			else (.[length / 2 - 1] + .[length / 2]) / 2 end;
		def rounded: if . == 0 then 0 else
			pow(10; 4 - ((fabs | log10) | floor)) as $scale | . * $scale | round / $scale end;
		[inputs | split(" ") | map(select(. != "") | tonumber) | select(length > 0)] as $rows
		| [$rows[][0]] as $values
		| {bench: $bench, file: $file}
		| if $rows == [] then . + {skipped: "no sample was taken"} else
			. + {value: ($values | median | rounded), unit: $unit, median_of: ($values | length),
			     min: ($values | min | rounded), max: ($values | max | rounded)}
			+ ([$rows[] | select(.[1] // 0 > 0) | .[0] / .[1]] as $ratios | if $ratios == [] then {} else
				{ratio_to: $ratio_to, ratio: ($ratios | median | rounded)} end)
		end'
}

# skip BENCH REASON
skip() { jq -nc --arg bench "$1" --arg reason "$2" '{bench: $bench, skipped: $reason}'; }

# What the figures were measured on.
machine_line() {
	jq -nc --arg revision "$(git -C "$top_srcdir" describe --always --dirty 2>/dev/null)" \
		--arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
		--argjson cores "$(nproc)" --argjson load "$(cut -d ' ' -f 1 /proc/loadavg)" \
		'{bench: "machine", revision: $revision, cpu: $cpu, cores: $cores, load: $load}'
}

# ---- time ----

# timed COMMAND...: its wall time is $took_s, its CPU time $took_cpu_ms; its standard output goes to $work/output.
timed() {
	local TIMEFORMAT='%U %S' started=${EPOCHREALTIME/./} status=0 us user system
	{ time "$@" >"$work/output" 2>&3 || status=$?; } 3>&2 2>"$work/times"
	us=$((${EPOCHREALTIME/./} - started))
	took_s=$((us / 1000000)).$(printf %06d $((us % 1000000)))
	read -r user system <"$work/times"
	took_cpu_ms=$((10#${user/./} + 10#${system/./}))
	return "$status"
}

# The yardstick for whatever reads a .sym file.
grep_functions() { LC_ALL=C grep -c ^FUNC "$1" | cat; }

# ---- processes ----

# launch NAME COMMAND...: a child whose output goes to $work/NAME.log.  Not in a subshell: its end would be nobody's.
launch() {
	local name=$1
	shift
	"$@" </dev/null >>"$work/$name.log" 2>&1 &
	pid_of[$name]=$!
}

# halt NAME: ends it, by force where it does not within ten seconds.
halt() {
	local pid=${pid_of[$1]} tries=0
	kill "$pid" 2>/dev/null
	while kill -0 "$pid" 2>/dev/null; do
		[ "$((tries++))" -lt 200 ] || kill -KILL "$pid"
		sleep 0.05
	done
	wait "$pid" 2>/dev/null
	unset "pid_of[$1]"
}

is_running() { kill -0 "${pid_of[$1]}" 2>/dev/null; }
