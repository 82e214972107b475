#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Twelve workers, four of them reserved: eight requests miss the same sixty modules at once. One download each, the
# waiters go on within 5 ms, and the other four answer hits throughout.
. "$(dirname "$0")/lib.sh"

readonly MODULES=60 WAITERS=8 ROUNDS=15

# module NAME BEHAVIOUR: its id is its name's hash.
module() {
	local id
	id=$(md5sum <<<"$1" | tr a-f A-F | cut -c1-32)1
	mkdir -p "$symbols/$1.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$1" "$1" >"$symbols/$1.pdb/$id/$1.sym"
	behave "$1.pdb/$id/$1.sym" "$2"
	jq -nc --arg name "$1.pdb" --arg id "$id" '[$name, $id]'
}

# question MODULE...: of all of them, one frame each; the answer it must have goes to $expected.
question() {
	question=$(printf '%s\n' "$@" | jq -sc '{stacks: [[range(length) | [., 4112]]], memoryMap: ., version: 4}')
	expected=$(printf '%s\n' "$@" | jq -sc '[map("\(.[0] | rtrimstr(".pdb"))() (in \(.[0]))")]')
}

# ask NAME: $question by all waiters at once, in the background.
ask() {
	local i
	clients=()
	for ((i = 1; i <= WAITERS; i++)); do
		curl -s -m 60 -o "$work/$1.$i" -d "$question" "$web_url/" &
		clients+=($!)
	done
}

wrong_answers() {
	local i wrong=0
	for ((i = 1; i <= WAITERS; i++)); do
		[ "$(jq -c .symbolicatedStacks "$work/$1.$i" 2>/dev/null)" = "$expected" ] || wrong=$((wrong + 1))
	done
	echo $wrong
}

# keep_hitting: until the file "enough" is there; a line for each: milliseconds, and whether it was right.
keep_hitting() {
	until [ -e "$work/enough" ]; do
		sleep 0.02
		curl -s -m 20 -w '\n%{time_total}\n' -d "$SAMPLE" "$web_url/" |
			awk '/XREMain::XRE_mainRun\(\) \(in xul.pdb\)/ { right = 1 } { last = $0 } END { print last * 1000, right ? "right" : "wrong" }'
	done >>"$work/hits.$1"
}

requests_begun() { [ $(($(counter flights_joined) + $(counter flights_begun))) -ge "$1" ]; }

e2e_begin nginx
start_upstream
start_pool '.process += {workers: 12, maxWorkers: 12, reserved: 4, fetchers: 8}'
start_web nginx
check 'the sample' sample_works

start watcher "$top_builddir/tests/tools/watch_flights" "$work/cache" "$work/enough"
hitters=()
for i in 1 2 3 4; do
	keep_hitting $i &
	hitters+=($!)
done

modules=()
for ((i = 1; i <= MODULES; i++)); do modules+=("$(module "many$i" '{"wait_for": "go"}')"); done
question "${modules[@]}"
count=$(($(counter flights_begun) + $(counter flights_joined)))
begun=$(counter flights_begun)
ask many
check 'eight requests wait for sixty modules' wait_until 20 requests_begun $((count + WAITERS * MODULES))
touch "$symbols/go"
wait "${clients[@]}"
is 'all eight are right' "$(wrong_answers many)" 0
is 'sixty were begun' "$(($(counter flights_begun) - begun))" $MODULES
is 'one download each' "$(grep -o 'many[0-9]*\.sym' "$work/upstream.requests" | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | awk '{ print $1, $2 }')" "$MODULES 1"

# More wake-ups, one module at a time.
wrong=0
for ((i = 1; i <= ROUNDS; i++)); do
	question "$(module "round$i" "{\"wait_for\": \"go.$i\"}")"
	count=$(($(counter flights_begun) + $(counter flights_joined)))
	ask round
	wait_until 20 requests_begun $((count + WAITERS)) || not_ok 'eight wait for one'
	touch "$symbols/go.$i"
	wait "${clients[@]}"
	wrong=$((wrong + $(wrong_answers round)))
done
is 'and in fifteen rounds more' $wrong 0

touch "$work/enough"
wait "${hitters[@]}" "${pid_of[watcher]}"
unset "pid_of[watcher]"
figures=$(tail -n 1 "$work/watcher.log")
echo "# $figures"
figure() { jq ".$1" <<<"$figures"; }
is 'eight waited, no more' "$(figure most_waiting)" $WAITERS
check 'their wake-ups were seen' [ $(($(figure wakes) + $(figure missed))) -ge $((WAITERS * ROUNDS)) ]
check 'they go on within 5 ms, as far as this machine is free' [ "$(figure median_us)" -le 5000 ]
sort -n "$work"/hits.* >"$work/hits"
hits=$(wc -l <"$work/hits")
echo "# $hits hits meanwhile, ms: median $(sed -n "$((hits / 2 + 1))p" "$work/hits"), worst $(tail -n 1 "$work/hits")"
check 'hits were answered meanwhile' [ "$hits" -ge 50 ]
is 'all of them right' "$(grep -c wrong "$work/hits")" 0
is 'nobody was refused' "$(counter flights_over_cap) $(counter requests_busy)" '0 0'
e2e_end
