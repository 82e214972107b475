#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What Snappy's own tests did: the cycle of miss, hit and evict, many requests at once.
. "$(dirname "$0")/lib.sh"

readonly XUL='"libName":"xul.pdb","breakpadId":"44E4EC8C2F41492B9369D6B9A059577C2"'
readonly WNTDLL='"libName":"wntdll.pdb","breakpadId":"D74F79EB1F8D4A45ABCD2F476CCABACC2"'

# debug NAME EXPECTED REQUEST [JQ]
debug() {
	post / "{\"debug\":true,$3}"
	is_json "$1" "$2" "${4:-.}"
}

# cache_hits NAME EXPECTED: the sample's answer, and which of its frames memcached had.
cache_hits() {
	post / "$SAMPLE"
	is_json "$1: answer" "$(jq -c .symbolicatedStacks <<<"$SAMPLE_ANSWER")" .symbolicatedStacks
	is_json "$1: cacheHits" "$2" .cacheHits
}

hit_cycle() {
	debug 'outputCacheHits on' '{"success":true}' '"action":"outputCacheHits","enabled":true'
	cache_hits 'first' '[[false,false]]'
	cache_hits 'again' '[[true,true]]'
	debug 'evict the first frame' '{"success":true}' "\"action\":\"cacheEvict\",$XUL,\"offset\":11723767"
	debug 'evict the second frame' '{"success":true}' "\"action\":\"cacheEvict\",$WNTDLL,\"offset\":65802"
	cache_hits 'after evicting' '[[false,false]]'
	cache_hits 'and again' '[[true,true]]'
	debug 'outputCacheHits off' '{"success":true}' '"action":"outputCacheHits","enabled":false'
	post / "$SAMPLE"
	is_json 'no cacheHits then' "$SAMPLE_ANSWER"
}

module_actions() {
	debug 'cacheExists' '{"exists":true}' "\"action\":\"cacheExists\",$XUL"
	debug 'cacheEvict' '{"success":true}' "\"action\":\"cacheEvict\",$XUL"
	debug 'cacheExists no more' '{"exists":false}' "\"action\":\"cacheExists\",$XUL"
	debug 'cacheEvict of what is not there' '{"success":true}' "\"action\":\"cacheEvict\",$XUL"
	debug 'cacheExists of another module' '{"exists":true}' "\"action\":\"cacheExists\",$WNTDLL"
	debug 'an unknown action' '{"message":"Invalid action"}' '"action":"bogus"'
	post / '{"debug":true,"action":"cacheEvict","libName":"xul.pdb"}'
	is 'an action without its property' "$status" 400
}

# many NAME: 300 requests at once, every second for a module that does not exist.
many() {
	local i expected wrong=() clients=()
	for ((i = 0; i < 300; i++)); do
		if ((i % 2)); then
			curl -s -m 60 -o "$work/many.$i" -d "$SAMPLE" "$web_url/" &
		else
			curl -s -m 60 -o "$work/many.$i" -d "{\"stacks\":[[[0,$i]]],\"memoryMap\":[[\"no$i.pdb\",\"A$i\"]],\"version\":4}" "$web_url/" &
		fi
		clients+=($!)
	done
	wait "${clients[@]}"
	for ((i = 0; i < 300; i++)); do
		if ((i % 2)); then expected='XREMain::XRE_mainRun() (in xul.pdb)'; else expected=$(printf '0x%x (in no%d.pdb)' $i $i); fi
		grep -qF "$expected" "$work/many.$i" || wrong+=("$i: $(cat "$work/many.$i")")
	done
	is "300 requests at once: $1" "${#wrong[@]} wrong ${wrong[*]:0:3}" '0 wrong '
}

e2e_begin nginx memcached
start_upstream
start_memcached
# more waiting at once than by default: over the cap it is 503
start_pool '.process.debugProtocol = "local" | .process.maxWorkers = 256'
start_web nginx
hit_cycle
module_actions
many 'cold'
many 'primed'
e2e_end
