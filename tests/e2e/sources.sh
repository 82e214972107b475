#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Where symbols come from, in which order, and who is not asked: local directories, symbolURLs, servers with rules.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx memcached
start_upstream
start_memcached
mkdir -p "$work/first" "$work/second"

# put DIR NAME FUNCTION: a module of that one function in a symbol store.
id=0123456789ABCDEF0123456789ABCDEF1
put() {
	mkdir -p "$1/$2.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s\n' "$id" "$2" "$3" >"$1/$2.pdb/$id/$2.sym.new"
	mv "$1/$2.pdb/$id/$2.sym.new" "$1/$2.pdb/$id/$2.sym"
}
function_of() {
	post / "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$1.pdb\",\"$id\"]],\"version\":4}"
	jq -r '.symbolicatedStacks[0][0]' <<<"$body" 2>/dev/null
}
requests_for() { upstream_requests "/$1.sym"; }

put "$symbols" everywhere 'of the server'
put "$work/second" everywhere 'of the second directory'
put "$work/first" everywhere 'of the first directory'
put "$work/second" local 'of the second directory'
put "$symbols" remote 'of the server'
put "$symbols" secret 'of the server'
put "$symbols" private 'of the server'
put "$symbols" public 'of the server'

start_pool ".DiskCache.localSymbolDirs = [\"first\", \"second\"] | .DiskCache.symbolURLs = [] |
	.general.blacklist = [\"secret\"] |
	.servers = [{name: \"test\", identifier: \"test\", remote: \"$upstream_url\", type: [\"breakpad\"],
		allowPrivate: true, whitelist: [\".*\\\\.pdb$\"], blacklist: [\"PRIVATE\"]}]"
start_web nginx

is 'the first directory wins' "$(function_of everywhere)" 'of the first directory (in everywhere.pdb)'
is 'then the second' "$(function_of local)" 'of the second directory (in local.pdb)'
is 'then servers' "$(function_of remote)" 'of the server (in remote.pdb)'
is 'what a directory has is not asked for' "$(requests_for everywhere)" 0

put "$work/first" everywhere 'built anew'
is 'a file that was made anew counts at once' "$(function_of everywhere)" 'built anew (in everywhere.pdb)'
is 'and keeps counting' "$(function_of everywhere)" 'built anew (in everywhere.pdb)'
rm -r "$work/first/everywhere.pdb"
is 'a file that is gone counts no more' "$(function_of everywhere)" 'of the second directory (in everywhere.pdb)'

is 'a name on the blacklist is not found' "$(function_of secret)" '0x1010 (in secret.pdb)'
is 'nor one on that of the server' "$(function_of private)" '0x1010 (in private.pdb)'
is 'and neither was asked for' "$(requests_for secret) $(requests_for private)" '0 0'
is 'others are' "$(function_of public)" 'of the server (in public.pdb)'

is 'what is nowhere is asked for once' "$(function_of nowhere) $(function_of nowhere) $(requests_for nowhere)" \
	'0x1010 (in nowhere.pdb) 0x1010 (in nowhere.pdb) 1'
put "$work/second" nowhere 'there after all'
is 'until a directory has it' "$(function_of nowhere)" 'there after all (in nowhere.pdb)'
e2e_end
