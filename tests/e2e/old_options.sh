#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Snappy's command lines: the long options of its two services, given to the one server.
. "$(dirname "$0")/lib.sh"

# Among the file's settings and -o, in the order in which they come.
overriding() {
	local tool=$top_builddir/symbolicate
	echo '{"SymServer": {"port": 1}, "DiskCache": {"symbolURLs": ["http://file.example/"]}}' >"$work/file.json"
	is 'the file' "$("$tool" print-config -c "$work/file.json" --get SymServer.port)" 1
	is 'an option over the file' "$("$tool" print-config -c "$work/file.json" --port 2 --get SymServer.port)" 2
	is 'the later one wins' "$("$tool" print-config --port=2 -o SymServer.port=3 --get SymServer.port)" 3
	is 'in either order' "$("$tool" print-config -o SymServer.port=3 --configJSON '{"SymServer": {"port": 4}}' --get SymServer.port)" 4
	is 'lists begin anew, then grow' "$("$tool" print-config -c "$work/file.json" --symbolURL http://a.example/ \
		--symbolURL http://b.example/ --get DiskCache.symbolURLs | tr '\n' ' ')" 'http://a.example/ http://b.example/ '
	"$tool" check-config --maxSize many 2>"$work/said"
	is 'a wrong value: status' $? 78
	like 'a wrong value: it is named' "$(cat "$work/said")" 'DiskCache.maxSizeMB must be a whole number'
	"$top_builddir/symbolicate-fcgi" --noSuchOption 1 2>/dev/null
	is 'an option of nobody' $? 64
	"$top_builddir/symbolicate-fcgi" --port 2>/dev/null
	is 'an option without its value' $? 64
}

serving() {
	start pool spawn-fcgi -n -s "$work/fastcgi.sock" -M 0666 -b 4096 -- "$top_builddir/symbolicate-fcgi" \
		--configJSON '{"process": {"workers": 2, "fetchers": 2}, "DiskCache": {"retries": 1}}' \
		--cachePath "$work/cache" --maxSize 8 --memcachedServer None --diskCacheServer 127.0.0.1:8888 \
		--symbolURL http://127.0.0.1:1/ --symbolURL "$upstream_url" \
		--logPath "$work/snappy.log" --logLevel 20 --logFiles 2 --logFileSize 1 --pidfile "$work/server.pid"
	wait_until 10 test -S "$work/fastcgi.sock"
	start_web nginx
	check 'the sample' sample_works
	check 'the log is where it was said' [ -s "$work/snappy.log" ]
	is 'the pid file' "$(cat "$work/server.pid")" "${pid_of[pool]}"
	check 'the cache is where it was said' [ -s "$work/cache/db-1/data.mdb" ]
	kill -HUP "${pid_of[pool]}"
	sleep 0.2
	check 'a reload keeps the options' wait_until 20 sample_works
	stop pool
	is 'it ends' "$exit_status" 0
	check 'and the pid file is gone' [ ! -e "$work/server.pid" ]
}

e2e_begin nginx
start_upstream
overriding
serving
e2e_end
