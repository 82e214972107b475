#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# DiskCache.maxSizeMB under a running server: a reload raises and lowers it, and the file follows.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/module_lib.sh"

e2e_begin nginx

all_resolve() {
	local i
	for i; do resolves "$i" || return 1; done
}
grows_beyond() { all_resolve 1 2 3 4 5 6 && ! is_below "$1"; }
leftovers_are_gone() { [ ! -e "$work/cache/db-1" ] && [ ! -e "$work/cache/db-2.copy" ]; }
reload_with() {
	write_configuration "$1"
	kill -HUP "${pid_of[pool]}"
}

for i in 1 2 3 4 5 6; do make_module "$i" 2000; done
start_upstream
start_pool '.DiskCache.maxSizeMB = 3'
start_web nginx

check 'six modules are answered' all_resolve 1 2 3 4 5 6
check 'the file keeps to 3 MB' is_below 3072
check 'the last two are held' all_resolve 5 6
is 'and were not asked for again' "$(requests_for 5) $(requests_for 6)" '1 1'

reload_with '.DiskCache.maxSizeMB = 32'
check 'raised: the file grows beyond the old limit' wait_until 20 grows_beyond 3072
before=$(upstream_requests)
check 'raised: all are answered' all_resolve 6 5 4 3
sleep 1.1 # last use is kept in seconds
check 'raised: two of them later' all_resolve 2 1
is 'raised: nothing is asked for again' "$(upstream_requests)" "$before"

reload_with '.DiskCache.maxSizeMB = 4'
check 'lowered: the file comes under the new limit' wait_until 30 is_below 4096
is 'lowered: in a database that took the place of the old' "$(find "$work/cache" -maxdepth 1 -name 'db-*' -printf '%f\n')" db-2
before=$(upstream_requests)
check 'lowered: the last used are held' all_resolve 1 2
is 'lowered: and not asked for again' "$(upstream_requests)" "$before"
check 'lowered: the others are answered, too' all_resolve 3 4 5 6
check 'lowered: the file keeps to it' is_below 4096
is 'nothing was moved aside' "$(counter store_moved_aside)" 0

# Again at start, with a leftover of a crash.
stop pool
mkdir -p "$work/cache/db-1" "$work/cache/db-2.copy" "$work/cache/db-2.mine"
cp "$(database)/data.mdb" "$work/cache/db-2.copy/"
start_pool '.DiskCache.maxSizeMB = 2'
check 'lowered by a restart: the file comes under the limit' wait_until 30 is_below 2048
check 'lowered by a restart: a module is answered' resolves 6
check 'leftovers of a crash are gone' wait_until 20 leftovers_are_gone
check 'what is not ours stays' [ -e "$work/cache/db-2.mine" ]
e2e_end
