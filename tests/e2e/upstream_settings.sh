#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every setting about symbol servers, of DiskCache and of each of `servers`: changed, and its effect seen.
. "$(dirname "$0")/lib.sh"

id=0123456789ABCDEF0123456789ABCDEF1

# module NAME [BEHAVIOUR [PREFIX]]: a module of one function below PREFIX, and how the server answers for it.
module() {
	local dir=${3:-}$1.pdb/$id
	mkdir -p "$symbols/$dir"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$1" "$1" >"$symbols/$dir/$1.sym"
	[ -z "${2:-}" ] || behave "$dir/$1.sym" "$2"
}
# big NAME BYTES BEHAVIOUR: the same of some size.
big() {
	module "$1" "$3"
	yes 'INFO and so on and so on' | head -c "$2" >>"$symbols/$1.pdb/$id/$1.sym"
}
question() {
	local name memory='' frames='' i=0
	for name; do
		memory+=",[\"$name.pdb\",\"$id\"]"
		frames+=",[$((i++)),4112]"
	done
	echo "{\"stacks\":[[${frames#,}]],\"memoryMap\":[${memory#,}]}"
}
# word NAME...: what is said of these modules, asked for in one request.
word() {
	post /symbolicate/v5 "$(question "$@")"
	jq -c '[.results[0].found_modules[] | tostring] | join(" ")' <<<"$body" 2>&1 | tr -d '"'
}
asked() { upstream_requests "/$1.sym"; }
says() { grep -qF -- "$1" "$work/pool.log"; }
# anew FILTER: another pool with an empty cache, all in its log.
pools=0
anew() {
	[ -z "${pid_of[pool]:-}" ] || stop pool
	[ ! -f "$work/pool.log" ] || mv "$work/pool.log" "$work/pool$((++pools)).log"
	rm -rf "$work/cache" "$work/fastcgi.sock"
	start_pool "(.DiskCache.log.level, .SymServer.log.level) = 10 | $1"
}
elapsed_ms() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }

# A port on which the kernel drops what comes: its backlog is full.
start_silent_port() {
	start silent python3 -c '
import socket, sys, time
taker = socket.socket()
taker.bind(("127.0.0.1", 0))
taker.listen(0)
callers = []
for _ in range(4):
    caller = socket.socket()
    caller.setblocking(False)
    caller.connect_ex(taker.getsockname())
    callers.append(caller)
open(sys.argv[1] + ".new", "w").write(str(taker.getsockname()[1]))
import os
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)' "$work/silent.port"
	wait_until 10 test -f "$work/silent.port" || bail_out 'no silent port'
	silent_url=http://127.0.0.1:$(cat "$work/silent.port")/
}

retries() {
	local start
	anew '.DiskCache.retries = 3 | .DiskCache.retryDelayMs = 400'
	module failing '{"status": 500}'
	module waking '[{"first_n": 2, "status": 500}]'
	start=${EPOCHREALTIME/./}
	is 'retries 3' "$(word failing) $(asked failing)" 'null 3'
	check 'retryDelayMs 400: two pauses' [ "$(elapsed_ms "$start")" -ge 800 ]
	is 'retries 3: the third try finds it' "$(word waking) $(asked waking)" 'true 3'
	is 'what is absent is not tried again' "$(word nowhere) $(asked nowhere)" 'false 1'
	anew '.DiskCache.retries = 1 | .DiskCache.retryDelayMs = 30000'
	module failing2 '{"status": 500}'
	start=${EPOCHREALTIME/./}
	is 'retries 1' "$(word failing2) $(asked failing2)" 'null 1'
	check 'retryDelayMs is between tries only' [ "$(elapsed_ms "$start")" -lt 10000 ]
}

memory() {
	anew '.DiskCache.retryTimeout = 2'
	is 'retryTimeout 2 s: absent' "$(word short) $(word short) $(asked short)" 'false false 1'
	module short
	check 'retryTimeout 2 s: found in time' wait_until 10 is_found short
	anew '.DiskCache.retryTimeout = 0'
	is 'retryTimeout 0: nothing is remembered' "$(word never) $(word never) $(asked never)" 'false false 2'
	anew '.DiskCache.symbolURLs = [] | .DiskCache.retryTimeout = 600 | .servers =
		[{remote: $url, type: ["breakpad"], retryTimeout: 0}]'
	is "a server's own retryTimeout" "$(word nobody) $(word nobody) $(asked nobody)" 'false false 2'
}
is_found() { [ "$(word "$1")" = true ]; }

# Whether each of the limits ended what it should have.
check_limits() {
	module hanging '{"hang": true}'
	big stalling 20000 '{"hold_at": 5000, "wait_for": "never"}'
	big trickling 20000 '{"chunk_bytes": 100, "chunk_delay_ms": 50}'
	big steady 100000 '{"chunk_bytes": 1000, "chunk_delay_ms": 40}'
	is "$1: none is settled" "$(word hanging stalling trickling steady)" 'null null null null'
	check "$1: firstByteTimeoutMs" says 'no answer within 410 ms'
	check "$1: stallTimeoutMs" says 'stalled: not enough data within 420 ms'
	is "$1: stallBytes" "$(grep -c 'stalled: .*/trickling.sym' "$work/pool.log")" 1
	check "$1: totalTimeoutMs" says 'not finished within 1500 ms'
	is "$1: connectTimeoutMs" "$(grep -cE "(Connection|Failed|Timeout|timed? ?out).* (39[0-9]|4[0-2][0-9]) (ms|milliseconds).*/hanging.sym" "$work/pool.log")" 1
}

limits() {
	readonly OWN='{connectTimeoutMs: 400, firstByteTimeoutMs: 410, stallTimeoutMs: 420, stallBytes: 2000,
		totalTimeoutMs: 1500}'
	anew ".DiskCache += $OWN | .DiskCache.symbolURLs = [\"$silent_url\", \$url] | .process.fetchers = 4"
	check_limits DiskCache
	anew ".DiskCache.symbolURLs = [] | .process.fetchers = 4 |
		.servers = [{remote: \"$silent_url\", type: [\"breakpad\"]} + $OWN, {remote: \$url, type: [\"breakpad\"]} + $OWN]"
	check_limits servers
	anew '.DiskCache.maxDownloadMB = 1'
	big large 1100000 '{}'
	is 'maxDownloadMB 1: not usable' "$(word large)" false
	check 'maxDownloadMB 1: in the log' says 'larger than 1048576 bytes'
	anew '.DiskCache.maxSymbolMB = 1'
	behave "large.pdb/$id/large.sym" '{"encode": "gzip"}'
	is 'maxSymbolMB 1: not usable' "$(word large)" false
	stop pool
	rm -f "$work/fastcgi.sock"
	start_pool '.DiskCache.maxSymbolMB = 2'
	is 'maxSymbolMB 2: what was refused before is asked for again' "$(word large)" true
}

# sent PREFIX NAME: headers of the request for that module.
sent() { jq -r "select(.path == \"/$1$2.pdb/$id/$2.sym\") | .headers" "$work/upstream.requests.details"; }

servers() {
	anew '.DiskCache.symbolURLs = [$url + "urls/"] | .servers = [
		{identifier: "other layout", remote: $url, type: ["symstore"]},
		{identifier: "keyed", remote: ($url + "keyed"), type: ["breakpad"], headers: {"X-Key": "swordfish"}},
		{identifier: "proxied", remote: "http://symbols.invalid/base", type: ["symstore", "breakpad"], proxy: $url},
		{identifier: "secret", remote: ($url + "secret?token=swordfish" | sub("//"; "//joe:swordfish@")),
			type: ["breakpad"], whitelist: ["fifth"]},
		{identifier: "public", remote: ($url + "public"), type: ["breakpad"], allowPrivate: false,
			whitelist: ["public"]}]'
	module first '' urls/
	module second '' keyed/
	module third '' base/
	module fourth
	module public '' public/
	is 'order: symbolURLs, then servers' "$(word first) $(word second) $(word third)" 'true true true'
	is 'order: asked so' "$(grep third "$work/upstream.requests" | sed 's|/third.pdb.*||')" \
		$'GET /urls\nGET /keyed\nGET http://symbols.invalid/base'
	is 'order: what was found is asked for no further' "$(grep -c first "$work/upstream.requests")" 1
	is 'type: another layout is not asked' "$(word fourth) $(grep -c ' /fourth' "$work/upstream.requests")" 'false 0'
	is 'headers: of that server' "$(sent keyed/ second | jq -r '."X-Key"')" swordfish
	is 'headers: and of no other' "$(sent urls/ second | jq -r '."X-Key"')" null
	module fifth '{"status": 500}' secret/
	is 'credentials and query: sent' "$(word fifth) $(upstream_requests 'secret/fifth.*token=swordfish')" 'null 1'
	check 'credentials and query: its failure is logged' says 'status 500: http://127.0.0.1'
	is 'nothing secret is in the log' "$(grep -c 'swordfish\|joe' "$work/pool.log")" 0
	is 'allowPrivate false: not asked' "$(word public) $(grep -c ' /public' "$work/upstream.requests")" 'null 0'
	check 'allowPrivate false: in the log' says allowPrivate
}

# A fetcher without descriptors to spare cannot ask: that says nothing of the server, and is not remembered.
local_fault() {
	local pid
	mkdir -p "$work/local/here.pdb/$id"
	printf 'MODULE windows x86 %s here.pdb\nFUNC 1000 100 0 here()\n' "$id" >"$work/local/here.pdb/$id/here.sym"
	anew '.process.fetchers = 1 | .DiskCache.localSymbolDirs = ["local"]'
	module ours
	is 'the fetcher is at work' "$(word here)" true
	pid=$(pool_children fetcher)
	prlimit --pid "$pid" --nofile=3:
	is 'no descriptor left: not settled' "$(word ours) $(asked ours)" 'null 0'
	check 'no descriptor left: in the log' says 'Too many open files'
	prlimit --pid "$pid" --nofile=1024:
	is 'descriptors again: found at once' "$(word ours) $(asked ours)" 'true 1'
}

# How many requests the server has under way is told by how many it has got and not answered yet.
max_requests() {
	local number
	anew '.DiskCache.symbolURLs = [] | .process.fetchers = 4 |
		.servers = [{remote: $url, type: ["breakpad"], maxRequests: 2}]'
	for number in 1 2 3 4; do module "held$number" '{"wait_for": "go"}'; done
	word held1 held2 held3 held4 >"$work/held.word" &
	check 'maxRequests 2: two are under way' wait_until 20 two_asked
	sleep 0.3
	is 'maxRequests 2: and not three' "$(upstream_requests '/held..sym')" 2
	touch "$symbols/go"
	wait $!
	is 'maxRequests 2: all in the end' "$(cat "$work/held.word")" 'true true true true'
}
two_asked() { [ "$(upstream_requests '/held..sym')" -ge 2 ]; }

e2e_begin nginx prlimit
start_upstream
start_silent_port
anew .
start_web nginx
retries
memory
limits
servers
local_fault
max_requests
e2e_end
