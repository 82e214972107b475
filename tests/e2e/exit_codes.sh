#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The server's exit codes, as docs/operating.md lists them, each with one line that says why.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx
server=$top_builddir/symbolicate-fcgi
as=() # a program in front of the server

# ends NAME CODE REGEX OPTION...: the server does not start.
ends() {
	local name=$1 code=$2 regex=$3
	shift 3
	timeout 30 "${as[@]}" "$server" "$@" </dev/null >"$work/out.log" 2>&1
	is "$name: $code" $? "$code"
	like "$name: why" "$(cat "$work/out.log")" "$regex"
}

# config JSON: writes $work/bad.json.
config() { echo "$1" >"$work/bad.json"; }

write_configuration
good=(-c "$work/symbolicate.json")
free=(--listen "unix:$work/free.sock")
"$server" --version >/dev/null
is 'a version is told: 0' $? 0

ends 'an unknown option' 64 usage: --bogus
ends 'an argument' 64 usage: "${good[@]}" argument
ends 'no socket' 64 'no listening socket' "${good[@]}"
ends 'an address that is none' 64 "cannot listen on 'bogus'" "${good[@]}" --listen bogus
ends 'no file' 66 'cannot open .*/none.json' -c "$work/none.json" "${free[@]}"

config '{"process": {"workers": "two"}}'
ends 'a wrong type' 78 'bad.json:1: error: process.workers' -c "$work/bad.json" "${free[@]}"
config '{"process": {"workers": 9, "maxWorkers": 3}}'
ends 'settings that exclude each other' 78 'process.workers .9. is more' -c "$work/bad.json" "${free[@]}"
config '{"general": {"blacklist": ["("]}}'
ends 'a pattern that is none' 78 'general.blacklist' -c "$work/bad.json" "${free[@]}"
ends 'an address in the configuration' 78 'no.such.host.invalid' "${good[@]}" -o process.listen=no.such.host.invalid:1

start_upstream
start_pool '.process.maxWorkers = 400'
start_web nginx
check 'the sample' sample_works
ends 'a unix socket in use' 69 'fastcgi.sock: Address already in use' "${good[@]}" --listen "unix:$work/fastcgi.sock"
ends 'a port in use' 69 'Address already in use' "${good[@]}" --listen "127.0.0.1:$web_port"
ends 'a path that is too long' 64 'longer than' "${good[@]}" --listen "unix:/$(printf '%0200d' 0)"
ends 'a socket without its directory' 71 'No such file' "${good[@]}" --listen "unix:$work/none/x.sock"
ends 'no slots left in the cache directory' 75 'slots' "${good[@]}" "${free[@]}"
is 'a socket that was made is taken away' "$(ls "$work/free.sock" 2>/dev/null)" ''
check 'the pool goes on' sample_works
stop pool
is 'ended by TERM: 0' "$exit_status" 0

ends 'a cache directory below a file' 73 'Not a directory|File exists' "${good[@]}" "${free[@]}" \
	-o "DiskCache.cachePath=$work/symbolicate.json/cache"
as=(bash -c 'ulimit -n 24 && exec "$@"' limited)
ends 'no descriptors left' 71 'Too many open files' "${good[@]}" "${free[@]}"
as=()
mkdir "$work/locked"
chmod 500 "$work/locked"
# root may do anything
if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
ends 'no right to the cache directory' 77 'Permission denied' -c "$work/symbolicate.json" --listen 127.0.0.1:0 \
	-o "DiskCache.cachePath=$work/locked/cache"
ends 'no right to the socket' 77 'Permission denied' "${good[@]}" --listen "unix:$work/locked/x.sock"
ends 'no right to the log' 77 'Permission denied' "${good[@]}" --listen 127.0.0.1:0 \
	-o "SymServer.log.path=$work/locked/server.log"
e2e_end
