#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The logs: every key of both sections has its effect, a request can be followed into its download, its line tells
# where the time went, outside text stays text, and no secret gets in.
. "$(dirname "$0")/lib.sh"

server_log=''
cache_log=''

# with_logs [FILTER]: a pool with both logs at INFO in files of their own, from which the filter may differ.
with_logs() {
	server_log=$work/server.log cache_log=$work/cache.log
	[ -z "${pid_of[pool]:-}" ] || stop pool
	rm -rf "$server_log"* "$cache_log"* "$work/cache" # nothing is held
	start_pool ".SymServer.log = {path: \"server.log\", level: 20} | .DiskCache.log = {path: \"cache.log\", level: 20} | ${1:-.}"
}

id=0123456789ABCDEF0123456789ABCDEF1
question() { echo "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$1\",\"$id\"]],\"version\":4}"; }

# ask NAME [CURL OPTION...]: for a module of that name, which the upstream does not have unless put() has put it there.
ask() {
	local name=$1
	shift
	post / "$(question "$name.pdb")" "$@"
}
put() {
	mkdir -p "$symbols/$1.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$1" "$1" >"$symbols/$1.pdb/$id/$1.sym"
}
# fails NAME: a module for which the upstream answers 500.
fails() {
	put "$1"
	behave "$1.pdb/$id/$1.sym" '{"status": 500}'
}

# The worker's line comes after the answer.
has_line() { grep -Eq -- "$2" "$1" 2>/dev/null; }
logged() { wait_until 10 has_line "$@"; }
count_lines() { if [ -e "$1" ]; then grep -cE -- "$2" "$1"; else echo 0; fi; }

# ---- the keys ----

paths() {
	fails failing
	with_logs
	ask failing
	check 'SymServer.log.path: requests' logged "$server_log" '\[[0-9]+ worker [0-9]+\] .* POST / 200 '
	check 'SymServer.log.path: the master' logged "$server_log" '\[[0-9]+ master\] started: '
	check 'DiskCache.log.path: downloads' logged "$cache_log" 'WARNING  \[[0-9]+ fetcher [0-9]+\] .*failing.*status 500'
	is 'nothing of the one in the other' "$(count_lines "$server_log" ' fetcher ') $(count_lines "$cache_log" ' worker | master\]')" '0 0'
	with_logs '.DiskCache.log.path = "server.log"'
	ask failing
	check 'the same path is one file: the request' logged "$server_log" 'POST / 200'
	check 'the same path is one file: the download' logged "$server_log" 'fetcher .*status 500'
	: >"$work/pool.log"
	with_logs '.SymServer.log.path = "" | .DiskCache.log.path = "stderr"'
	ask failing
	check 'SymServer.log.path empty: standard error' logged "$work/pool.log" 'POST / 200'
	check 'DiskCache.log.path "stderr": standard error' logged "$work/pool.log" 'fetcher .*status 500'
	with_logs '.SymServer.log.path = "./stderr" | .SymServr = {}'
	check '"./stderr" is a file, and has what is odd in the configuration' \
		logged "$work/stderr" "WARNING .*symbolicate.json:[0-9]+: .*SymServr"
}

levels() {
	local level
	for level in 20 30 '"ERROR"'; do
		with_logs ".SymServer.log.level = $level | .DiskCache.log.level = $level"
		sample_works || not_ok 'the sample'
		ask failing
		ask absent
		case $level in
		20)
			check 'level INFO: requests' logged "$server_log" 'INFO .* POST / 200'
			check 'level INFO: a failed download' logged "$cache_log" 'WARNING .*status 500'
			;;
		30)
			check 'level WARNING: a failed download' logged "$cache_log" 'WARNING .*status 500'
			is 'level WARNING: no INFO' "$(cat "$server_log" "$cache_log" | grep -c ' INFO ')" 0
			;;
		*) is 'level ERROR: nothing of that' "$(cat "$server_log" "$cache_log")" '' ;;
		esac
	done
}

# fill FILE: more than a megabyte, so that the next line is one too many for 1 MB.
fill() { head -c 1100000 /dev/zero | tr '\0' x >"$1"; }
# The next line of each log.
next_lines() {
	fails "rotating$1"
	ask "rotating$1"
	logged "$server_log" 'POST / 200' && logged "$cache_log" "rotating$1"
}
old_files() { (cd "$work" && find . -name "$1.*" | sort | tr '\n' ' '); }

rotation() {
	local round
	with_logs '.SymServer.log += {maxFiles: 2, maxFileSizeMB: 1} | .DiskCache.log += {maxFiles: 1, maxFileSizeMB: 1}'
	for round in 1 2 3 4; do
		fill "$server_log"
		fill "$cache_log"
		next_lines "$round" || not_ok "a line in round $round"
	done
	is 'SymServer.log.maxFiles: two old ones' "$(old_files server.log)" './server.log.1 ./server.log.2 '
	is 'DiskCache.log.maxFiles: one old one' "$(old_files cache.log)" './cache.log.1 '
	with_logs '.SymServer.log += {maxFiles: 2, maxFileSizeMB: 2} | .DiskCache.log += {maxFiles: 1, maxFileSizeMB: 0}'
	fill "$server_log"
	fill "$cache_log"
	next_lines 5 || not_ok 'a line'
	is 'maxFileSizeMB 2, and 0: not rotated' "$(old_files server.log)$(old_files cache.log)" ''
	with_logs '.SymServer.log += {maxFiles: 0, maxFileSizeMB: 1} | .DiskCache.log += {maxFiles: 0, maxFileSizeMB: 1}'
	fill "$server_log"
	fill "$cache_log"
	next_lines 6 || not_ok 'a line'
	is 'maxFiles 0: not rotated' "$(old_files server.log)$(old_files cache.log)" ''
}

# ---- what cannot be written, or opened ----

full_disk() {
	: >"$work/pool.log"
	with_logs '.SymServer.log.path = "/dev/full" | .DiskCache.log.path = "/dev/full"'
	check 'a full disk: the sample' sample_works
	ask failing
	check 'a full disk: the lines are on standard error' logged "$work/pool.log" 'fetcher .*status 500'
	with_logs
	ask failing
	write_configuration ".SymServer.log = {path: \"server.log\", level: 10} | .DiskCache.log.path = \"$work/none/cache.log\""
	kill -HUP "${pid_of[pool]}"
	check 'a log that cannot be opened is refused on reload' logged "$server_log" 'configuration not reloaded'
	stop pool
	write_configuration ".DiskCache.log.path = \"$work/none/cache.log\""
	timeout 10 "$top_builddir/symbolicate-fcgi" -c "$work/symbolicate.json" --listen "unix:$work/other.sock" \
		</dev/null >"$work/none.log" 2>&1
	is 'and at the start' $? 71
	like 'with its cause' "$(cat "$work/none.log")" 'cannot open log .*none/cache.log: No such file'
}

# ---- requests ----

request_ids() {
	local given
	with_logs
	fails traced
	ask traced -H 'X-Request-Id: of-the-client'
	given=$(header x-request-id)
	like 'the id is that of nginx' "$given" '^[0-9a-f]{32}$'
	check 'it is in the line of the request' logged "$server_log" " worker [0-9]+\] $given POST / 200"
	check 'and in those of the download' logged "$cache_log" " fetcher [0-9]+\] $given .*traced.*status 500"
	is 'and in no other' "$(grep -c "$given" "$cache_log")" "$(grep -c traced "$cache_log")"

	stop nginx
	site_edit=/REQUEST_ID/d
	start_web nginx
	ask absent -H 'X-Request-Id: From-A.proxy_1@host:2+3/4=5'
	is 'without it: the header counts' "$(header x-request-id)" 'From-A.proxy_1@host:2+3/4=5'
	check 'and is in the line' logged "$server_log" '\] From-A.proxy_1@host:2\+3/4=5 POST '
	for given in 'a b' 'a"b' $'a\x1b[31mb' "$(printf 'x%.0s' {1..65})" '%0d' ''; do
		ask absent -H "X-Request-Id: $given"
		like "an id such as $(printf %.12q "$given") is not taken" "$(header x-request-id)" '^[0-9a-f]{10}-[0-9a-f]+$'
	done
	for _ in {1..20}; do
		ask absent
		header x-request-id
	done >"$work/ids"
	is 'ids of our own differ' "$(sort -u "$work/ids" | wc -l)" 20
	stop nginx
	site_edit=''
	start_web nginx
}

# field NAME: of the last line of a POST.
field() { sed -n "s/.* $1=\([0-9]*\).*/\1/p" "$server_log" | tail -n 1; }
total_is_over() { [ "$(field total_us)" -gt "$1" ] 2>/dev/null; }

access_lines() {
	local body_bytes
	with_logs
	check 'the sample' sample_works
	body_bytes=$(wc -c <"$work/body")
	check 'the line of a request' logged "$server_log" 'INFO .* POST / 200 bytes=[0-9]+ modules=2 frames=2 resolved=2 read_us='
	is 'bytes of the answer' "$(field bytes)" "$body_bytes"
	check 'waiting took the most of it' [ "$(field wait_us)" -gt 0 ]
	: >"$server_log"
	sample_works
	logged "$server_log" 'POST / 200'
	is 'held: nothing is waited for' "$(field wait_us)" 0
	check 'held: reading, table, encoding took their time' [ "$(($(field read_us) && $(field table_us) && $(field encode_us)))" = 1 ]
	check 'the total is not less than its parts' [ "$(field total_us)" -ge \
		$(($(field read_us) + $(field addrcache_us) + $(field table_us) + $(field wait_us) + $(field encode_us) + $(field send_us))) ]
	post '/symbolicate/v5' '{'
	check 'a refusal tells why' logged "$server_log" 'POST /symbolicate/v5 400 .* cause=.*[Jj][Ss][Oo][Nn]'
	get "/nowhere$(printf '/%.0s' {1..300})?secret"
	check 'a long URI is cut, its query is not shown' logged "$server_log" 'GET /nowhere/{248}\?\.\.\. 404 bytes='
	with_logs '.process.waitMs = 700'
	put slow
	behave "slow.pdb/$id/slow.sym" '{"hold_at": 10, "wait_for": "go"}'
	ask slow
	check 'the wait that was over' logged "$server_log" 'still looked for after 700 ms: 1 modules'
	check 'and its line' total_is_over 600000
	is 'resolved nothing' "$(field resolved)" 0
	put left
	behave "left.pdb/$id/left.sym" '{"hold_at": 10, "wait_for": "go"}'
	request_limit_s=0.3 ask left
	check 'a client that left' logged "$server_log" 'POST / 499 bytes=0 modules=1 frames=1 resolved=0'
	touch "$symbols/go"
}

# ---- hostile text ----

# Bytes of all our logs that are neither ASCII text nor line ends.
strange_bytes() { cat "$server_log" "$cache_log" "$work/pool.log" | LC_ALL=C tr -d '\12\40-\176' | wc -c; }

hostile_text() {
	: >"$work/pool.log"
	with_logs '.SymServer.log.level = 10 | .DiskCache.log.level = 10'
	post / "{\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\\u001b[31m\\r\\n2026 forged\\u2028x\\u009b.pdb\",\"$id\"]],\"version\":4}"
	post / "{\"stacks\":[[[0,1]]],\"memoryMap\":[[\"\\u202ebdp.exe\\u0007.pdb\",\"$id\\u001b\"]],\"version\":4}"
	post /symbolicate/v5 "{\"jobs\": [{\"memoryMap\": [[\"\\u001b]0;x\\u0007\", \"\\u009d\"]], \"stacks\": [[[0, 1]]], \"x\\u001b\": 1}]}"
	get $'/%1b%5b31m%0d%0aforged'
	# curl would write it in ASCII
	printf 'GET /\xc2\x9b31m\xe2\x80\xae\xff HTTP/1.0\r\nHost: localhost\r\n\r\n' |
		timeout 20 python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(sys.stdin.buffer.read())
while s.recv(4096): pass' "$web_port"
	put worded
	printf 'MODULE windows x86 \033[31m%s worded.pdb\nFUNC 1000 100 0 f()\n' "$id" >"$symbols/worded.pdb/$id/worded.sym"
	ask worded
	put redirected
	behave "redirected.pdb/$id/redirected.sym" '{"redirect": "http://127.0.0.1:1/\u001b[31mx"}'
	ask redirected
	check 'it is in the logs' logged "$cache_log" 'redirected'
	check 'what was not text is readable' logged "$server_log" 'GET /\\xc2\\x9b31m\\xe2\\x80\\xae\\xff 404'
	is 'no control character is in a log' "$(strange_bytes)" 0
	is 'nor a forged line' "$(cat "$server_log" "$cache_log" | grep -cvE '^[0-9-]{10} [0-9:,]{12} [A-Z]+ +\[[0-9]+ [a-z]+( [0-9]+)?\] ')" 0
}

# ---- secrets ----

secrets() {
	local port=${upstream_url##*:} filter
	: >"$work/pool.log"
	port=${port%/}
	fails sought
	put moved
	behave "moved.pdb/$id/moved.sym" '{"redirect": "http://you:hush-5@127.0.0.1:1/there?token=hush-6"}'
	filter='.SymServer.log.level = 10 | .DiskCache.log.level = 10 |
		.DiskCache.symbolURLs = ["http://me:hush-1@127.0.0.1:PORT/?key=hush-2", "http://me:hush-3@127.0.0.1:1/?key=hush-4"] |
		.logging = {handlers: {mail: {credentials: ["me", "hush-7"]}}} |
		.servers = [{name: "s", remote: "http://me:hush-8@127.0.0.1:PORT/", type: ["breakpad"], allowPrivate: true,
			headers: {Authorization: "Bearer hush-9"}},
			{name: "p", remote: "http://127.0.0.1:PORT/?key=hush-10", type: ["breakpad"], allowPrivate: true,
			proxy: "http://me:hush-11@127.0.0.1:1"}]'
	with_logs "${filter//PORT/$port}"
	ask sought -H 'Authorization: hush-12' -H 'Cookie: hush-13'
	ask moved
	post '/?token=hush-14' "$(question absent.pdb)"
	check 'a download failed' logged "$cache_log" 'sought.* could not be had'
	check 'another failed after a redirect' logged "$cache_log" 'moved.* could not be had'
	check 'a request had a query' logged "$server_log" 'POST /\?\.\.\. 200'
	# what is wrong in the new configuration is told without it
	write_configuration '.DiskCache.symbolURLs = ["htp://me:hush-15@h/", "http://me:hush-16@h o/?k=hush-17"] |
		.servers = [{remote: "htp://me:hush-18@h/?k=hush-19", headers: {"a b": "hush-20", c: "hush-21\n"}, proxy: "me:hush-22@h"},
			{remote: "http://me:hush-23@h/?k=hush-24", headers: {d: ["hush-25"]}}] |
		.general.blacklist = ["("] | .logging = ["hush-26"]'
	kill -HUP "${pid_of[pool]}"
	check 'a reload is refused' logged "$server_log" 'configuration not reloaded'
	is 'no secret is in a log' "$(cat "$server_log" "$cache_log" "$work/pool.log" | grep hush)" ''
}

# ---- storms ----

storm() {
	local i
	with_logs '.DiskCache.log.level = 30'
	for i in {1..40}; do
		put "storm$i"
		behave "storm$i.pdb/$id/storm$i.sym" '{"status": 500}'
		ask "storm$i"
	done
	is 'a storm of failures: one line in a minute' \
		"$(count_lines "$cache_log" 'storm.* status 500' | awk '{ print ($1 == 1 || $1 == 2) }')" 1
}

e2e_begin nginx
start_upstream
start_pool
start_web nginx
paths
levels
rotation
full_disk
request_ids
access_lines
hostile_text
secrets
storm
e2e_end
