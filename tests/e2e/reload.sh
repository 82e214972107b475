#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SIGHUP takes a new configuration whole or not at all; SIGUSR1 goes on in a new log file; dead children come back.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx
start_upstream
start_pool ".SymServer.log = {path: \"$work/server.log\", level: 20}"
start_web nginx
check 'the sample before' sample_works

# A function that ends before the address: nothing by the rules, the nearest below it by Snappy's.
id=0123456789ABCDEF0123456789ABCDEF1
mkdir -p "$symbols/short.pdb/$id"
printf 'MODULE windows x86 %s short.pdb\nFUNC 1000 10 0 short()\n' "$id" >"$symbols/short.pdb/$id/short.sym"
past_the_end="{\"stacks\":[[[0,8192]]],\"memoryMap\":[[\"short.pdb\",\"$id\"]],\"version\":4}"
answers() { post / "$past_the_end" && [ "$(jq -c .symbolicatedStacks <<<"$body" 2>/dev/null)" = "[[\"$1 (in short.pdb)\"]]" ]; }
is_resolved() { answers 'short()'; }
is_unresolved() { answers 0x2000; }
check 'past a function by the rules: nothing' is_unresolved

# Until the file "enough" is there; what was not right is told in $work/lost.
keep_asking() {
	until [ -e "$work/enough" ]; do
		curl -s -m 20 -d "$SAMPLE" "$web_url/" | grep -q 'XREMain::XRE_mainRun() (in xul.pdb)' || echo lost >>"$work/lost"
	done
}
keep_asking &
asking=$!

old_workers=$(pool_children worker)
is_replaced() { [ -z "$(comm -12 <(sort <<<"$old_workers") <(pool_children worker | sort))" ]; }
write_configuration ".SymServer.lookup = \"nearest\" | .SymServer.log = {path: \"$work/server.log\", level: 20}"
kill -HUP "${pid_of[pool]}"
check 'the changed setting counts' wait_until 20 is_resolved
check 'all workers are new' wait_until 20 is_replaced
check 'the sample after' sample_works

reloads() { grep -c 'configuration not reloaded' "$work/server.log"; }
is_refused() { [ "$(reloads)" -ge "$1" ]; }
old_workers=$(pool_children worker)
echo '{"SymServer": {"lookup": "rules"' >"$work/symbolicate.json"
kill -HUP "${pid_of[pool]}"
check 'half a file is refused' wait_until 20 is_refused 1
echo '{"SymServer": {"lookup": "guess"}}' >"$work/symbolicate.json"
kill -HUP "${pid_of[pool]}"
check 'a wrong value is refused' wait_until 20 is_refused 2
rm "$work/symbolicate.json"
kill -HUP "${pid_of[pool]}"
check 'a missing file is refused' wait_until 20 is_refused 3
check 'the old configuration stays' is_resolved
is 'and so do the workers' "$(pool_children worker | sort)" "$(sort <<<"$old_workers")"

mv "$work/server.log" "$work/server.log.1"
kill -USR1 "${pid_of[pool]}"
has_new_log() { sample_works && grep -q 'POST / 200' "$work/server.log" 2>/dev/null; }
check 'a new log file is begun' wait_until 20 has_new_log

touch "$work/enough"
wait $asking
is 'no request was lost meanwhile' "$(cat "$work/lost" 2>/dev/null)" ''

# one of each kind is killed
for kind in worker fetcher janitor; do
	read -r victim < <(pool_children "$kind")
	count=$(pool_children "$kind" | wc -l)
	kill -KILL "$victim"
	is_back() { has_ended "$victim" && [ "$(pool_children "$kind" | wc -l)" -eq "$count" ]; }
	check "a killed $kind is replaced" wait_until 20 is_back
done
# a worker that dies again and again comes back later and later: not before 1 s, then 2 s
milliseconds() { date +%s%3N; }
has_all_workers() { [ "$(pool_children worker | wc -l)" -eq 2 ]; }
is_short() { [ "$(pool_children worker | wc -l)" -eq 1 ]; }
for least_ms in 900 1900; do
	victim=$(pool_children worker | tail -n 1) # the youngest: it took the place of the last victim
	killed=$(milliseconds)
	kill -KILL "$victim"
	check 'a killed worker is missing' wait_until 10 is_short
	check 'for a while' wait_until 20 has_all_workers
	pause=$(($(milliseconds) - killed))
	check "a worker in a crash loop has to wait $least_ms ms" [ $pause -ge $least_ms ]
done
is 'five ended unasked'  "$(counter children_died)" 5
check 'the sample in the end' sample_works
e2e_end
