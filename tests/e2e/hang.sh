#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# process.hangTimeoutMs: a worker or fetcher in which nothing moves is killed, with one line in the log, and replaced.
. "$(dirname "$0")/lib.sh"

readonly SHORT='.process += {hangTimeoutMs: 1000, readTimeoutMs: 500, sendTimeoutMs: 500, fetchers: 1, workers: 1, maxWorkers: 4, reserved: 1}'

new_module() {
	module_count=$((module_count + 1))
	id=$(printf '%032X1' $((0xdead0 + module_count)))
	name=case$module_count
	mkdir -p "$symbols/$name.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$name" "$name" >"$symbols/$name.pdb/$id/$name.sym"
	rm -f "$symbols/go"
	behave "$name.pdb/$id/$name.sym" '{"hold_at": 10, "wait_for": "go"}'
	question="{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$name.pdb\",\"$id\"]],\"version\":4}"
	answer="[[\"$name() (in $name.pdb)\"]]"
}
module_is_asked() { [ "$(upstream_requests "$name.sym")" -ge 1 ]; }
killed_lines() { grep -c "$1 is killed: nothing has moved in it" "$work/pool.log"; }
ended_lines() { grep -c "$1 ended: " "$work/pool.log"; }
ask() {
	curl -s -m 60 -o "$work/answer" -w '%{http_code}' -d "$question" "$web_url/" >"$work/status" &
	client=$!
	check "$1: the download has begun" wait_until 20 module_is_asked
}

module_count=0
e2e_begin nginx
start_upstream
start_pool "$SHORT"
start_web nginx
check 'the sample' sample_works

# A long download is no hang: the server sends a byte now and then.
new_module
behave "$name.pdb/$id/$name.sym" '{"chunk_bytes": 12, "chunk_delay_ms": 800}'
post / "$question"
is_json 'a slow download goes on for longer than the limit' "$answer" .symbolicatedStacks

# So is one that waits for its server: curl's loop turns.
new_module
read -r fetcher < <(pool_children fetcher)
ask 'fetcher'
kill -STOP "$fetcher"
check 'a frozen fetcher is killed' wait_until 20 has_ended "$fetcher"
touch "$symbols/go"
wait $client
is 'another brings the module' "$(jq -c .symbolicatedStacks "$work/answer")" "$answer"
is 'one line says so' "$(killed_lines "fetcher $fetcher"), $(ended_lines "fetcher $fetcher")" '1, 0'
is 'and one counter' "$(counter children_hung)" 1
is 'the search was begun again' "$(counter flights_crashed)" 1

# The limit of a worker counts from the times that a request has by itself: 500 + 1000 + 500.
write_configuration "$SHORT | .process.waitMs = 1000"
read -r old_worker < <(pool_children worker)
kill -HUP "${pid_of[pool]}"
wait_until 20 has_ended "$old_worker"
wait_until 20 sample_works
new_module
read -r worker < <(pool_children worker)
ask 'worker'
kill -STOP "$worker"
check 'a frozen worker is killed' wait_until 20 has_ended "$worker"
wait $client
is 'its client sees an error' "$(cat "$work/status")" 502
is 'again one line' "$(killed_lines "worker $worker"), $(ended_lines "worker $worker")" '1, 0'
touch "$symbols/go"
check 'another answers' wait_until 20 sample_works
post / "$question"
is_json 'the module, too' "$answer" .symbolicatedStacks
is 'two in all' "$(counter children_hung)" 2

# Idle is no work.
sleep 0.3
read -r worker < <(pool_children worker)
kill -STOP "$worker"
sleep 3.6
is 'an idle worker is left alone' "$(counter children_hung)" 2
kill -CONT "$worker"
check 'and works' sample_works
e2e_end
