#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The operator's tool and the server on one cache directory: one search for both, one table for both.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx
start_upstream
start_pool
start_web nginx
tool=$top_builddir/symbolicate
config=$work/symbolicate.json

new_module() {
	id=$(printf '%032X1' "$1")
	mkdir -p "$symbols/shared.pdb/$id"
	printf 'MODULE windows x86 %s shared.pdb\nFUNC 1000 100 0 shared()\n' "$id" >"$symbols/shared.pdb/$id/shared.sym"
	question="{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"shared.pdb\",\"$id\"]],\"version\":4}"
	answer='[["shared() (in shared.pdb)"]]'
	: >"$work/upstream.requests"
}
module_is_asked() { [ "$(upstream_requests shared.sym)" -gt 0 ]; }
tool_answer() { "$tool" lookup -c "$config" --json shared.pdb "${id,,}" 1010 2>&1; }
want='{"address":"0x1010","function":"shared()","function_offset":"0x10"}'

new_module 1
"$tool" lookup -c "$config" SHARED.PDB "$id" 1010 >/dev/null 2>"$work/error"
is 'a server that minds the case does not know SHARED.PDB' $? 66
is 'the tool searches as the server does' "$(tool_answer)" "$want"
post / "$question"
is_json 'the server has the table then' "$answer" .symbolicatedStacks
post / "${question/shared.pdb/SHARED.pdb}"
is_json 'however it is spelt' '[["shared() (in SHARED.pdb)"]]' .symbolicatedStacks
is 'one request for both' "$(upstream_requests shared.sym)" 1

# The server is in the middle of the download when the tool asks.
new_module 2
behave "shared.pdb/$id/shared.sym" '{"hold_at": 10, "wait_for": "go"}'
curl -s -m 60 -d "$question" "$web_url/" >"$work/server.answer" &
client=$!
check 'the download has begun' wait_until 20 module_is_asked
tool_answer >"$work/tool.answer" &
asker=$!
touch "$symbols/go"
wait $client $asker
is 'the server answers' "$(jq -c .symbolicatedStacks "$work/server.answer")" "$answer"
is 'the tool answers' "$(cat "$work/tool.answer")" "$want"
is 'still one request' "$(upstream_requests shared.sym)" 1

rm -r "$symbols/shared.pdb"
new_module 3
rm "$symbols/shared.pdb/$id/shared.sym"
"$tool" lookup -c "$config" shared.pdb "$id" 1010 >"$work/out" 2>"$work/error"
is 'what is nowhere ends with 66' $? 66
like 'and is said to be nowhere' "$(cat "$work/error")" 'no source has'
e2e_end
