# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by other parts
# SPDX-License-Identifier: MIT
# Requests through nginx with all tables held, alternating with a hello that is given the same bodies.

: "${BENCH_SECONDS:=2}"

# load URL PATH BODIES CONNECTIONS: sets $rate and $p99_us; fails where a request did.
load() {
	local word errors
	read -r word rate errors _ p99_us < <(wrk -t1 -c"$4" -d"${BENCH_SECONDS}s" -s "$bench_dir/post.lua" "$1" -- \
		"$2" "$3" 2>&1 | grep ^figures)
	[ "${word:-}" = figures ] && [ "$errors" = 0 ] && return
	say "$1$2, $4 connections: ${errors:-all} requests failed"
	return 1
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

# sample_kind KIND VERSION CONNECTIONS: a line for hello, one for ours: kind, requests per second, hello's.
sample_kind() {
	local hello
	load "$hello_url" / "$work/$1.bodies" "$3" || return
	hello=$rate
	echo "hello $hello"
	load "$pool_url" "$(path_of "$2")" "$work/$1.bodies" "$3" && echo "$1 $rate $hello"
}

sample_kinds() {
	local kind version
	for ((i = 0; i < samples; i++)); do
		while read -r kind version _; do
			sample_kind "$kind" "$version" "$1"
		done < <(request_kinds)
	done
}

rows_of() { awk -v kind="$1" '$1 == kind { print $2, $3 }' "$work/rows"; }

kind_figures() {
	local kind
	sample_kinds "$1" >"$work/rows"
	figure "request.hello.c$1" '' req/s < <(rows_of hello)
	while read -r kind _; do
		figure "request.$kind.c$1" '' req/s hello < <(rows_of "$kind")
	done < <(request_kinds)
}

# ---- the largest request of the field ----

sample_large() {
	local bytes hello
	bytes=$(stat -c %s "$work/answer")
	for ((i = 0; i < samples; i++)); do
		load "$hello_url" "/$bytes" "$work/large.bodies" 2 || return
		hello=$rate
		load "$pool_url" /symbolicate/v5 "$work/large.bodies" 2 && echo "$rate $hello"
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
