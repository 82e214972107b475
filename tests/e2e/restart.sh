#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A graceful end loses nothing: requests in progress are answered, tables are there after the restart.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx
start_upstream
start_pool
start_web nginx

check 'the sample before' sample_works
downloads=$(upstream_requests)

stop pool
is 'the pool ends with status 0' "$exit_status" 0
post / "$SAMPLE"
is 'the web server says that nobody is there' "$status" 502
is_json 'in JSON' '{"title":"502 Bad Gateway"}'

start_pool
check 'the sample after' sample_works
is 'from the tables on disk: no new download' "$(upstream_requests)" "$downloads"
is 'and none was built anew' "$(counter tables_built)" 2

# An answer that waits for a download when the end comes: it is given, or cut at the latest by the time limit,
# and what came of the download is either whole or nothing.
id=0123456789ABCDEF0123456789ABCDEF1
module=slow.pdb/$id/slow.sym
mkdir -p "$symbols/slow.pdb/$id"
printf 'MODULE windows x86 %s slow.pdb\nFUNC 1000 100 0 slow()\n' "$id" >"$symbols/$module"
behave "$module" '{"hold_at": 40, "wait_for": "go"}'
slow="{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"slow.pdb\",\"$id\"]],\"version\":4}"
curl -s -m 60 -d "$slow" "$web_url/" >"$work/slow.answer" &
client=$!
slow_is_asked() { [ "$(upstream_requests slow.sym)" -gt 0 ]; }
check 'the download has begun' wait_until 20 slow_is_asked
before=$(pool_children | wc -l)
kill "${pid_of[pool]}"
idle_workers_ended() { [ "$(pool_children | wc -l)" -lt "$before" ]; }
check 'idle workers end' wait_until 20 idle_workers_ended
touch "$symbols/go"
wait $client
is 'the request in progress is answered' "$(jq -c .symbolicatedStacks "$work/slow.answer" 2>&1)" '[["slow() (in slow.pdb)"]]'
stop pool
is 'and the pool ends' "$exit_status" 0

start_pool
post / "$slow"
is_json 'the module is right after the restart' '[["slow() (in slow.pdb)"]]' .symbolicatedStacks

mapfile -t children < <(pool_children)
stop pool KILL
check 'the children end with their master' wait_until 20 all_ended "${children[@]}"
start_pool
check 'the sample after kill -9 of the master' sample_works
is 'still no new download' "$(upstream_requests xul.sym)" 1
e2e_end
