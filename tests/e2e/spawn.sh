#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The ways to give the pool its listening socket, and what it says where there is none.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx
start_upstream
start_pool
start_web nginx
check 'descriptor 0, from spawn-fcgi -n' sample_works
stop pool

server=$top_builddir/symbolicate-fcgi
write_configuration

# Not in the foreground: spawn-fcgi forks, and tells the id of what it started.
spawn-fcgi -s "$work/fastcgi.sock" -M 0666 -P "$work/spawned.pid" -- "$server" -c "$work/symbolicate.json" \
	>"$work/spawn.log" 2>&1
pid_of[pool]=$(cat "$work/spawned.pid")
check 'descriptor 0, from spawn-fcgi in the background' wait_until 20 sample_works
stop pool
rm -f "$work/fastcgi.sock"

start pool "$server" -c "$work/symbolicate.json" --listen "unix:$work/fastcgi.sock"
wait_until 10 test -S "$work/fastcgi.sock"
check '--listen unix:/path' wait_until 20 sample_works
stop pool
is 'its end takes the socket away' "$([ -e "$work/fastcgi.sock" ] && echo 'still there')" ''

port=$(free_port)
start pool "$server" -c "$work/symbolicate.json" --listen "127.0.0.1:$port"
check '--listen host:port' wait_until 10 port_answers 127.0.0.1 "$port"
stop pool
is 'ended by TERM' "$exit_status" 0

"$server" -c "$work/symbolicate.json" </dev/null >"$work/usage.log" 2>&1
is 'no socket at all: usage' $? 64
like 'and it says how' "$(cat "$work/usage.log")" 'spawn-fcgi|--listen'

echo '{"SymServer": {"port": "many"}}' >"$work/wrong.json"
"$server" -c "$work/wrong.json" --listen "unix:$work/other.sock" </dev/null >"$work/wrong.log" 2>&1
is 'a wrong configuration' $? 78
like 'with file and line' "$(cat "$work/wrong.log")" 'wrong.json:1:'
e2e_end
