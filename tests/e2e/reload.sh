#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SIGHUP: a good configuration counts from then on, a bad one changes nothing; no request is lost meanwhile.
. "$(dirname "$0")/lib.sh"

# With lenientModules an odd module is unfound, without it the request is refused.
readonly ODD='{"stacks":[[[0,1]]],"memoryMap":[["a/b","1"]]}'
odd_is() {
	post /symbolicate/v5 "$ODD"
	[ "$status" = "$1" ]
}

# Sends the sample until the file "enough" is there; what was not right goes to $work/lost.
keep_asking() {
	until [ -e "$work/enough" ]; do
		curl -s -m 20 -d "$SAMPLE" "$web_url/" 2>&1 | grep -q 'XREMain::XRE_mainRun() (in xul.pdb)' || echo lost >>"$work/lost"
	done
}

e2e_begin nginx
start_upstream
start_pool
start_web nginx
check 'the sample' sample_works
check 'lenient at first' odd_is 200
keep_asking &
asking=$!

write_configuration '.SymServer.lenientModules = false'
kill -HUP "${pid_of[pool]}"
check 'a good configuration counts' wait_until 20 odd_is 400

echo '{"SymServer": {"lenientModules": "maybe"' >"$work/symbolicate.json"
kill -HUP "${pid_of[pool]}"
reload_refused() { grep -q 'configuration not reloaded' "$work/pool.log"; }
check 'a broken one is refused' wait_until 20 reload_refused
check 'and the old one still counts' odd_is 400
check 'the sample' sample_works

rm "$work/symbolicate.json"
kill -HUP "${pid_of[pool]}"
reload_refused_twice() { [ "$(grep -c 'configuration not reloaded' "$work/pool.log")" -ge 2 ]; }
check 'a missing one is refused' wait_until 20 reload_refused_twice
check 'the sample' sample_works

touch "$work/enough"
wait $asking
is 'no request was lost' "$(cat "$work/lost" 2>/dev/null)" ''
stop pool
is 'the pool ends' "$exit_status" 0
e2e_end
