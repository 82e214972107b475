#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ./quickstart starts everything, answers the sample in every dialect, and stops everything.
. "$(dirname "$0")/lib.sh"

# Every dialect, with a word on the circumstances.
dialects() {
	check "Snappy v4 $1" sample_works
	post / "{$SAMPLE_STACKS,\"version\":3}"
	is_json "Snappy v3 $1" "$SAMPLE_ANSWER" '{symbolicatedStacks: ., knownModules: [true, true]}'
	post /symbolicate/v4 "$SAMPLE"
	is_json "/symbolicate/v4 $1" \
		'{"symbolicatedStacks":[["XREMain::XRE_mainRun() (in xul.dll)","KiUserCallbackDispatcher (in ntdll.dll)"]],"knownModules":[true,true]}'
	post /symbolicate/v5 "$SAMPLE"
	is_json "/symbolicate/v5 $1" '["XREMain::XRE_mainRun()","KiUserCallbackDispatcher"]' \
		'.results[0].stacks[0] | map(.function)'
}

started_pids() { cat "$work"/run/*.pid; }

from_the_tree() {
	choose_port
	quickstart -o "SymServer.port=$web_port"
	is 'quickstart' "$status" 0
	like 'shows the command' "$output" "curl -d .*http://127.0.0.1:$web_port/"
	like 'and the answer' "$output" 'XREMain::XRE_mainRun\(\) \(in xul.pdb\)'
	dialects 'with memcached'
	kill "$(cat "$work/run/memcached.pid")"
	dialects 'without memcached'
	quickstart -o "SymServer.port=$web_port"
	is 'a second time' "$status" 0
	dialects 'the second time'
	quickstart --status
	is '--status while it runs' "$status" 0
	like 'says where' "$output" "$web_url"
}

stops() {
	local pids
	mapfile -t pids < <(started_pids)
	quickstart --stop
	is '--stop' "$status" 0
	check 'has ended every process' all_ended "${pids[@]}"
	check 'and nobody listens' eval '! port_answers 127.0.0.1 "$web_port"'
	is 'and no socket is left' "$(find "$work/run" -type s)" ''
	quickstart --status
	is '--status when it is stopped' "$status" 3
	quickstart --stop
	is '--stop again' "$status" 0
}

busy_port() {
	choose_port
	start other python3 -m http.server --bind 127.0.0.1 "$web_port"
	wait_until 20 port_answers 127.0.0.1 "$web_port"
	quickstart -o "SymServer.port=$web_port"
	is 'a busy port: exit status' "$status" 69
	like 'a busy port: it says so' "$output" "port $web_port of 127.0.0.1 is in use"
	stop other
	quickstart --stop
}

# Nothing is overridden: what the file says is done.
with_configuration() {
	local memcached_port
	start_upstream
	choose_port
	memcached_port=$(free_port)
	jq -n --arg work "$work" --arg url "$upstream_url" --argjson port "$web_port" --argjson memcached "$memcached_port" --arg web "$1" '{
		DiskCache: {cachePath: ($work + "/cache-" + $web), symbolURLs: [$url]},
		SymServer: {port: $port, memcachedServers: ["127.0.0.1:\($memcached)"]},
		quickstart: {webServer: $web, sample: true, memcached: {start: true, port: $memcached}}
	}' >"$work/own.json"
	quickstart -c "$work/own.json"
	is "-c FILE with $1" "$status" 0
	check 'memcached listens where the file says' memcached_answers "127.0.0.1:$memcached_port"
	check 'the cache is where the file says' [ -d "$work/cache-$1" ]
	check 'no sample server of its own' [ ! -e "$work/run/nginx-samples.conf" ]
	dialects "with $1 by -c FILE"
	quickstart --stop
	stop upstream
}

# Snappy's other way to say the same.
with_configuration_text() {
	local json
	start_upstream
	choose_port
	json=$(jq -nc --arg work "$work" --arg url "$upstream_url" --argjson port "$web_port" '{
		DiskCache: {cachePath: ($work + "/cache-json"), symbolURLs: [$url]},
		SymServer: {port: $port, memcachedServers: []},
		quickstart: {sample: false, memcached: {start: false}}
	}')
	quickstart --configJSON "$json" -v
	is '--configJSON' "$status" 0
	check 'the cache is where the text says' [ -d "$work/cache-json" ]
	check 'no memcached was started' [ ! -e "$work/run/memcached.pid" ]
	check 'no sample server either' [ ! -e "$work/run/nginx-samples.conf" ]
	like '--verbose shows what is run' "$output" "running 'setsid' 'spawn-fcgi'.*'--configJSON' '"
	check 'it answers' sample_works
	quickstart --stop
	quickstart --configJSON '{"SymServer": {"port": "none"}}'
	is 'a wrong configuration' "$status" 78
	like 'is told' "$output" 'configJSON.*SymServer.port must be a whole number'
	quickstart --configJSON '{}' -c "$work/own.json"
	is 'not both' "$status" 64
	stop upstream
}

# It stays until it is told to end, and ends all it started.
in_the_foreground() {
	local pids
	choose_port
	start foreground env SYMBOLICATE_RUN_DIR="$work/run" SYMBOLICATE_BUILD_DIR="$top_builddir" \
		MAKEFLAGS= MFLAGS= MAKELEVEL= "$top_srcdir/quickstart" -F -o "SymServer.port=$web_port"
	check '--foreground answers' wait_until 60 grep -q 'staying in the foreground' "$work/foreground.log"
	check 'the sample' sample_works
	mapfile -t pids < <(started_pids)
	kill -HUP "$(cat "$work/run/symbolicate-fcgi.pid")"
	stop foreground
	is 'told to end, it ends well' "$exit_status" 0
	check 'and so does all that it started' all_ended "${pids[@]}"
	start foreground env SYMBOLICATE_RUN_DIR="$work/run" SYMBOLICATE_BUILD_DIR="$top_builddir" \
		MAKEFLAGS= MFLAGS= MAKELEVEL= "$top_srcdir/quickstart" --foreground -o "SymServer.port=$web_port"
	wait_until 60 eval '[ "$(grep -c "staying in the foreground" "$work/foreground.log")" = 2 ]'
	kill "$(cat "$work/run/symbolicate-fcgi.pid")"
	check 'it ends when the pool does' wait_until 20 has_ended "${pid_of[foreground]}"
	stop foreground
	is 'with an error' "$exit_status" 70
	check 'and nothing listens' eval '! port_answers 127.0.0.1 "$web_port"'
}

usage() {
	quickstart --help
	is '--help' "$status" 0
	quickstart --no-such-option
	is 'an unknown option' "$status" 64
	quickstart -c "$work/missing.json"
	is 'a missing file' "$status" 78
}

e2e_begin nginx apache2 memcached
trap stop_quickstart EXIT
from_the_tree
stops
busy_port
with_configuration nginx
# as root it wants a tree that www-data can read
if [ "$(id -u)" != 0 ] || runuser -u www-data -- test -x "$top_builddir/symbolicate-fcgi"; then
	with_configuration apache
fi
with_configuration_text
in_the_foreground
usage
e2e_end
