#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What Snappy's own test suite asked of its servers, against a running ./quickstart.
. "$(dirname "$0")/lib.sh"

readonly XUL='"libName":"xul.pdb","breakpadId":"44E4EC8C2F41492B9369D6B9A059577C2"'
readonly WNTDLL='"libName":"wntdll.pdb","breakpadId":"D74F79EB1F8D4A45ABCD2F476CCABACC2"'
readonly MAIN_RUN=11720096 # where XREMain::XRE_mainRun() begins; it is 4352 bytes long

# act REQUEST: sets $body.
act() { post / "{\"debug\":true,$1}"; }

# debug NAME EXPECTED REQUEST
debug() {
	act "$3"
	is_json "$1" "$2"
}

# ---- test_roundTrip ----

bad_request() {
	post / "$2"
	is "bad request: $1" "$status" 400
}

round_trip() {
	local modules='"memoryMap":[["xul.pdb","44E4EC8C2F41492B9369D6B9A059577C2"]]' stacks='"stacks":[[[0,11723767]]]'
	post / "$SAMPLE"
	is 'the sample request: status' "$status" 200
	is_json 'the sample request' "$SAMPLE_ANSWER"
	bad_request 'an empty body' ''
	bad_request 'text' 'this is not JSON'
	bad_request 'without the last brace' "${SAMPLE%\}}"
	bad_request 'a trailing comma inside memoryMap' "{$stacks,\"memoryMap\":[[\"xul.pdb\",\"44E4\"],],\"version\":4}"
	bad_request 'without memoryMap' "{$stacks,\"version\":4}"
	bad_request 'a comma in place of version' "{$stacks,$modules,}"
	bad_request 'without stacks' "{$modules,\"version\":4}"
}

# ---- test_SymServerCache ----

cache_hits() {
	post / "$SAMPLE"
	is_json "$1: answer" "$(jq -c .symbolicatedStacks <<<"$SAMPLE_ANSWER")" .symbolicatedStacks
	is_json "$1: cacheHits" "$2" .cacheHits
}

evict_addresses() {
	debug 'evict the first address' '{"success":true}' "\"action\":\"cacheEvict\",$XUL,\"offset\":11723767"
	debug 'evict the second address' '{"success":true}' "\"action\":\"cacheEvict\",$WNTDLL,\"offset\":65802"
}

address_cache() {
	debug 'outputCacheHits' '{"success":true}' '"action":"outputCacheHits","enabled":true'
	evict_addresses
	cache_hits 'miss' '[[false,false]]'
	cache_hits 'hit' '[[true,true]]'
	evict_addresses
	cache_hits 'evicted' '[[false,false]]'
	cache_hits 'hit again' '[[true,true]]'
	debug 'outputCacheHits off' '{"success":true}' '"action":"outputCacheHits","enabled":false'
}

# ---- test_DiskCache ----

path_of() { jq -r .path <<<"$body"; }

disk_cache() {
	local original=$symbols/xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2/xul.sym path
	debug 'evict' '{"success":true}' "\"action\":\"cacheEvict\",$XUL"
	debug 'it does not exist' '{"exists":false}' "\"action\":\"cacheExists\",$XUL"
	act "\"action\":\"cacheAddRaw\",$XUL"
	check 'added raw: the same bytes' cmp "$(path_of)" "$original"
	debug 'it exists' '{"exists":true}' "\"action\":\"cacheExists\",$XUL"
	act "\"action\":\"cacheGet\",$XUL"
	path=$(path_of)
	check 'got: the same bytes' cmp "$path" "$original"
	check 'it is looked up in' sample_works
	debug 'evict it' '{"success":true}' "\"action\":\"cacheEvict\",$XUL"
	check 'the file is gone' [ ! -e "$path" ]
	debug 'it exists no more' '{"exists":false}' "\"action\":\"cacheExists\",$XUL"
	act "\"action\":\"cacheGet\",$XUL"
	check 'got: a file exists' [ -s "$(path_of)" ]
}

# ---- test_stress: 300 requests at once ----

readonly AT_ONCE=300

# The body and the expected frame of request number $1 of kind $2, in $body and $frame.
stress_request() {
	local offset=$((MAIN_RUN + stress_round * AT_ONCE + $1)) kind=$2
	if [ "$kind" = mixed ]; then
		local kinds=(hits disk misses)
		kind=${kinds[$1 % 3]}
	fi
	case $kind in
	hits) offset=11723767 ;;
	misses)
		body="{\"stacks\":[[[0,$1]]],\"memoryMap\":[[\"no$stress_round.$1.pdb\",\"A$1\"]],\"version\":4}"
		frame=$(printf '0x%x (in no%d.%d.pdb)' "$1" "$stress_round" "$1")
		return
		;;
	esac
	body="{\"stacks\":[[[0,$offset]]],\"memoryMap\":[[\"xul.pdb\",\"44E4EC8C2F41492B9369D6B9A059577C2\"]],\"version\":4}"
	frame='XREMain::XRE_mainRun() (in xul.pdb)'
}

# stress KIND STATE: "primed": the table is held, and the sample's address in memcached.
stress() {
	local i frames=() wrong=()
	stress_round=$((stress_round + 1))
	act "\"action\":\"cacheEvict\",$XUL,\"offset\":11723767"
	act "\"action\":\"cacheEvict\",$XUL"
	[ "$2" != primed ] || post / "$SAMPLE"
	rm -f "$work"/stress.*
	for ((i = 0; i < AT_ONCE; i++)); do
		stress_request "$i" "$1"
		frames+=("$frame")
		[ "$i" = 0 ] || echo next
		printf 'url = "%s/"\ndata = "%s"\noutput = "%s"\n' "$web_url" "${body//\"/\\\"}" "$work/stress.$i"
	done >"$work/stress.conf"
	curl -s -m 60 --parallel --parallel-immediate --parallel-max $AT_ONCE --config "$work/stress.conf" \
		2>>"$work/curl.log"
	for ((i = 0; i < AT_ONCE; i++)); do
		grep -qF "[[\"${frames[i]}\"]]" "$work/stress.$i" || wrong+=("$i: $(cat "$work/stress.$i")")
	done
	is "$AT_ONCE at once: $1, $2" "${#wrong[@]} wrong ${wrong[*]:0:3}" '0 wrong '
}

e2e_begin nginx memcached
trap stop_quickstart EXIT
start_upstream
choose_port
cd "$work" || exit
# each of 300 requests may wait for another module: over the cap of maxWorkers it would be 503 and Retry-After
quickstart -o "SymServer.port=$web_port" -o process.maxWorkers=400 -o "DiskCache.symbolURLs=[\"$upstream_url\"]"
is './quickstart' "$status" 0
[ "$status" = 0 ] || bail_out "$(tail -n 3 "$work/quickstart.out")"
check 'memcached runs' memcached_answers "$work/run/memcached.sock"
round_trip
address_cache
disk_cache
stress_round=0
for kind in hits disk misses mixed; do
	stress $kind cold
	stress $kind primed
done
check 'the sample still works' sample_works
quickstart --stop
is './quickstart --stop' "$status" 0
e2e_end
