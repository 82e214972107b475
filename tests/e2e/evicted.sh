#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two modules of one request of which the cache holds only one at a time: what is lost meanwhile is searched for again.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx

# large_module NAME: its table takes more than half of the cache, since its names are random.
large_module() {
	mkdir -p "$symbols/$1.so/ABC1"
	awk -v name="$1" 'BEGIN {
		print "MODULE Linux x86_64 ABC1 " name ".so"
		for (i = 0; i < 24000; i++)
			printf "FUNC %x 60 0 %s_%d_%08d%08d%08d\n", 4096 + 128 * i, name, i, rand() * 1e8, rand() * 1e8, rand() * 1e8
	}' >"$symbols/$1.so/ABC1/$1.so.sym"
}
ask() { post /symbolicate/v5 "{\"memoryMap\":[$1],\"stacks\":[[[0,4096]$2]]}"; }

large_module one
large_module two
start_upstream
start_pool '.DiskCache.maxSizeMB = 1 | .process.fetchers = 1'
start_web nginx

ask '["one.so","ABC1"],["two.so","ABC1"]' ',[1,4096]'
is_json 'both are answered' '{"one.so/ABC1":true,"two.so/ABC1":true}' '.results[0].found_modules'
is 'and nothing is left open' "$(header Retry-After)" ''
is 'the first had to be fetched once more' "$(upstream_requests)" 3
ask '["one.so","ABC1"]' ''
is_json 'now it is there' '{"one.so/ABC1":true}' '.results[0].found_modules'
ask '["two.so","ABC1"]' ''
is_json 'in place of the other' '{"two.so/ABC1":true}' '.results[0].found_modules'
is 'for which the other had to go, and was fetched again' "$(upstream_requests)" 4
e2e_end
