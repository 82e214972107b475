#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A request for more modules than a worker keeps open, some of them held and some not: every name is right.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx
start_upstream
id=0123456789ABCDEF0123456789ABCDEF1
for i in $(seq 150); do
	mkdir -p "$symbols/m$i.so/$id"
	printf 'MODULE Linux x86_64 %s m%s.so\nFILE 0 /src/%s/of/module%s.c\nFUNC 1000 10 0 f%s\n1000 10 %s 0\n' \
		"$id" "$i" "$i" "$i" "$i" "$i" >"$symbols/m$i.so/$id/m$i.so.sym"
done
start_pool '.process.workers = 1 | .process.maxWorkers = 1 | .process.reserved = 0 |
	.SymServer.maxFetchesPerRequest = 200'
start_web nginx

# ask FIRST LAST: one frame of each module; answer_of: file and line of each as JSON.
ask() {
	post /symbolicate/v5 "$(jq -nc --arg id "$id" --argjson first "$1" --argjson last "$2" '{
		memoryMap: [range($first; $last + 1) | ["m\(.).so", $id]],
		stacks: [[range(0; $last - $first + 1) | [., 4096]]]}')"
}
wanted() {
	jq -nc --argjson first "$1" --argjson last "$2" '[range($first; $last + 1) |
		["f\(.)", "/src/\(.)/of/module\(.).c", .]]'
}
got() { jq -c '[.results[0].stacks[0][] | [.function, .file, .line]]' <<<"$body"; }

ask 1 100
is 'a hundred modules that nobody held' "$(got)" "$(wanted 1 100)"
ask 1 150
is 'and once more with fifty others' "$(got)" "$(wanted 1 150)"
ask 1 150
is 'and all of them held' "$(got)" "$(wanted 1 150)"
e2e_end
