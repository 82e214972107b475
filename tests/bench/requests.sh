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
		v4.frames200 4 200
		v5.frames20 5 20
		v5.frames200 5 200
	END
}

make_kinds() {
	local kind version frames
	while read -r kind version frames; do
		bodies "$kind" "$version" "$frames" 64 "${crash_modules[@]}" || return
	done < <(request_kinds)
}

# Has the pool hold the tables, or shows that it has the answers.
try_kinds() {
	local kind version
	while read -r kind version _; do
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

# kind_figures CONNECTIONS [PREFIX]
kind_figures() {
	local kind prefix=${2:-}
	sample_kinds "$1" >"$work/rows"
	if [ -z "$prefix" ]; then
		figure "request.hello.c$1" '' req/s < <(rows_of hello 2)
		figure "request.hello.c$1.cpu" '' us < <(rows_of hello 3)
	fi
	while read -r kind _; do
		figure "request.$prefix$kind.c$1" '' req/s hello < <(rows_of "$kind" 2)
		figure "request.$prefix$kind.c$1.cpu" '' us hello < <(rows_of "$kind" 3)
	done < <(request_kinds)
}

held_figures() {
	local memcached='.SymServer.memcachedServers = [$memcached]'
	start_memcached || memcached=.
	start_pool "$memcached"
	if make_kinds && try_kinds; then
		kind_figures 8
		kind_figures 64
	else
		skip request "no symbols of ${crash_modules[*]}, or not all frames were named"
	fi
	halt pool
}

# ---- the same with memcached only ----

# Every body once, so that memcached has all its frames.
fill_memcached() {
	local kind version body
	while read -r kind version _; do
		while read -r body; do
			curl -sf -m 60 -o "$work/answer" --data-binary "@-" "$pool_url$(path_of "$version")" <<<"$body" || return
		done <"$work/$kind.bodies"
	done < <(request_kinds)
}

memcached_figures() {
	local memcached='.SymServer.memcachedServers = [$memcached]'
	start_memcached || { skip request.memcached 'memcached is not installed' && return; }
	start_pool "$memcached"
	if ! { make_kinds && try_kinds && fill_memcached; }; then
		skip request.memcached 'it could not be filled'
		halt pool
		return
	fi
	halt pool
	# no table, and nobody to ask for one
	start_pool "$memcached | .DiskCache.symbolURLs = [\"http://127.0.0.1:1/\"]"
	if try_kinds; then kind_figures 8 memcached.; else skip request.memcached 'not all frames were there'; fi
	halt pool
}

# ---- what a request's CPU time goes to ----

# sample_parts KIND PATH CONNECTIONS: CPU us per request: all, reading, looking up, writing, and the rest, FastCGI.
sample_parts() {
	local before after
	for ((i = 0; i < samples; i++)); do
		read -ra before < <(od -An -v -w32 -t u8 "$work/parts")
		load pool "$2" "$work/$1.bodies" "$3" || return
		read -ra after < <(od -An -v -w32 -t u8 "$work/parts")
		awk -v all="$cpu_us" -v before="${before[*]}" -v after="${after[*]}" 'BEGIN {
			split(before, b); split(after, a); n = (a[1] - b[1]) * 1000
			r = (a[2] - b[2]) / n; l = (a[3] - b[3]) / n; w = (a[4] - b[4]) / n
			print all, r, l, w, all - r - l - w }'
	done
}

# part_figures KIND FILE PATH CONNECTIONS: with shares of the whole as ratios.
part_figures() {
	local part column=1
	sample_parts "$1" "$3" "$4" >"$work/rows"
	for part in read lookup write fastcgi; do
		column=$((column + 1))
		figure "request.$1.part.$part" "$2" us "its CPU" < <(awk -v c="$column" '{ print $c, $1 }' "$work/rows")
	done
}

parts_of_requests() {
	local kind version
	truncate -s 32 "$work/parts"
	chmod 666 "$work/parts"
	BENCH_PARTS=$work/parts start_pool . "$programs/symbolicate-fcgi-parts"
	if make_kinds && try_kinds; then
		while read -r kind version _; do
			part_figures "$kind" '' "$(path_of "$version")" 8
		done < <(request_kinds)
	fi
	if make_large; then part_figures v5.frames59736 libjvm.so /symbolicate/v5 2; fi
	halt pool
}

# ---- the largest request of the field ----

make_large() {
	bodies v5.frames59736 5 59736 1 libjvm.so && post "$pool_url/symbolicate/v5" "$work/v5.frames59736.bodies" &&
		all_named
}

sample_large() {
	local bytes hello
	bytes=$(stat -c %s "$work/answer")
	for ((i = 0; i < samples; i++)); do
		load hello "/$bytes" "$work/v5.frames59736.bodies" 2 || return
		hello=$rate
		load pool /symbolicate/v5 "$work/v5.frames59736.bodies" 2 && echo "$rate $hello"
	done
}

large_figure() {
	start_pool
	if make_large; then
		figure request.v5.frames59736.c2 libjvm.so req/s 'hello of the same sizes' < <(sample_large)
	else
		skip request.v5.frames59736.c2 'no symbols of libjvm.so, or not all frames were named'
	fi
	halt pool
}

bench_requests() {
	local missing
	can_serve wrk || { skip request "$missing" && return; }
	start_nginx
	start_hello
	held_figures
	memcached_figures
	large_figure
	parts_of_requests
}
