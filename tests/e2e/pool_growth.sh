#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The pool grows while requests wait, to process.maxWorkers at most and with process.reserved kept free; who comes
# beyond is told so at once; after a minute without work it shrinks again.
. "$(dirname "$0")/lib.sh"

new_module() {
	module_count=$((module_count + 1))
	id=$(printf '%032X1' $((0x96000 + module_count)))
	name=case$module_count
	mkdir -p "$symbols/$name.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$name" "$name" >"$symbols/$name.pdb/$id/$name.sym"
	behave "$name.pdb/$id/$name.sym" '{"hold_at": 10, "wait_for": "go"}'
	question="{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$name.pdb\",\"$id\"]],\"version\":4}"
}
ask() {
	new_module
	names+=("$name")
	curl -s -m 60 -o "$work/answer.$name" -w '%{http_code}' -d "$question" "$web_url/" >"$work/status.$name" &
	clients+=($!)
}
has_workers() { [ "$(pool_children worker | wc -l)" -eq "$1" ]; }
are_begun() { [ "$(counter flights_begun)" -ge "$1" ]; }
milliseconds() { date +%s%3N; }

# The pool's clock can be put forward while it runs: "+N" in the file.
move_clock() {
	printf '%s\n' "$1" >"$work/clock.new"
	mv "$work/clock.new" "$work/clock"
}
faketime_library() { find /usr/lib -path '*/faketime/libfaketime.so.1' -print -quit 2>/dev/null; }
# A sanitizer's library insists on being the first.
can_fake() { [ -n "$(faketime_library)" ] && ! grep -q __asan_init "$top_builddir/symbolicate-fcgi"; }

e2e_begin nginx
start_upstream
if can_fake; then
	move_clock +0
	export LD_PRELOAD FAKETIME_TIMESTAMP_FILE=$work/clock FAKETIME_NO_CACHE=1
	LD_PRELOAD=$(faketime_library)
fi
start_pool '.process += {workers: 1, maxWorkers: 6, reserved: 2, fetchers: 8}'
unset LD_PRELOAD FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE
start_web nginx
check 'workers: one to begin with' has_workers 1
check 'the sample' sample_works

# Four may wait: 6 less 2.
module_count=0
names=()
clients=()
begun=$(counter flights_begun)
for wanted in 2 3 4 5; do
	ask
	check "a worker more for each that waits: $wanted" wait_until 20 has_workers $wanted
done
check 'hits are answered' sample_works

over_cap=$(counter flights_over_cap)
for _ in 1 2; do
	new_module
	start=$(milliseconds)
	post / "$question"
	took=$(($(milliseconds) - start))
	is 'over the cap, nothing known: status' "$status" 503
	like 'over the cap, nothing known: when to come again' "$(header Retry-After)" '^[0-9]+$'
	check "over the cap, nothing known: at once ($took ms)" [ $took -lt 2000 ]
done
post / "{\"stacks\":[[[0,11723767],[1,4112]]],\"memoryMap\":[[\"xul.pdb\",\"44E4EC8C2F41492B9369D6B9A059577C2\"],[\"$name.pdb\",\"$id\"]],\"version\":4}"
is 'over the cap, a part known: status' "$status" 200
is_json 'over the cap, a part known: that part' '"XREMain::XRE_mainRun() (in xul.pdb)"' '.symbolicatedStacks[0][0]'
like 'over the cap, a part known: when to come again' "$(header Retry-After)" '^[0-9]+$'
is 'over the cap: counted' "$(($(counter flights_over_cap) - over_cap))" 3
is 'over the cap: refused twice' "$(counter requests_busy)" 2
check 'hits are answered still' sample_works
check 'maxWorkers: no more than the waiting and one' has_workers 5

# A reply that its client does not take counts, too: with four waiting it gets a second, not sendTimeoutMs.
jq -nc --argjson sample "$SAMPLE" '$sample | .stacks = [[range(60000) | [0, 11723767]]]' >"$work/large"
start=$(milliseconds)
python3 "$top_srcdir/tests/tools/fcgi_client.py" "$work/fastcgi.sock" / "$work/large" \
	--no-reading "$work/enough" >"$work/large.result" &
reader=$!
is_cut() { [ "$(counter clients_gone)" -ge 1 ]; }
check 'over the cap: a client that does not read is cut' wait_until 20 is_cut
took=$(($(milliseconds) - start))
check "over the cap: soon ($took ms)" [ $took -lt 10000 ]
touch "$work/enough"
wait $reader

touch "$symbols/go"
wait "${clients[@]}"
wrong=()
for name in "${names[@]}"; do
	[ "$(jq -c .symbolicatedStacks "$work/answer.$name")" = "[[\"$name() (in $name.pdb)\"]]" ] || wrong+=("$name")
done
is 'all four that waited are answered' "${wrong[*]}" ''
is 'one search for each module asked for' "$(($(counter flights_begun) - begun))" 6

if can_fake; then
	move_clock +50
	sleep 6 # they look around every five seconds
	check 'no worker goes before a minute' has_workers 5
	move_clock +70
	check 'one is left after a minute without work' wait_until 20 has_workers 1
	is 'their end is no death' "$(counter children_died)" 0
	check 'the sample after' sample_works
else
	ok 'the pool shrinks # SKIP no libfaketime, or sanitizers'
fi
e2e_end
