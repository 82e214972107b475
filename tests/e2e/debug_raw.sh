#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Raw files of the debug protocol: kept verbatim, looked up in, noticed when changed or gone, bounded.
. "$(dirname "$0")/lib.sh"

# new_module NAME NUMBER [FUNCTION]: a module that the upstream has; sets $module and $id.
new_module() {
	module=$1
	id=$(printf '%032X1' "$2")
	mkdir -p "$symbols/$module/$id"
	sym_file=$symbols/$module/$id/${module%.pdb}.sym
	printf 'MODULE windows x86 %s %s\nFUNC 1000 100 0 %s\n' "$id" "$module" "${3:-first()}" >"$sym_file"
	requests_before=$(upstream_requests "$id")
	raw_file=$work/cache/raw/$module/$id.sym
}
requests() { echo $(($(upstream_requests "$id") - requests_before)); }

action() { post / "{\"debug\":true,\"action\":\"$1\",\"libName\":\"${2:-$module}\",\"breakpadId\":\"${3:-$id}\"}"; }

# answers NAME ACTION EXPECTED
answers() {
	action "$2"
	is_json "$1" "$3"
}

# named NAME FUNCTION: what the module's address is called; "" not at all.
named() {
	post / "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$module\",\"$id\"]],\"version\":4}"
	is_json "$1" "[[\"${2:-0x1010} (in $module)\"]]" .symbolicatedStacks
}

path_is() { printf '{"path":"%s"}' "$1"; }

add_and_evict() {
	new_module raw.pdb 1
	answers 'not there at first' cacheExists '{"exists":false}'
	answers 'cacheAddRaw' cacheAddRaw "$(path_is "$raw_file")"
	check 'the file is the upstream'\''s, byte by byte' cmp "$raw_file" "$sym_file"
	is 'one request' "$(requests)" 1
	answers 'it exists' cacheExists '{"exists":true}'
	answers 'cacheGet gives it' cacheGet "$(path_is "$raw_file")"
	named 'it is looked up in' 'first()'
	is 'still one request' "$(requests)" 1
	answers 'cacheEvict' cacheEvict '{"success":true}'
	check 'the file is gone' [ ! -e "$raw_file" ]
	check 'and its directory' [ ! -e "$work/cache/raw/raw.pdb" ]
	answers 'it exists no more' cacheExists '{"exists":false}'
	answers 'cacheGet fetches it, compacted' cacheGet "{\"path\":\"$work/cache/db-1/data.mdb\",\"key\":\"raw.pdb/$id\"}"
	is 'with another request' "$(requests)" 2
	answers 'cacheAddRaw evicts first' cacheAddRaw "$(path_is "$raw_file")"
	is 'and downloads anew' "$(requests)" 3
	printf 'FUNC 2000 10 0 later()\n' >>"$sym_file"
	answers 'cacheAddRaw once more' cacheAddRaw "$(path_is "$raw_file")"
	check 'brings what is there now' cmp "$raw_file" "$sym_file"
}

compressed() {
	new_module gzip.pdb 2
	behave "gzip.pdb/$id/gzip.sym" '{"encode":"gzip"}'
	answers 'a compressed file' cacheAddRaw "$(path_is "$raw_file")"
	check 'is kept decompressed' cmp "$raw_file" "$sym_file"
}

# What somebody does to the file behind the server's back.
changed_and_gone() {
	new_module change.pdb 3
	action cacheAddRaw
	named 'as downloaded' 'first()'
	printf 'MODULE windows x86 %s change.pdb\nFUNC 1000 100 0 second()\n' "$id" >"$raw_file"
	named 'a changed raw file is noticed' 'second()'
	is 'and no server asked' "$(requests)" 1
	rm "$raw_file"
	answers 'gone: it exists no more' cacheExists '{"exists":false}'
	named 'gone: the servers are asked' 'first()'
	is 'once' "$(requests)" 2
	answers 'gone: the table is a server'\''s' cacheExists '{"exists":true}'
	action cacheAddRaw
	printf 'MODULE windows x86 %s change.pdb\nFUNC 1000 100 0 second()\n' "${id/1/2}" >"$raw_file"
	named 'a raw file of another module is not used' 'first()'
	check 'and removed' [ ! -e "$raw_file" ]
	named 'once and for all' 'first()'
	is 'with one request more' "$(requests)" 4
}

# What a start cleans: files left by killed fetchers, and what is over the bound.
left_behind() {
	new_module left.pdb 41
	action cacheAddRaw
	stop pool
	printf 'MODULE windows x86 %s left.pdb\nFUNC 1000 100 0 second()\n' "$id" >"$raw_file"
	touch "$work/cache/raw/.1234abcd.part"
	head -c 1048000 /dev/zero >"$work/cache/raw/left.pdb/A1.sym"
	touch -a -d '2001-01-01' "$work/cache/raw/left.pdb/A1.sym"
	start_pool "$settings"
	check 'what a killed fetcher was writing goes at the start' [ ! -e "$work/cache/raw/.1234abcd.part" ]
	check 'as does what is over the bound' [ ! -e "$work/cache/raw/left.pdb/A1.sym" ]
	named 'the other raw files are known' 'second()'
	is 'without a request' "$(requests)" 1
}

not_to_be_had() {
	new_module absent.pdb 5
	rm -r "$symbols/absent.pdb"
	answers 'nobody has it' cacheAddRaw '{"path":null}'
	answers 'nor what is no module' cacheGet '{"path":null}'
	action cacheAddRaw '../../etc/passwd' A1
	is_json 'a path is no name' '{"path":null}'
	action cacheAddRaw '..' A1
	is_json 'nor are two dots' '{"path":null}'
	action cacheAddRaw 'x.pdb' '../../A1'
	is_json 'nor is it an id' '{"path":null}'
	new_module bad.pdb 6
	echo 'no symbol file' >"$sym_file"
	answers 'what is no symbol file is not kept' cacheAddRaw '{"path":null}'
	check 'nor is its directory' [ ! -e "$work/cache/raw/bad.pdb" ]
	new_module error.pdb 7
	behave "error.pdb/$id/error.sym" '{"status":500, "first_n":1}'
	answers 'an error of the server' cacheAddRaw '{"path":null}'
	answers 'is not remembered' cacheAddRaw "$(path_is "$raw_file")"
	is 'nothing unfinished is left' "$(find "$work/cache/raw" -name '.*.part' ! -path "$janitors")" ''
}

odd_names() {
	new_module 'Öd d%41&;$(x)`.pdb' 8
	action cacheAddRaw
	is_json 'an odd name' '"found"' 'if .path then "found" else . end'
	raw_file=$(jq -r .path <<<"$body")
	is 'is escaped' "${raw_file#"$work/cache/raw/"}" "%C3%96d%20d%2541%26%3B%24%28x%29%60.pdb/$id.sym"
	check 'and the file is there' cmp "$raw_file" "$sym_file"
	named 'and looked up in' 'first()'
	new_module '.hidden' 9
	action cacheAddRaw
	is_json 'a dot in front' "\"$work/cache/raw/%2Ehidden/$id.sym\"" .path
}

# Two at once, and a symbolication request beside them: one download for each purpose, one after the other.
single_flight() {
	local pids=() i
	new_module single.pdb 10
	behave "single.pdb/$id/single.sym" '{"delay_ms":500}'
	for i in 1 2 3; do
		curl -s -m 60 -o "$work/single.$i" -d "{\"debug\":true,\"action\":\"cacheAddRaw\",\"libName\":\"$module\",\"breakpadId\":\"$id\"}" \
			"$web_url/" &
		pids+=($!)
	done
	wait "${pids[@]}"
	is 'three who add it share one download' "$(requests)" 1
	for i in 1 2 3; do
		is "answer $i" "$(jq -c . "$work/single.$i")" "$(path_is "$raw_file")"
	done
}

bounded_wait() {
	local start=$SECONDS
	new_module slow.pdb 11
	behave "slow.pdb/$id/slow.sym" '{"wait_for":"go","first_n":1}'
	answers 'waiting is bounded' cacheAddRaw '{"path":null}'
	like 'with Retry-After' "$(header retry-after)" '^[0-9]+$'
	check 'by waitMs' [ $((SECONDS - start)) -le 6 ]
	touch "$symbols/go"
	check 'the file arrives all the same' wait_until 20 [ -e "$raw_file" ]
}

# big_module NAME NUMBER KILOBYTES
big_module() {
	new_module "$1" "$2"
	awk -v n="$3" 'BEGIN { for (i = 0; i < n; i++) printf "FUNC %x 10 0 %01000d\n", 8192 + i * 16, i }' >>"$sym_file"
}

# maxSizeMB 4: a quarter is for raw files.
bounded_size() {
	big_module big1.pdb 20 400
	action cacheAddRaw
	local first=$raw_file
	big_module big2.pdb 21 400
	action cacheAddRaw
	local second=$raw_file
	check 'two fit' [ -e "$first" -a -e "$second" ]
	# the first one is used again, later than the second was
	touch -a -d '2001-01-01' "$first"
	touch -a -d '2002-01-01' "$second"
	action cacheExists big1.pdb "$(printf '%032X1' 20)"
	big_module big3.pdb 22 400
	action cacheAddRaw
	check 'the third, too' cmp "$raw_file" "$sym_file"
	check 'the one used longest ago went' [ ! -e "$second" ]
	check 'the one used lately stayed' [ -e "$first" ]
	check 'in all no more than their share' \
		[ "$(find "$work/cache/raw" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')" -le 1048576 ]
	big_module big4.pdb 23 1100
	answers 'what is larger than the share is not kept' cacheAddRaw '{"path":null}'
	like 'and the log says why' "$(cat "$work/pool.log")" 'larger than the 1048576 bytes that raw files may take'
	check 'the others are still there' [ -e "$first" ]
}

local_directory() {
	new_module local.pdb 30 'server()'
	mkdir -p "$work/local/local.pdb/$id"
	sed 's/server()/here()/' "$sym_file" >"$work/local/local.pdb/$id/local.sym"
	named 'the local directory wins' 'here()'
	answers 'cacheExists ignores it' cacheExists '{"exists":false}'
	answers 'cacheGet gives its file' cacheGet "$(path_is "$work/local/local.pdb/$id/local.sym")"
	answers 'cacheAddRaw downloads' cacheAddRaw "$(path_is "$raw_file")"
	named 'a raw file wins over it' 'server()'
	answers 'and is what cacheGet gives' cacheGet "$(path_is "$raw_file")"
	answers 'evicted' cacheEvict '{"success":true}'
	named 'the local directory wins again' 'here()'
	new_module only.pdb 31 'only()'
	mkdir -p "$work/local/only.pdb/$id"
	mv "$sym_file" "$work/local/only.pdb/$id/only.sym"
	answers 'what only a directory has is not added' cacheAddRaw '{"path":null}'
	named 'but found' 'only()'
}

switched_off() {
	new_module off.pdb 40
	action cacheAddRaw
	check 'there is a raw file' [ -e "$raw_file" ]
	write_configuration "$settings | .process.debugProtocol = \"off\""
	kill -HUP "${pid_of[pool]}"
	check 'which goes with the debug protocol' wait_until 25 [ ! -e "$raw_file" ]
	named 'the module is found all the same' 'first()'
}

e2e_begin nginx memcached
start_upstream
start_memcached
mkdir "$work/local"
settings='.DiskCache.log.level = 20 | .process.debugProtocol = "local" | .process.waitMs = 3000 | .DiskCache.maxSizeMB = 4 |
	.DiskCache.localSymbolDirs = [$work + "/local"]'
start_pool "$settings"
start_web nginx
janitors=$work/cache/raw/.5678.part
mkdir "${janitors%/*}"
touch "$janitors"
add_and_evict
compressed
changed_and_gone
not_to_be_had
odd_names
single_flight
bounded_wait
local_directory
bounded_size
left_behind
check 'the janitor removes what nobody writes any more' wait_until 15 [ ! -e "$janitors" ]
switched_off
e2e_end
