#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The server's processes and the operator's tool under valgrind: no invalid access, nothing leaked. `make check-valgrind`.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx memcached valgrind xz
memory_check=(valgrind -q --leak-check=full "--show-leak-kinds=definite,indirect,possible" --trace-children=yes
	--error-exitcode=99 "--log-file=$work/valgrind.%p")
start_upstream
start_memcached
write_configuration '.process.workers = 1 | .process.maxWorkers = 2 | .process.reserved = 1 | .process.fetchers = 1'
start pool "${memory_check[@]}" "$top_builddir/symbolicate-fcgi" -c "$work/symbolicate.json" \
	--listen "unix:$work/fastcgi.sock"
wait_until 60 test -S "$work/fastcgi.sock" || bail_out 'the pool has no socket'
start_web nginx

complaints() { cat "$work"/valgrind.* 2>/dev/null | sed 's/^==[0-9]*== //' | head -n 40; }

for path in / /symbolicate/v4 /symbolicate/v5; do
	post $path "$SAMPLE" -H 'Debug: 1'
	is "the sample at $path" "$status" 200
	post $path '{"stacks":'
	is "half a request at $path" "$status" 400
	post $path '{"stacks":[[[0,1],[0,99999999999999999999]]],"memoryMap":[["no\u00e9.pdb","A1"]],"version":4}'
	check "an odd request at $path" test -n "$status"
done
for id in 1 2; do
	"$top_builddir/tests/naive/nasty-sym" $id | sed '/^MODULE/d' >"$work/nasty"
	mkdir -p "$symbols/nasty$id.pdb/AB$id"
	{ echo "MODULE a b AB$id nasty"; cat "$work/nasty"; } >"$symbols/nasty$id.pdb/AB$id/nasty$id.sym"
	post /symbolicate/v5 "{\"stacks\":[[$(seq -s, 0 4096 400000 | sed 's/[0-9]*/[0,&]/g')]],\"memoryMap\":[[\"nasty$id.pdb\",\"AB$id\"]]}"
	is_json "a nasty file, $id" true '.results[0].found_modules[]'
done
kill -HUP "${pid_of[pool]}"
check 'the sample after a reload' wait_until 60 sample_works
stop pool
is 'the pool ends well' "$exit_status" 0
is 'no complaint about the server' "$(complaints)" ''

rm -f "$work"/valgrind.*
sym=$symbols/nasty1.pdb/AB1/nasty1.sym
"$top_builddir/tests/naive/pick-addresses" "$sym" 400 1 >"$work/addresses"
"${memory_check[@]}" "$top_builddir/symbolicate" lookup --json "$sym" <"$work/addresses" >"$work/out"
is 'lookup ends well' $? 0
"${memory_check[@]}" "$top_builddir/symbolicate" lookup --nearest "$sym" <"$work/addresses" >"$work/out"
is 'lookup --nearest ends well' $? 0
"${memory_check[@]}" "$top_builddir/symbolicate" check-config -c "$work/symbolicate.json" >"$work/out" 2>&1
is 'check-config ends well' $? 0
is 'no complaint about the tool' "$(complaints)" ''
e2e_end
