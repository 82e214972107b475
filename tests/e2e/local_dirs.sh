#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# DiskCache.localSymbolDirs: their order, files in every form and case, large directories, files made anew.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx memcached zstd
start_upstream
start_memcached
mkdir -p "$work/first" "$work/large" "$work/store"
(cd "$work/large" && seq -f 'Other%g.so' 1500 | xargs mkdir)

id=0123456789ABCDEF0123456789ABCDEF1
# symbol_text NAME FUNCTION; put DIR/SPELLING NAME FUNCTION [HOW SUFFIX]: by rename, as a build would.
symbol_text() { printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s\n' "$id" "$1" "$2"; }
put() {
	local file="$1/$id/$2.sym${5:-}"
	mkdir -p "$1/$id"
	symbol_text "$2" "$3" | ${4:-cat} >"$file.new"
	mv "$file.new" "$file"
}
function_of() {
	post / "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$1.pdb\",\"$id\"]],\"version\":4}"
	jq -r '.symbolicatedStacks[0][0] | sub(" \\(in .*"; "")' <<<"$body" 2>/dev/null
}
answers() { [ "$(function_of "$1")" = "$2" ]; }
with_dirs() { printf '.DiskCache.localSymbolDirs = %s | .servers = [{name: "store", identifier: "store",
	remote: "%s/store", type: ["breakpad"]}]' "$1" "$work"; }

put "$work/first/both.pdb" both 'of the first'
put "$work/large/both.pdb" both 'of the large'
put "$work/large/MIXED.Pdb" mixed 'in another case'
put "$work/large/packed.pdb" packed 'by gzip' 'gzip -c' .gz
put "$work/large/zpacked.pdb" zpacked 'by zstd' 'zstd -qc' .zst
put "$symbols/late.pdb" late 'of the server'
put "$work/store/stored.pdb" stored 'of the store'

start_pool "$(with_dirs '["first", "large"]')"
start_web nginx

is 'the first directory wins' "$(function_of both)" 'of the first'
is 'a file of another case in a large directory' "$(function_of mixed)" 'in another case'
is 'and once more, from the table' "$(function_of mixed)" 'in another case'
is 'a file made by gzip' "$(function_of packed)" 'by gzip'
is 'a file made by zstd' "$(function_of zpacked)" 'by zstd'
put "$work/large/packed.pdb" packed 'by gzip, anew' 'gzip -c' .gz
is 'which is made anew' "$(function_of packed)" 'by gzip, anew'
put "$work/large/packed.pdb" packed 'plain'
is 'and then found plain' "$(function_of packed)" 'plain'
put "$work/large/MIXED.Pdb" mixed 'another one'
is 'a file of another case that is made anew' "$(function_of mixed)" 'another one'
touch -d '2001-02-03' "$work/large/MIXED.Pdb/$id/mixed.sym"
put "$work/large/MIXED.Pdb" mixed 'with old times'
touch -d '2001-02-03' "$work/large/MIXED.Pdb/$id/mixed.sym"
is 'one with the old times, but of another size' "$(function_of mixed)" 'with old times'

is 'what the directories lack is of the server' "$(function_of late)" 'of the server'
put "$work/large/LATE.pdb" late 'of the large'
check 'until they have it, in another case, a moment later' wait_until 20 answers late 'of the large'
rm -r "$work/large/LATE.pdb"
is 'and again when it is gone' "$(function_of late)" 'of the server'
put "$work/large/late.pdb" late 'by its name'
is 'by its very name it counts at once' "$(function_of late)" 'by its name'

is 'a directory among the servers' "$(function_of stored)" 'of the store'
begun=$(counter flights_begun)
is 'whose table is kept' "$(function_of stored) $(counter flights_begun)" "of the store $begun"

write_configuration "$(with_dirs '["large", "first"]')"
kill -HUP "${pid_of[pool]}"
check 'the order of the directories can be changed' wait_until 20 answers both 'of the large'
write_configuration "$(with_dirs '[]')"
kill -HUP "${pid_of[pool]}"
check 'and without them nothing of theirs is answered' wait_until 20 answers both 0x1010
e2e_end
