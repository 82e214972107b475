#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a service manager is told, and when its watchdog hears nothing; the unit files.
. "$(dirname "$0")/lib.sh"

[ "${systemd_enabled:-yes}" = yes ] || skip_all 'built without libsystemd'
e2e_begin nginx

messages() { sed 's/^[0-9]* //' "$work/notify"; }
heard() { messages | grep -q "^$1"; }
heard_times() { [ "$(messages | grep -c "^$1")" -ge "$2" ]; }
# Messages in order, watchdog pings left out.
story() { messages | grep -v '^WATCHDOG=1$' | sed 's/MONOTONIC_USEC=[0-9]*/MONOTONIC_USEC/' | paste -sd' '; }
pings() { messages | grep -c '^WATCHDOG=1$'; }

start ear python3 "$top_srcdir/tests/tools/notify_socket.py" "$work/notify.sock" "$work/notify"
wait_until 10 test -S "$work/notify.sock" || bail_out 'nobody hears'
export NOTIFY_SOCKET=$work/notify.sock WATCHDOG_USEC=400000

start_upstream
start_pool
check 'READY=1' wait_until 20 heard READY=1
unset NOTIFY_SOCKET WATCHDOG_USEC
start_web nginx
check 'the sample' sample_works
check 'and pings go on' wait_until 20 heard_times WATCHDOG=1 10

kill -HUP "${pid_of[pool]}"
check 'a reload ends in READY=1' wait_until 20 heard_times READY=1 2
echo '{' >"$work/symbolicate.json"
kill -HUP "${pid_of[pool]}"
check 'one that is refused does, too' wait_until 20 heard_times READY=1 3
is 'both were announced' "$(story)" \
	'READY=1 RELOADING=1 MONOTONIC_USEC READY=1 RELOADING=1 MONOTONIC_USEC READY=1'
write_configuration

# Workers that die as soon as they come are no service: the watchdog hears nothing until one has lasted.
mapfile -t workers < <(pool_children worker)
kill -KILL "${workers[@]}"
wait_until 20 all_ended "${workers[@]}"
sleep 0.5 # what was due is sent
before=$(pings)
sleep 2
is 'no pings while the workers are in a crash loop' "$(($(pings) - before))" 0
check 'they come again when a worker lasts' wait_until 20 heard_times WATCHDOG=1 $((before + 3))

stop pool
is 'the end' "$exit_status" 0
like 'is announced' "$(story)" 'STOPPING=1$'
stop ear KILL
rm "$work/notify.sock"
NOTIFY_SOCKET=$work/notify.sock start_pool
check 'a manager that is gone is no harm' wait_until 20 sample_works
stop pool

# A socket unit's socket: descriptor 3, and LISTEN_PID says for whom.
rm -f "$work/fastcgi.sock"
start pool python3 -c '
import os, socket, sys
path, program = sys.argv[1], sys.argv[2:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(128)
os.chmod(path, 0o666)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(program[0], program)' "$work/fastcgi.sock" "$top_builddir/symbolicate-fcgi" -c "$work/symbolicate.json"
check 'LISTEN_FDS' wait_until 20 sample_works
stop pool
check 'the manager keeps its socket' test -S "$work/fastcgi.sock"

# The shipped units, with the program where this build has it.
if command -v systemd-analyze >/dev/null; then
	mkdir "$work/units"
	for unit in service socket; do
		sed "s|/usr/local/sbin/symbolicate-fcgi|$top_builddir/symbolicate-fcgi|" \
			"$top_srcdir/contrib/systemd/symbolicate.$unit" >"$work/units/symbolicate.$unit"
	done
	is 'the units are good' "$(systemd-analyze verify --man=no "$work"/units/symbolicate.* 2>&1 | grep symbolicate)" ''
	e2e_end
else
	ok 'the units are good # SKIP systemd-analyze is not installed'
	e2e_end
fi
