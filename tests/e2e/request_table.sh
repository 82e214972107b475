# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What must work through every web server: sourced by nginx.sh and apache.sh, which name theirs.

request_table() {
	start_upstream
	start_pool '.process.debugProtocol = "local"'
	start_web "$1"
	dialects
	transport
	paths
	callers
	counts
	limits
}

# Over every limit: the web server's own or, where it passes the body on, ours.
limits() {
	head -c 70000000 /dev/zero >"$work/huge"
	request POST / --data-binary "@$work/huge" -H 'Expect:'
	is 'a body over every limit: status' "$status" 413
	like 'a body over every limit: it is said in JSON' "$(jq -r .title <<<"$body" 2>&1)" '413|larger than'
	rm "$work/huge"
}

dialects() {
	post / "$SAMPLE"
	is 'Snappy v4: status' "$status" 200
	is 'Snappy v4: type' "$(header content-type)" application/json
	is_json 'Snappy v4: answer' "$SAMPLE_ANSWER"
	post / "{$SAMPLE_STACKS,\"version\":3}"
	is_json 'Snappy v3: the bare array' "$SAMPLE_ANSWER" '{symbolicatedStacks: ., knownModules: [true, true]}'
	post /symbolicate/v4 "{$SAMPLE_STACKS}"
	is_json '/symbolicate/v4 names the code file' \
		'[["XREMain::XRE_mainRun() (in xul.dll)","KiUserCallbackDispatcher (in ntdll.dll)"]]' .symbolicatedStacks
	post /symbolicate/v5 "{\"jobs\":[{$SAMPLE_STACKS}]}"
	is '/symbolicate/v5: status' "$status" 200
	is_json '/symbolicate/v5: innermost inline frame' \
		'{"function":"nsCOMPtr<nsIAppStartup>::get() const","file":"hg:hg.mozilla.org/mozilla-central:xpcom/base/nsCOMPtr.h:0123456789ab","line":749}' \
		'.results[0].stacks[0][0].inlines[0]'
	is_json '/symbolicate/v5: a symbol without lines' \
		'{"frame":1,"module":"ntdll.dll","module_offset":"0x1010a","function":"KiUserCallbackDispatcher","function_offset":"0x12"}' \
		'.results[0].stacks[0][1]'
}

# `many_frames COUNT`: the sample's two addresses in turn.
many_frames() {
	jq -cn --argjson n "$1" '{jobs: [{
		memoryMap: [["xul.pdb","44E4EC8C2F41492B9369D6B9A059577C2"],["wntdll.pdb","D74F79EB1F8D4A45ABCD2F476CCABACC2"]],
		stacks: [[range($n) | if . % 2 == 0 then [0, 11723767] else [1, 65802] end]]}]}'
}

transport() {
	post /symbolicate/v5 "$(many_frames 60000)"
	is '60,000 frames: status' "$status" 200
	is_json '60,000 frames: in order, none missing' '[60000,true]' \
		'.results[0].stacks[0] | [length, ([range(length) as $i | .[$i].frame == $i and .[$i].module == (if $i % 2 == 0 then "xul.dll" else "ntdll.dll" end)] | all)]'
	post /symbolicate/v5 "$(many_frames 1000)" --compressed
	is 'large answers are compressed' "$(header content-encoding)" gzip
	is_json 'and complete' 1000 '.results[0].stacks[0] | length'
	post / "$SAMPLE" -H 'Transfer-Encoding: chunked'
	is_json 'a chunked request' "$SAMPLE_ANSWER"
	post / "$(head -c 3000000 /dev/zero | tr '\0' ' ')$SAMPLE"
	is_json 'a request of 3 MB' "$SAMPLE_ANSWER"
	post / "$SAMPLE" -H 'Content-Type: text/plain;charset=UTF-8' -H 'Expect: 100-continue'
	is_json 'any content type' "$SAMPLE_ANSWER"
}

paths() {
	local path
	post '/?debug=1' "$SAMPLE"
	is_json 'a query does not change the route' "$SAMPLE_ANSWER"
	get /no/such/page
	is 'unknown path: status' "$status" 404
	for path in /symbolicate/v5/ /symbolicate/v6 '/..%2f..%2fetc/passwd' '/%2e%2e/%2e%2e/etc/passwd' '/a%00b'; do
		get "$path"
		like "$path is refused" "$status" '^40[04]$'
	done
	check 'none of it reached the upstream' [ "$(upstream_requests passwd)" = 0 ]
}

callers() {
	post / '{"debug":true,"action":"cacheExists","libName":"xul.pdb","breakpadId":"44E4EC8C2F41492B9369D6B9A059577C2"}'
	is_json 'the debug protocol from this machine' '{"exists":true}'
	post / '{"debug":true,"action":"cacheExists","libName":"xul.pdb","breakpadId":"44E4EC8C2F41492B9369D6B9A059577C2"}' \
		-H 'X-Forwarded-For: 192.0.2.1'
	is 'the debug protocol for somebody else' "$status" 400
	post / '{"debug":true,"action":"bogus"}' -H 'Origin: http://example.org'
	is 'the debug protocol for a web page' "$status" 400
	post / "$SAMPLE" -H 'Proxy: http://127.0.0.1:9/'
	is_json 'a Proxy header changes nothing' "$SAMPLE_ANSWER"
	post / "$SAMPLE" -H 'X-Request-Id: of-the-client'
	like 'the web server names the request' "$(header x-request-id)" '^[0-9A-Za-z@_-]{24,32}$'
}

counts() {
	is 'every POST is counted once' \
		"$(counter requests_snappy) $(counter requests_v4) $(counter requests_v5)" \
		"${posts[/]} ${posts[/symbolicate/v4]} ${posts[/symbolicate/v5]}"
	is 'and no connection was broken' "$(counter requests_broken)" 0
}
