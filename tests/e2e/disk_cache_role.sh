#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Snappy's DiskCache port, as the shipped web server configurations have it when it is uncommented.
. "$(dirname "$0")/lib.sh"

readonly XUL='"libName":"xul.pdb","breakpadId":"44E4EC8C2F41492B9369D6B9A059577C2"'

# Adds the port to the web server's site; $disk_cache is its URL.
open_port() {
	local site=$work/$web/$web-site.conf
	disk_cache_port=$(free_port)
	contrib_site "$web" "$work/fastcgi.sock" "127.0.0.1:$web_port" "$work" |
		with_disk_cache_port "$web" "$disk_cache_port" >"$site.new"
	mv "$site.new" "$site"
	if [ "$web" = nginx ]; then
		kill -HUP "${pid_of[nginx]}"
	else
		stop apache
		start apache apache2 -d "$work/apache" -f "$work/apache/apache.conf" -D FOREGROUND
	fi
	wait_until 20 port_answers 127.0.0.1 "$disk_cache_port" || bail_out 'the port does not open'
	disk_cache=http://127.0.0.1:$disk_cache_port
	sym_server=$web_url
}

# both NAME BODY EXPECTED-OF-SYMSERVER EXPECTED-OF-DISKCACHE [CURL OPTION...]
both() {
	web_url=$sym_server
	post / "$2" "${@:5}"
	is_json "SymServer: $1" "$3"
	web_url=$disk_cache
	post / "$2" "${@:5}"
	is_json "DiskCache: $1" "$4"
	web_url=$sym_server
}

dialect() {
	local stacks='"stacks":[[[0,11723767],[-1,5]]],"memoryMap":[["xul.pdb","44E4EC8C2F41492B9369D6B9A059577C2"],["b.so","B1"]]'
	local frames='"XREMain::XRE_mainRun() (in xul.pdb)"'
	both 'version 4' "{$stacks,\"version\":4}" \
		"{\"symbolicatedStacks\":[[$frames,\"0x5\"]],\"knownModules\":[true,false]}" \
		"{\"symbolicatedStacks\":[[$frames,\"0x5 (in b.so)\"]],\"knownModules\":[true,false]}"
	both 'version 3' "{$stacks,\"version\":3}" "[[$frames,\"0x5\"]]" \
		"{\"symbolicatedStacks\":[[$frames,\"0x5 (in b.so)\"]],\"knownModules\":[true,false]}"
	both 'a header does not change the role' "{$stacks,\"version\":3}" "[[$frames,\"0x5\"]]" \
		"{\"symbolicatedStacks\":[[$frames,\"0x5 (in b.so)\"]],\"knownModules\":[true,false]}" \
		-H 'SYMBOLICATE_ROLE: DiskCache' -H 'SYMBOLICATE-ROLE: DiskCache' -H 'Symbolicate-Role: DiskCache'
	web_url=$disk_cache
	post / '{"stacks":[[[-2,5]]],"memoryMap":[["b.so","B1"]],"version":4}'
	is 'what it answered with 500 is 400' "$status $(jq -r .title <<<"$body")" \
		'400 stack 0 frame 0 has a module index beyond the end of memoryMap'
	post / '{"stacks":[],"memoryMap":[],"version":4}'
	is 'an empty list of stacks' "$status" 400
	post /symbolicate/v5 "$SAMPLE"
	is_json 'other URLs are as ever' '["XREMain::XRE_mainRun()","KiUserCallbackDispatcher"]' \
		'.results[0].stacks[0] | map(.function)'
	get /
	is 'GET' "$status" 405
	web_url=$sym_server
}

actions() {
	both 'outputCacheHits is the SymServer'\''s' '{"debug":true,"action":"outputCacheHits","enabled":true}' \
		'{"success":true}' '{"message":"Invalid action"}'
	web_url=$disk_cache
	post / "$SAMPLE"
	is_json 'no cacheHits of the DiskCache' "$SAMPLE_ANSWER"
	post / "{\"debug\":true,\"action\":\"cacheExists\",$XUL}"
	is_json 'cacheExists' '{"exists":true}'
	post / "{\"debug\":true,\"action\":\"cacheEvict\",$XUL,\"offset\":11723767}"
	is_json 'cacheEvict minds no offset' '{"success":true}'
	post / "{\"debug\":true,\"action\":\"cacheExists\",$XUL}"
	is_json 'the table is gone' '{"exists":false}'
	post / "{\"debug\":true,\"action\":\"cacheAddRaw\",$XUL}"
	check 'cacheAddRaw' cmp "$(jq -r .path <<<"$body")" "$symbols/xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2/xul.sym"
	post / "{\"debug\":true,\"action\":\"cacheGet\",$XUL}"
	check 'cacheGet' [ -s "$(jq -r .path <<<"$body")" ]
	post / '{"debug":true,"action":"cacheGet","libName":"xul.pdb"}'
	is 'a missing property is 400' "$status" 400
	post / '{"debug":true,"action":"cacheExists"}' -H 'X-Forwarded-For: 127.0.0.1'
	is 'admission is the same' "$(jq -r .title <<<"$body")" 'stacks is missing'
	web_url=$sym_server
	post / '{"debug":true,"action":"outputCacheHits","enabled":false}'
}

# It had no memcached: it neither asks it nor fills it.
no_address_cache() {
	local added
	added=$(counter addrcache_added)
	web_url=$disk_cache
	post / '{"stacks":[[[0,11723768]]],"memoryMap":[["xul.pdb","44E4EC8C2F41492B9369D6B9A059577C2"]],"version":4}'
	is_json 'an address that nobody asked for before' true '.knownModules[0]'
	post / '{"stacks":[[[0,1]]],"memoryMap":[["nobody.pdb","A1"]],"version":4}'
	is 'nothing was added' "$(counter addrcache_added)" "$added"
	web_url=$sym_server
}

unknown_role() {
	sed -i 's/DiskCache; }/Janitor; }/; s/SYMBOLICATE_ROLE DiskCache/SYMBOLICATE_ROLE Janitor/' "$work/nginx/nginx-site.conf"
	kill -HUP "${pid_of[nginx]}"
	web_url=$disk_cache
	check 'an unknown role is an error' wait_until 20 eval 'post / "$SAMPLE"; [ "$status" = 500 ]'
	like 'that the log names' "$(cat "$work/pool.log")" 'SYMBOLICATE_ROLE is Janitor'
}

e2e_begin nginx apache2 memcached
start_upstream
start_memcached
start_pool '.process.debugProtocol = "local"'
for web in apache nginx; do
	start_web $web
	open_port
	dialect
	actions
	no_address_cache
done
unknown_role
e2e_end
