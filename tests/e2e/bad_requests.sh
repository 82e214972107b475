#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Requests that are wrong: each gets its status and text, and the next good one works.
. "$(dirname "$0")/lib.sh"

readonly MAP='"memoryMap":[["xul.pdb","44E4EC8C2F41492B9369D6B9A059577C2"]]'

readonly END_ID=0123456789ABCDEF0123456789ABCDEF1

# each PATH TABLE: lines of "status | title | body"; a title of * is any that says something.
each() {
	local path=$1 expected title text got
	while IFS='|' read -r expected title text; do
		[ -n "$text" ] || continue
		text=${text# }
		[ "$text" != EMPTY ] || text=''
		post "$path" "$text"
		got=$(jq -r '.title // ""' <<<"$body" 2>/dev/null)
		title=$(sed 's/^ *//; s/ *$//' <<<"$title")
		if [ "$title" = '*' ] && [ -n "$got" ]; then title=$got; fi
		is "POST $path ${text:0:70}" "$status $got" "${expected// /} $title"
	done <<<"$2"
}

# Snappy's seven, and what its validator refused; stacks beyond the first are looked at, too.
snappy() {
	each / "
400 | * | EMPTY
400 | * | not JSON
400 | * | ${SAMPLE%\}}
400 | * | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\",\"1\"],],\"version\":4}
400 | * | {\"stacks\":[[[0,1]]],\"version\":4}
400 | * | {\"stacks\":[[[0,1]]],$MAP,}
400 | * | {$MAP,\"version\":4}
400 | * | {\"stacks\":[[[0,1]]],$MAP}
400 | * | {\"stacks\":[[[0,1]]],$MAP,\"version\":5}
400 | * | {\"stacks\":[[[0,1]]],$MAP,\"version\":\"4\"}
400 | * | {\"stacks\":[],$MAP,\"version\":4}
400 | * | {\"stacks\":{},$MAP,\"version\":4}
400 | * | {\"stacks\":[[[0,1]],[[7,1]]],$MAP,\"version\":4}
400 | * | {\"stacks\":[[[1,1]]],$MAP,\"version\":4}
400 | * | {\"stacks\":[[[0]]],$MAP,\"version\":4}
400 | * | {\"stacks\":[[[0,1,2]]],$MAP,\"version\":4}
400 | * | {\"stacks\":[[[0,\"1\"]]],$MAP,\"version\":4}
400 | * | {\"stacks\":[[[0,1.5]]],$MAP,\"version\":4}
400 | * | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\"]],\"version\":4}
400 | * | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\",1]],\"version\":4}
400 | * | {\"debug\":true}
400 | * | [1]
400 | * | 5
400 | * | null
400 | * | {\"stacks\":[[[0,1]]],$MAP,\"version\":4} x
400 | * | {\"stacks\":[[[0,01]]],$MAP,\"version\":4}
400 | * | {'stacks':[[[0,1]]],$MAP,\"version\":4}"
}

# Eliot's exact texts.
eliot() {
	local path=$1
	each "$path" "
400 | Payload is not valid JSON | EMPTY
400 | Payload is not valid JSON | {
400 | job 0 is invalid | [1]
400 | job 0 is invalid | \"x\"
400 | job 0 is invalid: no stacks specified | {$MAP}
400 | job 0 is invalid: no memoryMap specified | {\"stacks\":[[[0,1]]]}
400 | job 0 has invalid modules: modules must be a list | {\"stacks\":[[[0,1]]],\"memoryMap\":{}}
400 | job 0 has invalid modules: module index 0 does not have a debug_filename and debug_id | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\"]]}
400 | job 0 has invalid modules: module index 1 does not have a debug_filename and debug_id | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\",\"1\"],5]}
400 | job 0 has invalid modules: module index 0 has an invalid debug_filename | {\"stacks\":[[[0,1]]],\"memoryMap\":[[1,\"1\"]]}
400 | job 0 has invalid modules: module index 0 has an invalid debug_id | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\",null]]}
400 | job 0 has invalid stacks: stacks must be a list of lists | {\"stacks\":{},$MAP}
400 | job 0 has invalid stacks: no stacks specified | {\"stacks\":[],$MAP}
400 | job 0 has invalid stacks: stack 0 is not a list | {\"stacks\":[1],$MAP}
400 | job 0 has invalid stacks: stack 1 is not a list | {\"stacks\":[[[0,1]],{}],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 0 is not a list of two items | {\"stacks\":[[[0]]],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 1 is not a list of two items | {\"stacks\":[[[0,1],5]],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 0 has an invalid module_index | {\"stacks\":[[[1.0,1]]],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 0 has an invalid module_index | {\"stacks\":[[[\"0\",1]]],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 0 has a module_index that isn't in modules | {\"stacks\":[[[1,1]]],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 0 has a module_index that isn't in modules | {\"stacks\":[[[-2,1]]],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 0 has an invalid module_offset | {\"stacks\":[[[0,-2]]],$MAP}
400 | job 0 has invalid stacks: stack 0 frame 0 has an invalid module_offset | {\"stacks\":[[[0,0.5]]],$MAP}
400 | * | 5
400 | * | null"
}

v5() {
	local job="{\"stacks\":[[[0,1]]],$MAP}"
	each /symbolicate/v5 "
400 | job 1 is invalid: no memoryMap specified | {\"jobs\":[$job,{\"stacks\":[[]]}]}
400 | job 0 is invalid | {\"jobs\":{\"a\":1}}
400 | * | {\"jobs\":5}
400 | * | {\"jobs\":null}
400 | please limit number of jobs in a single request to <= 10 | {\"jobs\":[$(printf "$job,%.0s" {1..10})$job]}"
	post /symbolicate/v5 '{"jobs":[]}'
	is_json 'no jobs are fine' '{"results":[]}'
}

# nested COUNT: that many opening brackets.
nested() { head -c "$1" /dev/zero | tr '\0' '['; }

sizes() {
	post /symbolicate/v5 "{\"stacks\":$(nested 1000000)"
	is 'a million brackets' "$status" 400
	check 'and a good one' sample_works
	post /symbolicate/v5 "{\"x\":\"$(nested 1500000)\"}"
	is 'a body over SymServer.maxBodyMB: status' "$status" 413
	like 'and it is said in JSON' "$(jq -r .title <<<"$body" 2>&1)" '.'
	check 'and a good one' sample_works
	printf '{"stacks":[[[0,1]]],"memoryMap":[["\377\376","1"]],"version":4}' >"$work/invalid"
	request POST / --data-binary "@$work/invalid"
	is 'text that is not UTF-8' "$status" 400
}

methods() {
	local method path
	for path in /symbolicate/v4 /symbolicate/v5; do
		for method in GET PUT DELETE PATCH; do
			request $method $path
			is "$method $path: 405 with Allow" "$status $(header allow)" '405 POST, OPTIONS'
		done
		request HEAD $path
		is "HEAD $path: 405" "$status" 405
	done
	for method in PUT DELETE; do
		request $method /
		is "$method /: 405" "$status" 405
		like "$method /: Allow names POST" "$(header allow)" POST
	done
	get /symbolicate/v9
	is_json 'an unknown path' '{"title":"404 Not Found"}'
	is 'and its status' "$status" 404
}

cors() {
	request OPTIONS /symbolicate/v5 -H 'Origin: https://profiler.firefox.com' \
		-H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: user-agent'
	is 'preflight: status' "$status" 200
	is 'preflight: origin' "$(header access-control-allow-origin)" '*'
	is 'preflight: methods' "$(header access-control-allow-methods)" POST
	is 'preflight: headers' "$(header access-control-allow-headers)" user-agent
	is 'preflight: age' "$(header access-control-max-age)" 86400
	is 'preflight: no Allow' "$(header allow)" ''
	request OPTIONS /symbolicate/v5
	is 'plain OPTIONS' "$status $(header allow)" '200 POST'
	post /symbolicate/v5 '{' -H 'Origin: https://profiler.firefox.com'
	is 'errors may be read by other origins, too' "$(header access-control-allow-origin)" '*'
	post /symbolicate/v5 "{$SAMPLE_STACKS}"
	is 'no Origin, no CORS headers' "$(header access-control-allow-origin)" ''
}

# An odd module makes only itself unfound; offsets never wrap into another function.
odd_modules() {
	post /symbolicate/v5 "{\"stacks\":[[[0,11723767],[1,1],[2,1],[3,1],[-1,5]]],\"memoryMap\":[[\"xul.pdb\",\"44E4EC8C2F41492B9369D6B9A059577C2\"],[\"[vdso]\",\"1\"],[\"<unknown>\",\"000000000000000000000000000000000\"],[\"\",\"\"]]}"
	is 'odd modules: status' "$status" 200
	is_json 'odd modules: the good one is found' true '.results[0].found_modules["xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2"]'
	is_json 'odd modules: without a function' '[null,null,null,null]' '.results[0].stacks[0][1:] | map(.function)'
	mkdir -p "$symbols/end.pdb/$END_ID"
	printf 'MODULE windows x86 %s end.pdb\nFUNC 1000 10 0 end()\n' "$END_ID" >"$symbols/end.pdb/$END_ID/end.sym"
	post / "{\"stacks\":[[[0,9223372036854775808],[0,18446744073709551615],[0,-1],[-1,5],[0,4096]]],\"memoryMap\":[[\"end.pdb\",\"$END_ID\"]],\"version\":4}"
	is_json 'huge and negative offsets' \
		'[["0x8000000000000000 (in end.pdb)","0xffffffffffffffff (in end.pdb)","-0x1 (in end.pdb)","0x5","end() (in end.pdb)"]]' .symbolicatedStacks
	post /symbolicate/v5 "{\"stacks\":[[[0,4096],[0,4159],[0,4160],[0,-1]]],$MAP}"
	is_json 'at and past the end of a function' '["nsAppStartup::Run()","nsAppStartup::Run()",null,null]' \
		'.results[0].stacks[0] | map(.function)'
}

strict_modules() {
	stop pool
	start_pool '.SymServer.lenientModules = false'
	each /symbolicate/v5 "
400 | job 0 has invalid modules: module index 0 has an invalid debug_filename | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a/b\",\"1\"]]}
400 | job 0 has invalid modules: module index 0 has an invalid debug_id | {\"stacks\":[[[0,1]]],\"memoryMap\":[[\"a\",\"xyz\"]]}"
}

e2e_begin nginx
start_upstream
start_pool '.SymServer.maxBodyMB = 1'
start_web nginx
snappy
check 'a good request after all of these' sample_works
eliot /symbolicate/v4
eliot /symbolicate/v5
v5
sizes
methods
cors
odd_modules
check 'a good request after all of these' sample_works
strict_modules
e2e_end
