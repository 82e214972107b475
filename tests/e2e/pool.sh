#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each setting of "process" that limits or counts: changed, and its effect seen.  (builders.sh, hang.sh and
# pool_growth.sh have theirs, spawn.sh has listen.)
. "$(dirname "$0")/lib.sh"

new_module() {
	module_count=$((module_count + 1))
	id=$(printf '%032X1' $((0xcafe0 + module_count)))
	name=case$module_count
	mkdir -p "$symbols/$name.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$name" "$name" >"$symbols/$name.pdb/$id/$name.sym"
	behave "$name.pdb/$id/$name.sym" '{"hold_at": 10, "wait_for": "go"}'
	question="{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$name.pdb\",\"$id\"]],\"version\":4}"
}
module_is_asked() { [ "$(upstream_requests "$name.sym")" -ge 1 ]; }
# ask: for the module just made, in the background; the answer goes to $work/answer.NAME.
ask() {
	curl -s -m 60 -o "$work/answer.$name" -w '%{http_code}' -d "$question" "$web_url/" >"$work/status.$name" &
	clients+=($!)
}
milliseconds() { date +%s%3N; }
# restart FILTER: a new pool, so that every process has the setting.
restart() {
	[ -z "${pid_of[pool]:-}" ] || stop pool
	rm -f "$work/fastcgi.sock" "$symbols/go"
	start_pool ".process += {workers: 2, fetchers: 2} | $1"
}
has_children() { [ "$(pool_children "$1" | wc -l)" -eq "$2" ]; }
# bad_client OPTION...: the sample, sent past the web server; sets $result.
bad_client() {
	printf '%s' "$SAMPLE" >"$work/sample"
	result=$(python3 "$top_srcdir/tests/tools/fcgi_client.py" "$work/fastcgi.sock" / "$work/sample" "$@")
}
result_of() { jq -r ".$1" <<<"$result"; }
# within LEAST MOST SECONDS: prints yes, or what it is.
within() { awk -v least="$1" -v most="$2" -v is="$3" 'BEGIN { print (is >= least && is <= most ? "yes" : is) }'; }

workers_and_fetchers() {
	restart '.process += {workers: 3, fetchers: 5}'
	check 'workers: so many' wait_until 20 has_children worker 3
	check 'fetchers: so many' wait_until 20 has_children fetcher 5
	write_configuration '.process += {workers: 4, fetchers: 5}'
	kill -HUP "${pid_of[pool]}"
	check 'workers: more of them after a reload' wait_until 20 has_children worker 4
}

fetchers_at_a_time() {
	local first
	restart '.process += {fetchers: 1, workers: 3}'
	new_module
	first=$name
	ask
	check 'fetchers = 1: the first download has begun' wait_until 20 module_is_asked
	new_module
	ask
	sleep 0.3
	is 'fetchers = 1: the second waits for it' "$(upstream_requests "$name.sym")" 0
	touch "$symbols/go"
	wait "${clients[@]}"
	clients=()
	is 'fetchers = 1: both are answered' "$(cat "$work/status.$first" "$work/status.$name")" 200200
}

wait_ms() {
	local start
	restart '.process.waitMs = 400'
	new_module
	start=$(milliseconds)
	post / "$question"
	is 'waitMs: the answer after it' "$(within 400 3000 $(($(milliseconds) - start)))" yes
	is 'waitMs: is what is known' "$status" 200
	like 'waitMs: and asks to come again' "$(header Retry-After)" '^[0-9]+$'
	touch "$symbols/go"
	again() { post / "$question" && [ "$(jq -c .symbolicatedStacks <<<"$body")" = "[[\"$name() (in $name.pdb)\"]]" ]; }
	check 'waitMs: the search went on' wait_until 20 again
	is 'waitMs: it was one' "$(upstream_requests "$name.sym")" 1
}

read_timeout() {
	restart '.process.readTimeoutMs = 700'
	check 'readTimeoutMs: a good request' sample_works
	bad_client --cut -10
	is 'readTimeoutMs: half a request is cut' "$(within 0.6 5 "$(result_of seconds)")" yes
	is 'readTimeoutMs: without an answer' "$(result_of status)" null
	bad_client --cut 9
	is 'readTimeoutMs: a quarter, too' "$(within 0.6 5 "$(result_of seconds)")" yes
	is 'readTimeoutMs: both are counted' "$(counter requests_broken)" 2
	check 'readTimeoutMs: the next request' sample_works
}

# An answer of many megabytes whose client does not read it.
send_timeout() {
	local reader
	restart '.process += {sendTimeoutMs: 800, workers: 1, maxWorkers: 4, reserved: 2}'
	check 'sendTimeoutMs: a good request' sample_works
	jq -nc --argjson sample "$SAMPLE" '$sample | .stacks = [[range(60000) | [0, 11723767]]]' >"$work/large"
	rm -f "$work/enough"
	python3 "$top_srcdir/tests/tools/fcgi_client.py" "$work/fastcgi.sock" / "$work/large" \
		--no-reading "$work/enough" >"$work/large.result" &
	reader=$!
	check 'sendTimeoutMs: a worker more while the client sleeps' wait_until 20 has_children worker 2
	check 'sendTimeoutMs: hits are answered' sample_works
	is_cut() { [ "$(counter clients_gone)" -ge 1 ]; }
	check 'sendTimeoutMs: the answer is cut' wait_until 20 is_cut
	touch "$work/enough"
	wait $reader
	is 'sendTimeoutMs: the client has a part of it' \
		"$(jq -c '[.status, .whole, .bytes > 100000]' "$work/large.result")" '[200,false,true]'
	python3 "$top_srcdir/tests/tools/fcgi_client.py" "$work/fastcgi.sock" / "$work/large" >"$work/large.result"
	is 'sendTimeoutMs: one that reads has all of it' "$(jq -c '[.status, .whole]' "$work/large.result")" '[200,true]'
}

stop_timeout() {
	local start
	restart '.process.stopTimeoutMs = 1000'
	new_module
	ask
	check 'stopTimeoutMs: a request is under way' wait_until 20 module_is_asked
	start=$(milliseconds)
	stop pool
	is 'stopTimeoutMs: the end is that late, no later' "$(within 1000 8000 $(($(milliseconds) - start)))" yes
	is 'stopTimeoutMs: and an end in order' "$exit_status" 0
	wait "${clients[@]}"
	clients=()
	is 'stopTimeoutMs: the request is lost' "$(cat "$work/status.$name")" 502
	restart .
	new_module
	ask
	wait_until 20 module_is_asked
	start=$(milliseconds)
	kill "${pid_of[pool]}"
	sleep 0.2
	stop pool # TERM once more
	is 'a second TERM does not wait' "$(within 0 5000 $(($(milliseconds) - start)))" yes
	wait "${clients[@]}"
	clients=()
}

names_ring() {
	size() { awk '/^VmSize/ { print int($2 / 1024) }' "/proc/$(pool_children worker | head -1)/status"; }
	local small
	restart '.process.namesRingMB = 1'
	check 'namesRingMB: the sample' sample_works
	small=$(size)
	restart '.process.namesRingMB = 300'
	check 'namesRingMB: the sample with a larger one' sample_works
	is 'namesRingMB: it is that much larger' "$(within 250 400 $(($(size) - small)))" yes
}

# Not one request is lost while workers come and go, and they do not go together.
max_requests() {
	local started statuses
	restart '.process += {maxRequests: 40, workers: 3}'
	check 'maxRequests: the sample' sample_works
	started=$(counter children_started)
	statuses=$(curl -sS -Z --parallel-max 12 -o /dev/null -w '%{http_code}\n' -d "$SAMPLE" "$web_url/?[1-2000]" \
		2>>"$work/curl.log" | sort | uniq -c | sed 's/^ *//')
	is 'maxRequests: 2000 requests, all answered' "$statuses" '2000 200'
	is 'maxRequests: by about 50 workers' "$(within 40 60 $(($(counter children_started) - started)))" yes
	is 'maxRequests: none of whose ends is a death' "$(counter children_died)" "$died"
}

# Sixteen workers serve about in turn: without the jitter all of them would end within a few requests each.
max_requests_jitter() {
	local round before after ends=()
	restart '.process += {maxRequests: 100, workers: 16}'
	check 'maxRequests: the sample' sample_works
	before=$(pool_children worker | sort)
	for ((round = 1; round <= 150; round++)); do
		curl -sS -o /dev/null -d "$SAMPLE" "$web_url/?[1-16]" 2>>"$work/curl.log"
		after=$(comm -12 <(echo "$before") <(pool_children worker | sort))
		[ "$after" = "$before" ] || ends+=("$round")
		before=$after
		[ -n "$before" ] || break
	done
	is 'maxRequests: all sixteen end' "$before" ''
	check "maxRequests: at different times (after ${ends[*]} requests each)" [ $((ends[-1] - ends[0])) -ge 8 ]
}

debug_admission() {
	local exists='{"debug":true,"action":"cacheExists","libName":"xul.pdb","breakpadId":"44E4EC8C2F41492B9369D6B9A059577C2"}'
	restart '.process.debugProtocol = "off"'
	post / "$exists"
	is 'debugProtocol = off' "$status" 400
	restart '.process.debugProtocol = "local"'
	post / "$exists"
	is 'debugProtocol = local' "$status" 200
	post / "$exists" -H 'Host: elsewhere.example'
	is 'allowedHosts: another name is refused' "$status" 400
	restart '.process += {debugProtocol: "local", allowedHosts: ["elsewhere.example"]}'
	post / "$exists" -H 'Host: elsewhere.example'
	is 'allowedHosts: that name is allowed' "$status" 200
	post / "$exists"
	is 'allowedHosts: no other then' "$status" 400
}

listen_setting() {
	rm -f "$work/fastcgi.sock"
	write_configuration ".process.listen = \"unix:$work/fastcgi.sock\""
	start pool "$top_builddir/symbolicate-fcgi" -c "$work/symbolicate.json"
	check 'listen: the socket of the configuration' wait_until 20 sample_works
}

module_count=0
clients=()
e2e_begin nginx
start_upstream
start_pool
start_web nginx
check 'the sample' sample_works
died=$(counter children_died)
workers_and_fetchers
fetchers_at_a_time
wait_ms
read_timeout
send_timeout
names_ring
max_requests
max_requests_jitter
debug_admission
stop_timeout
listen_setting
e2e_end
