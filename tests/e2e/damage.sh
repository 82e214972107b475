#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A damaged database: moved aside with one line in the log, the next one begun, and service goes on.
. "$(dirname "$0")/lib.sh"
e2e_expected_log='killed by signal 11'

aside() { grep -c 'moved aside and begun anew' "$work/pool.log"; }
is_aside() { [ "$(aside)" -ge "$1" ]; }
databases() { (cd "$work/cache" && echo db-*); }

# overwrite COUNT SEEK: pages of zeros over the current database's, kept as long as it was.
overwrite() {
	local file
	file=$(find "$work/cache" -path '*/db-*[0-9]/data.mdb')
	dd if=/dev/zero of="$file" bs=4096 count="$1" seek="$2" conv=notrunc status=none
}

e2e_begin nginx
start_upstream
start_pool '.process.workers = 3'
start_web nginx
check 'the sample' sample_works
is 'the first database' "$(databases)" 'db-1'

stop pool
overwrite 2 0
start_pool '.process.workers = 3'
check 'without a header: the sample' sample_works
is 'without a header: moved aside with one line' "$(aside)" 1
is 'without a header: one is kept' "$(databases)" 'db-1.bad db-2'

# The roots of its trees, under the hands of those that read it.
overwrite 1000 2
check 'zeros under a running server: the sample' wait_until 30 sample_works
check 'zeros under a running server: again' sample_works
is 'zeros under a running server: moved aside with one line' "$(aside)" 2
is 'zeros under a running server: one is kept' "$(databases)" 'db-2.bad db-3'

# Whatever it is that makes them crash.
crash_one() {
	local count worker
	count=$(counter children_died)
	worker=$(pool_children worker | head -n 1)
	kill -SEGV "$worker"
	is_counted() { [ "$(counter children_died)" -gt "$count" ]; }
	wait_until 10 is_counted
}
crash_one
crash_one
is 'two crashes: the database stays' "$(aside)" 2
crash_one
check 'three within a minute: it is moved aside' wait_until 10 is_aside 3
check 'three within a minute: the sample' wait_until 30 sample_works
is 'three within a minute: one is kept' "$(databases)" 'db-3.bad db-4'
is 'and it was counted' "$(counter store_moved_aside)" 2
e2e_end
