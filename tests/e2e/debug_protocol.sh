#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The debug protocol's actions, but those of raw files; and who is not admitted.
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

evict_frames() {
	debug "$1: evict the first frame" '{"success":true}' "\"action\":\"cacheEvict\",$XUL,\"offset\":11723767"
	debug "$1: evict the second frame" '{"success":true}' "\"action\":\"cacheEvict\",$WNTDLL,\"offset\":65802"
}

hit_cycle() {
	local round
	debug 'outputCacheHits on' '{"success":true}' '"action":"outputCacheHits","enabled":true'
	cache_hits 'first' '[[false,false]]'
	cache_hits 'again' '[[true,true]]'
	# whichever of the workers was told to delete them
	for round in 1 2 3 4 5 6; do
		evict_frames "round $round"
		cache_hits "round $round, evicted" '[[false,false]]'
		cache_hits "round $round, again" '[[true,true]]'
	done
	post / "{\"stacks\":[[[0,11723767],[-1,5],[0,1]]],\"memoryMap\":[[\"xul.pdb\",\"44E4EC8C2F41492B9369D6B9A059577C2\"]],\"version\":4}"
	is_json 'no hit without a module, nor below the first symbol' '[[true,false,false]]' .cacheHits
	post / "{$SAMPLE_STACKS,\"version\":3}"
	is_json 'version 3 has no place for it' '"array"' type
	debug 'outputCacheHits off' '{"success":true}' '"action":"outputCacheHits","enabled":false'
	post / "$SAMPLE"
	is_json 'no cacheHits then' "$SAMPLE_ANSWER"
	evict_frames 'of what is not there'
	evict_frames 'again'
	debug 'nothing is kept under such an offset' '{"success":true}' "\"action\":\"cacheEvict\",$XUL,\"offset\":-1"
	debug 'and the table is still there' '{"exists":true}' "\"action\":\"cacheExists\",$XUL"
}

module_actions() {
	debug 'cacheExists' '{"exists":true}' "\"action\":\"cacheExists\",$XUL"
	debug 'cacheEvict' '{"success":true}' "\"action\":\"cacheEvict\",$XUL"
	debug 'cacheExists no more' '{"exists":false}' "\"action\":\"cacheExists\",$XUL"
	debug 'cacheEvict of what is not there' '{"success":true}' "\"action\":\"cacheEvict\",$XUL"
	debug 'cacheExists of another module' '{"exists":true}' "\"action\":\"cacheExists\",$WNTDLL"
	debug 'cacheGet fetches it' "{\"path\":\"$work/cache/db-1/data.mdb\",\"key\":\"xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2\"}" \
		"\"action\":\"cacheGet\",$XUL"
	check 'into that file' [ -s "$work/cache/db-1/data.mdb" ]
	debug 'cacheExists again' '{"exists":true}' "\"action\":\"cacheExists\",$XUL"
	debug 'cacheGet of what nobody has' '{"path":null}' '"action":"cacheGet","libName":"nope.pdb","breakpadId":"A0"'
	debug 'cacheGet of what cannot be' '{"path":null}' '"action":"cacheGet","libName":"../x","breakpadId":"no hex"'
	debug 'cacheExists of what cannot be' '{"exists":false}' '"action":"cacheExists","libName":"..","breakpadId":"A0"'
	debug 'cacheEvict of what cannot be' '{"success":true}' '"action":"cacheEvict","libName":"","breakpadId":""'
	debug 'an unknown action' '{"message":"Invalid action"}' '"action":"bogus"'
}

# refused NAME BODY TITLE
refused() {
	post / "$2"
	is "$1: status" "$status" 400
	is_json "$1: title" "\"$3\"" .title
}

bad_actions() {
	local action
	for action in cacheEvict cacheExists cacheAddRaw cacheGet; do
		refused "$action without breakpadId" "{\"debug\":true,\"action\":\"$action\",\"libName\":\"xul.pdb\"}" \
			'libName or breakpadId is missing'
		refused "$action with a number" "{\"debug\":true,\"action\":\"$action\",\"libName\":5,\"breakpadId\":\"A\"}" \
			'libName or breakpadId is missing'
	done
	refused 'outputCacheHits without enabled' '{"debug":true,"action":"outputCacheHits"}' 'enabled is missing'
	refused 'debug that is no true' '{"debug":"yes","action":"cacheExists"}' 'stacks is missing'
	refused 'action that is no string' '{"debug":true,"action":["cacheExists"]}' 'stacks is missing'
}

# not_admitted NAME CURL OPTION...: the action is taken for the bad request that it is otherwise.
not_admitted() {
	post / '{"debug":true,"action":"bogus"}' "${@:2}"
	is "not admitted: $1" "$status $(jq -r .title <<<"$body")" '400 stacks is missing'
}

admission() {
	debug 'admitted with Sec-Fetch-Site none' '{"message":"Invalid action"}' '"action":"bogus"'
	post / '{"debug":true,"action":"bogus"}' -H 'Sec-Fetch-Site: same-origin'
	is_json 'admitted with Sec-Fetch-Site same-origin' '{"message":"Invalid action"}'
	post / '{"debug":true,"action":"bogus"}' -H "Host: LOCALHOST:$web_port"
	is_json 'admitted with an allowed host' '{"message":"Invalid action"}'
	not_admitted 'another host' -H 'Host: rebound.example'
	not_admitted 'an origin' -H "Origin: $web_url"
	not_admitted 'another site' -H 'Sec-Fetch-Site: cross-site'
	not_admitted 'the same site, another host' -H 'Sec-Fetch-Site: same-site'
	not_admitted 'X-Forwarded-For' -H 'X-Forwarded-For: 127.0.0.1'
	not_admitted 'Forwarded' -H 'Forwarded: for=127.0.0.1'
	not_admitted 'X-Real-IP' -H 'X-Real-IP: 127.0.0.1'
	not_admitted 'Via' -H 'Via: 1.1 proxy'
	# the hole of the original: whoever sends a good request besides
	post / "{$SAMPLE_STACKS,\"version\":4,\"debug\":true,\"action\":\"cacheEvict\",$XUL}" -H 'Origin: http://evil.example'
	is_json 'a good request with debug members from a page is just a request' "$SAMPLE_ANSWER"
	debug 'and has evicted nothing' '{"exists":true}' "\"action\":\"cacheExists\",$XUL"
	post /symbolicate/v4 '{"debug":true,"action":"bogus"}'
	is 'not admitted: another URL' "$status" 400
}

# Another port of nginx that says it was a client elsewhere who asked.
from_afar() {
	local near=$web_url
	far_port=$(free_port)
	contrib_site nginx "$work/fastcgi.sock" "127.0.0.1:$far_port" "$work" | sed 's/\$remote_addr/192.0.2.9/' \
		>"$work/nginx/nginx-far.conf"
	kill -HUP "${pid_of[nginx]}"
	wait_until 10 port_answers 127.0.0.1 "$far_port"
	web_url=http://127.0.0.1:$far_port
	not_admitted 'an address elsewhere'
	write_configuration '.process.debugProtocol = "local" | .process.adminNetworks = ["192.0.2.0/24"]'
	kill -HUP "${pid_of[pool]}"
	check 'admitted from adminNetworks' wait_until 20 is_admitted
	write_configuration '.process.debugProtocol = "off" | .process.adminNetworks = ["192.0.2.0/24"]'
	kill -HUP "${pid_of[pool]}"
	check 'nobody is admitted when it is off' wait_until 20 eval '! is_admitted'
	web_url=$near
	not_admitted 'this host when it is off'
}
is_admitted() {
	post / '{"debug":true,"action":"bogus"}'
	[ "$status" = 200 ]
}

without_memcached() {
	stop pool
	memcached_socket=
	start_pool '.process.debugProtocol = "local"'
	check 'works without memcached' sample_works
	refused 'cacheEvict of an address' "{\"debug\":true,\"action\":\"cacheEvict\",$XUL,\"offset\":1}" 'there is no address cache'
	debug 'cacheEvict of a table' '{"success":true}' "\"action\":\"cacheEvict\",$XUL"
	debug 'outputCacheHits' '{"success":true}' '"action":"outputCacheHits","enabled":1'
	cache_hits 'twice' '[[false,false]]'
	cache_hits 'twice' '[[false,false]]'
}

e2e_begin nginx memcached
start_upstream
start_memcached
# as many as a round has requests: each of them always has the same part
start_pool '.process.debugProtocol = "local" | .process.workers = 4 | .process.maxWorkers = 4'
start_web nginx
hit_cycle
module_actions
bad_actions
admission
from_afar
without_memcached
# the mode does not outlive the server
stop pool
start_pool '.process.debugProtocol = "local"'
post / "$SAMPLE"
is_json 'cacheHits mode is off after a restart' "$SAMPLE_ANSWER"
e2e_end
