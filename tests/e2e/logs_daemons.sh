#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Logs into syslog and systemd's journal: a real systemd-journald, which takes both, in a mount namespace where /run
# and /dev are the script's own.
. "$(dirname "$0")/lib.sh"

journald=/lib/systemd/systemd-journald
[ -x $journald ] || skip_all "systemd-journald is not installed"
command -v journalctl >/dev/null || skip_all "journalctl is not installed"
if [ -z "${own_mounts:-}" ]; then
	unshare -m true 2>/dev/null || skip_all "no mount namespace may be made (root is needed)"
	own_mounts=yes exec unshare -m bash "$0" "$@"
fi

# What is mounted goes with the namespace.  /dev has what programs need, and syslog's socket where journald makes it.
own_devices() {
	local node
	mkdir /run/dev
	for node in null zero full urandom random; do
		: >/run/dev/$node
		mount --bind /dev/$node /run/dev/$node || return
	done
	ln -s /proc/self/fd /run/dev/fd
	ln -s /run/systemd/journal/dev-log /run/dev/log
	mount --rbind /run/dev /dev
}

own_system() {
	mount -t tmpfs none /run && own_devices || return
	mkdir -p /run/systemd/journal
	# a container may have none
	echo 0123456789abcdef0123456789abcdef >/run/own-machine-id
	[ -e /etc/machine-id ] && mount --bind /run/own-machine-id /etc/machine-id
}

# entries MATCH...: what the journal has, a line for each: priority, transport, identifier, message, request.
entries() {
	journalctl --directory=/run/log/journal --no-pager -o json "$@" 2>>"$work/journalctl.log" |
		jq -r '[.PRIORITY, ._TRANSPORT, .SYSLOG_IDENTIFIER, .MESSAGE, .SYMBOLICATE_REQUEST // ""] | join("|")'
}
has_entry() { entries | grep -Eq -- "$1"; }
is_kept() { wait_until 10 has_entry "$1"; }

id=0123456789ABCDEF0123456789ABCDEF1
fails() {
	mkdir -p "$symbols/$1.pdb/$id"
	: >"$symbols/$1.pdb/$id/$1.sym"
	behave "$1.pdb/$id/$1.sym" '{"status": 500}'
}
ask() { post / "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$1.pdb\",\"$id\"]],\"version\":4}"; }

e2e_begin nginx jq
own_system || skip_all "nothing may be mounted"
start_upstream
start_pool '.SymServer.log = {path: "syslog", level: 20} | .DiskCache.log.path = "journal"'
start_web nginx
check 'no daemon: standard error, and a warning' grep -q \
	'^<4>\[master\] SymServer.log.path is "syslog" and there is no /dev/log: standard error is used' "$work/pool.log"
check 'for the journal, too' grep -q '^<4>\[master\] DiskCache.log.path is "journal" and .*: standard error is used' "$work/pool.log"
fails early
ask early
is_told() { grep -q "$1" "$work/pool.log"; }
check 'a request' wait_until 10 is_told '^<6>\[worker [0-9]*\] [0-9a-f]* POST / 200 '
check 'a failed download' wait_until 10 is_told '^<4>\[fetcher [0-9]*\] [0-9a-f]* early.*status 500'

start journald $journald
journal_is_there() { [ -S /run/systemd/journal/socket ] && [ -S /run/systemd/journal/dev-log ]; }
wait_until 10 journal_is_there || bail_out "journald does not start: $(tail -n 3 "$work/journald.log")"
: >"$work/pool.log"
kill -HUP "${pid_of[pool]}"
check 'from the next reload on: syslog' is_kept '^6\|syslog\|symbolicate\|\[master\] configuration reloaded\|'
fails late
behave "late.pdb/$id/late.sym" '{"status": 403}' # of another kind than before: each is told once a minute
has_new_workers() {
	sample_works
	has_entry '\[worker [0-9]+\] .*POST / 200'
}
check 'the line of a request' wait_until 20 has_new_workers
ask late
late=$(header x-request-id)
check 'its priority and its sender' is_kept "^6\|syslog\|symbolicate\|\[worker [0-9]+\] $late POST / 200 "
if ldd "$top_builddir/symbolicate-fcgi" | grep -q libsystemd; then
	check 'journal: a failed download' is_kept "^4\|journal\|symbolicate\|\[fetcher [0-9]+\] $late late.*status 403.*\|$late$"
	is 'journal: by its request' "$(entries "SYMBOLICATE_REQUEST=$late" | grep -c late)" 1
else
	check 'a build without libsystemd: standard error' wait_until 10 is_told "^<4>\[fetcher [0-9]*\] $late late"
fi
is 'standard error has no line' "$(grep -c 'POST /' "$work/pool.log")" 0
e2e_end
