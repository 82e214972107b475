#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A table that exceeds all of DiskCache.maxSizeMB: built once for ten minutes, in a file of its own limit.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/module_lib.sh"

stores() { (cd "$work/cache" && echo db-*[0-9] oversize-*[0-9]); }
is_above() { ! is_below "$1"; }
oversize_is_gone() { [ ! -e "$work/cache/oversize-1" ]; }

e2e_begin nginx faketime
make_module 1 900
make_module 2 9000 # some 4 MB of table
make_module 3 50000
start_upstream
fake_time
start_pool '.DiskCache.maxSizeMB = 3 | .DiskCache.maxOversizeMB = 8'
start_web nginx

check 'a small module' resolves 1
check 'a module whose table exceeds the limit' resolves 2
check 'again' resolves 2
is 'was built once' "$(requests_for 2) $(counter tables_built)" '1 2'
is 'in a file of its own' "$(stores)" 'db-1 oversize-1'
check 'the small one is held' resolves 1
is 'and was not pushed out' "$(requests_for 1)" 1
check 'the database keeps to its limit' is_below 3072
like 'the tool finds it there, too' \
	"$("$top_builddir/symbolicate" lookup -c "$work/symbolicate.json" big2.pdb "$(id_of 2)" 10 2>&1)" 'first_2'
is 'without building it again' "$(requests_for 2)" 1

# Other processes in the place of those that built it.
stop pool
start_pool '.DiskCache.maxSizeMB = 3 | .DiskCache.maxOversizeMB = 8'
check 'after a restart' resolves 2
is 'it is still there' "$(requests_for 2)" 1

post / "$(question_for 3)"
is_json 'one that exceeds this limit, too, is not known' '[false]' .knownModules
post / "$(question_for 3)"
is_json 'nor the second time' '[false]' .knownModules
is 'and was built once' "$(requests_for 3)" 1
check 'nothing had to go for it' resolves 1
is 'not the small one' "$(requests_for 1)" 1

shift_time 540
check 'nine minutes later' resolves 2
is 'it is there' "$(requests_for 2)" 1
shift_time 601
check 'after ten minutes its file is gone' wait_until 20 oversize_is_gone
check 'then it is built anew' resolves 2
is 'with another download' "$(requests_for 2)" 2
is 'in a new file' "$(stores)" 'db-1 oversize-3'

# Larger, the cache has room for it.
write_configuration '.DiskCache.maxSizeMB = 32'
kill -HUP "${pid_of[pool]}"
shift_time 1300
check 'its time is over again' wait_until 20 [ ! -e "$work/cache/oversize-3" ]
check 'a raised limit' resolves 2
check 'puts it into the database' is_above 4000
is 'and nowhere else' "$(cd "$work/cache" && echo oversize-*[0-9])" 'oversize-*[0-9]'
e2e_end
