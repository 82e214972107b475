#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# process.builders: while all places are taken downloads go on into a file; kill -9 of a holder gives its place back.
. "$(dirname "$0")/lib.sh"

readonly FIRST_PLACE=1024 # STATE_LOCK_BUILDER
readonly FUNCTIONS=100000

# More text than two sockets' buffers hold.
new_module() {
	name=$1
	module_count=$((module_count + 1))
	id=$(printf '%032X1' $((0xb0000 + module_count)))
	mkdir -p "$symbols/$name.pdb/$id"
	awk -v id="$id" -v name="$name" -v count=$FUNCTIONS 'BEGIN {
		printf "MODULE windows x86 %s %s.pdb\n", id, name
		for (i = 0; i < count; i++) printf "FUNC %x 10 0 %s_function_with_a_long_name_%d(int, char const *)\n", i * 16, name, i
	}' >"$symbols/$name.pdb/$id/$name.sym"
	text_bytes=$((text_bytes + $(stat -c %s "$symbols/$name.pdb/$id/$name.sym")))
	question="{\"stacks\":[[[0,35]]],\"memoryMap\":[[\"$name.pdb\",\"$id\"]],\"version\":4}"
	answer="[[\"${name}_function_with_a_long_name_2(int, char const *) (in $name.pdb)\"]]"
}

# ask: in the background, for the module just made.
ask() {
	curl -s -m 60 -d "$question" "$web_url/" >"$work/answer.$name" &
	clients+=($!)
	answers[$name]=$answer
}

# hold COUNT: takes that many places, the first ones.
hold() {
	rm -f "$work/held"
	start holder python3 "$top_srcdir/tests/tools/hold_lock.py" "$work/cache/state.lock" $FIRST_PLACE "$1" "$work/held"
	wait_until 20 test -f "$work/held" || bail_out 'cannot hold the places'
}

all_downloaded() { [ "$(counter download_bytes)" -ge $text_bytes ]; }
module_resolves() {
	post / "$question"
	[ "$(jq -c .symbolicatedStacks <<<"$body" 2>/dev/null)" = "$answer" ]
}

e2e_begin nginx
start_upstream
start_pool '.process.fetchers = 4 | .process.builders = 2'
start_web nginx
check 'the sample' sample_works
is 'a free place is used as text comes' "$(counter texts_deferred)" 0

module_count=0
clients=()
declare -A answers=()
text_bytes=$(counter download_bytes)
built=$(counter tables_built)
hold 2
for name in one two three; do
	new_module "$name"
	ask
done
check 'downloads end though no builder is free' wait_until 30 all_downloaded
is 'none is compacted' "$(($(counter tables_built) - built))" 0
check 'hits are answered meanwhile' sample_works
is 'what is kept has no name in the file system' "$(find "$work/cache/tmp" -type f | head -1)" ''

stop holder KILL
wait "${clients[@]}"
for name in one two three; do
	is "a killed holder's place serves: $name" "$(jq -c .symbolicatedStacks "$work/answer.$name")" "${answers[$name]}"
done
is 'all three had been kept' "$(counter texts_deferred)" 3
is 'and were built once' "$(($(counter tables_built) - built))" 3

# One place only, and it is taken; with the setting raised there is another.
write_configuration '.process.fetchers = 4 | .process.builders = 1'
old_fetchers=$(pool_children fetcher | sort)
# One that waits for a place goes on with the settings it has.
all_but_one_are_new() { [ "$(comm -12 <(echo "$old_fetchers") <(pool_children fetcher | sort) | wc -l)" -le 1 ]; }
fetchers_are_new() { [ -z "$(comm -12 <(echo "$old_fetchers") <(pool_children fetcher | sort))" ]; }
kill -HUP "${pid_of[pool]}"
check 'builders = 1 is taken over' wait_until 20 fetchers_are_new
text_bytes=$(counter download_bytes)
hold 1
new_module four
ask
check 'builders = 1: the download ends' wait_until 30 all_downloaded
write_configuration '.process.fetchers = 4 | .process.builders = 2'
old_fetchers=$(pool_children fetcher | sort)
kill -HUP "${pid_of[pool]}"
wait_until 20 all_but_one_are_new
new_module five
check 'builders = 2: the second place is free' module_resolves
is 'the first is still waited for' "$(jq -c .symbolicatedStacks "$work/answer.four" 2>/dev/null)" ''
stop holder KILL
wait "${clients[@]}"
is 'and comes' "$(jq -c .symbolicatedStacks "$work/answer.four")" "${answers[four]}"
e2e_end
