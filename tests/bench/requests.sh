# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by other parts
# SPDX-License-Identifier: MIT
# Requests through nginx with all tables held, alternating with a hello that is given the same bodies.

: "${BENCH_SECONDS:=2}"

# load NAME PATH BODIES CONNECTIONS: to hello or pool; sets $rate, $p99_us, and $cpu_us, the CPU time of its processes
# per request.  Fails where a request did.
load() {
	local url_name=${1}_url word requests errors ticks
	ticks=$(cpu_ticks "${pid_of[$1]}")
	read -r word requests rate errors p99_us < <(wrk -t1 -c"$4" -d"${BENCH_SECONDS}s" -s "$bench_dir/post.lua" \
		"${!url_name}" -- "$2" "$3" 2>&1 | grep ^figures)
	if [ "${word:-}" != figures ] || [ "$errors" != 0 ] || [ "$requests" = 0 ]; then
		say "$1$2, $4 connections: ${errors:-all} requests failed"
		return 1
	fi
	ticks=$(($(cpu_ticks "${pid_of[$1]}") - ticks))
	cpu_us=$((ticks * (1000000 / $(getconf CLK_TCK)) / requests))
}

# cpu_ticks PID: what its children have used so far.
cpu_ticks() {
	local pid sum=0 fields children
	read -ra children <"/proc/$1/task/$1/children" || true # the kernel's line has no end
	for pid in "${children[@]}"; do
		fields=$(cat "/proc/$pid/stat" 2>/dev/null) || continue
		read -ra fields <<<"${fields##*) }"
		sum=$((sum + fields[11] + fields[12]))
	done
	echo "$sum"
}

# bodies NAME VERSION FRAMES COUNT MODULE...: makes $work/NAME.bodies; fails where a module is missing.
bodies() {
	local name=$1 version=$2 frames=$3 count=$4 files=() module
	shift 4
	for module; do
		corpus_path "$module" || return
		files+=("$sym")
	done
	"$programs/make_requests" "$version" "$frames" "$count" "${files[@]}" >"$work/$name.bodies"
}

path_of() { if [ "$1" = 4 ]; then echo /; else echo /symbolicate/v5; fi; }

# ---- twenty and two hundred frames over three modules ----

readonly crash_modules=(libc.so.6 libm.so.6 ld-linux-x86-64.so.2)

# What is asked: name, version, frames.
request_kinds() {
	cat <<-END
		v4.frames20 4 20
		v5.frames20 5 20
		v5.frames200 5 200
	END
}

prepare_kinds() {
	local kind version frames
	while read -r kind version frames; do
		bodies "$kind" "$version" "$frames" 64 "${crash_modules[@]}" || return
		post "$pool_url$(path_of "$version")" "$work/$kind.bodies" && all_named || return
	done < <(request_kinds)
}

# sample_kind KIND VERSION CONNECTIONS: a line for hello, one for ours: kind, requests per second, CPU us, hello's two.
sample_kind() {
	local hello
	load hello / "$work/$1.bodies" "$3" || return
	hello="$rate $cpu_us"
	echo "hello $hello"
	load pool "$(path_of "$2")" "$work/$1.bodies" "$3" && echo "$1 $rate $cpu_us $hello"
}

sample_kinds() {
	local kind version
	for ((i = 0; i < samples; i++)); do
		while read -r kind version _; do
			sample_kind "$kind" "$version" "$1"
		done < <(request_kinds)
	done
}

# rows_of KIND COLUMN: ours and hello's, the first of which is COLUMN.
rows_of() { awk -v kind="$1" -v c="$2" '$1 == kind { print $c, $(c + 2) }' "$work/rows"; }

kind_figures() {
	local kind
	sample_kinds "$1" >"$work/rows"
	figure "request.hello.c$1" '' req/s < <(rows_of hello 2)
	figure "request.hello.c$1.cpu" '' us < <(rows_of hello 3)
	while read -r kind _; do
		figure "request.$kind.c$1" '' req/s hello < <(rows_of "$kind" 2)
		figure "request.$kind.c$1.cpu" '' us hello < <(rows_of "$kind" 3)
	done < <(request_kinds)
}

# ---- the largest request of the field ----

sample_large() {
	local bytes hello
	bytes=$(stat -c %s "$work/answer")
	for ((i = 0; i < samples; i++)); do
		load hello "/$bytes" "$work/large.bodies" 2 || return
		hello=$rate
		load pool /symbolicate/v5 "$work/large.bodies" 2 && echo "$rate $hello"
	done
}

large_figure() {
	if bodies large 5 59736 1 libjvm.so && post "$pool_url/symbolicate/v5" "$work/large.bodies" && all_named; then
		figure request.v5.frames59736.c2 libjvm.so req/s 'hello of the same sizes' < <(sample_large)
	else
		skip request.v5.frames59736.c2 'no symbols of libjvm.so, or not all frames were named'
	fi
}

bench_requests() {
	local missing
	can_serve wrk || { skip request "$missing" && return; }
	start_nginx
	start_hello
	start_pool
	if prepare_kinds; then
		kind_figures 8
		kind_figures 64
	else
		skip request "no symbols of ${crash_modules[*]}, or not all frames were named"
	fi
	large_figure
	halt pool
}
