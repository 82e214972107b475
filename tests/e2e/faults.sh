#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bad days of an operator: upstream or memcached dead or frozen, processes killed. The next request is right.
. "$(dirname "$0")/lib.sh"

# A module of its own for each case: nothing is in a cache yet.
module_count=0
new_module() {
	name=case$((++module_count))
	id=$(printf '%032X1' $((0xabc000 + module_count)))
	mkdir -p "$symbols/$name.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$name" "$name" >"$symbols/$name.pdb/$id/$name.sym"
	question="{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$name.pdb\",\"$id\"]],\"version\":4}"
	answer="[[\"$name() (in $name.pdb)\"]]"
}

# The upstream sends ten bytes of the module and then waits for the file "go".
hold_module() {
	rm -f "$symbols/go"
	behave "$name.pdb/$id/$name.sym" '{"hold_at": 10, "wait_for": "go"}'
}

module_is_asked() { [ "$(upstream_requests "$name.sym")" -ge "${1:-1}" ]; }

module_resolves() {
	post / "$question"
	[ "$(jq -c .symbolicatedStacks <<<"$body" 2>/dev/null)" = "$answer" ]
}

# ask COUNT: that many clients at once in the background, their answers in $work/answer.N.
clients=()
ask() {
	local i
	clients=()
	for ((i = 1; i <= $1; i++)); do
		curl -s -m 60 -d "$question" "$web_url/" >"$work/answer.$i" &
		clients+=($!)
	done
}

single_flight() {
	local begun
	new_module
	hold_module
	begun=$(counter flights_begun)
	ask 20
	check 'single flight: the download has begun' wait_until 20 module_is_asked
	check 'single flight: hits are answered meanwhile' sample_works
	touch "$symbols/go"
	wait "${clients[@]}"
	is 'single flight: all 20 have the answer' \
		"$(cat "$work"/answer.* | jq -c .symbolicatedStacks | sort | uniq -c | sed 's/^ *//')" "20 $answer"
	is 'single flight: one request to the upstream' "$(upstream_requests "$name.sym")" 1
	is 'single flight: one was begun' $(($(counter flights_begun) - begun)) 1
}

absent_module() {
	new_module
	rm "$symbols/$name.pdb/$id/$name.sym"
	post / "$question"
	is_json 'absent module: not known' '[false]' .knownModules
	post / "$question"
	is 'absent module: asked for once' "$(upstream_requests "$name.sym")" 1
}

memcached_faults() {
	check 'memcached: sample' sample_works
	kill -STOP "${pid_of[memcached]}"
	new_module
	SECONDS=0
	check 'memcached frozen: a new module' module_resolves
	check 'memcached frozen: the sample' sample_works
	check 'memcached frozen: within 5 s' [ $SECONDS -lt 5 ]
	kill -CONT "${pid_of[memcached]}"
	stop memcached KILL
	new_module
	check 'memcached dead: a new module' module_resolves
	check 'memcached dead: the sample' sample_works
	start_memcached
	check 'memcached back: the sample' sample_works
}

upstream_faults() {
	local upstream_port
	upstream_port=$(cat "$work/upstream.port")
	new_module
	stop upstream KILL
	post / "$question"
	is 'upstream dead: status' "$status" 200
	is_json 'upstream dead: not known' '[false]' .knownModules
	check 'upstream dead: what is held is answered' sample_works
	start_upstream "$upstream_port"
	check 'upstream back: the module is asked for again' wait_until 60 module_resolves
	new_module
	behave "$name.pdb/$id/$name.sym" '{"status": 503, "first_n": 1}'
	check 'upstream busy at first: found in the end' wait_until 60 module_resolves
}

killed_workers() {
	local pids died
	died=$(counter children_died)
	mapfile -t pids < <(pool_children worker)
	kill -KILL "${pids[@]}"
	check 'workers killed: others come' wait_until 20 sample_works
	check 'workers killed: they are there again' wait_until 20 has_children worker
	is 'workers killed: and counted' $(($(counter children_died) - died)) ${#pids[@]}
}

has_children() { [ -n "$(pool_children "$1")" ]; }

killed_fetcher() {
	local pid
	new_module
	hold_module
	ask 1
	check 'fetcher killed: the download had begun' wait_until 20 module_is_asked
	for pid in $(pool_children fetcher); do kill -KILL "$pid"; done
	touch "$symbols/go"
	wait "${clients[@]}"
	check 'fetcher killed: the next request is right' wait_until 30 module_resolves
	is 'fetcher killed: no temporary file is left' "$(find "$work/cache/tmp" -type f 2>/dev/null | head -1)" ''
}

e2e_begin nginx memcached
start_upstream
start_memcached
start_pool
start_web nginx
check 'the sample' sample_works
single_flight
absent_module
memcached_faults
killed_workers
killed_fetcher
upstream_faults
e2e_end
