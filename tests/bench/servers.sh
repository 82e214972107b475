# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by other parts
# SPDX-License-Identifier: MIT
# nginx with the shipped configuration in front of a pool and of hello, and as the pool's symbol server.

# can_serve [TOOL...]: whether all is there; if not, $missing says what.
can_serve() {
	local tool
	for tool in nginx spawn-fcgi curl "$@"; do
		command -v "$tool" >/dev/null || { missing="$tool is not installed" && return 1; }
	done
	[ -x "$top_builddir/symbolicate-fcgi" ] || { missing='symbolicate-fcgi is not built' && return 1; }
	[ -r "$top_srcdir/contrib/quickstart/servers.sh" ] || { missing='contrib/ is not there' && return 1; }
	# shellcheck source=../../contrib/quickstart/servers.sh
	. "$top_srcdir/contrib/quickstart/servers.sh"
}

# One port, socket and configuration each, all of one nginx: what is compared is what stands behind it.
site_on_port() {
	port=$(free_port) || fail 'no port is free'
	contrib_site nginx "$work/$1.sock" "127.0.0.1:$port" "$work" >"$work/nginx/nginx-$1.conf"
}

# Sets hello_url, pool_url, upstream_url.
start_nginx() {
	[ -z "${pid_of[nginx]:-}" ] || return 0
	mkdir -p "$work/nginx" "$work/corpus"
	chmod 755 "$work"
	nginx_config "$work/nginx" "$([ "$(id -u)" != 0 ] || id -un)" >"$work/nginx/nginx.conf"
	for _ in 1 2 3 4 5; do
		site_on_port hello && hello_url=http://127.0.0.1:$port
		site_on_port pool && pool_url=http://127.0.0.1:$port
		port=$(free_port) && upstream_url=http://127.0.0.1:$port
		static_site "$port" "$work/corpus" off >"$work/nginx/nginx-upstream.conf"
		launch nginx nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" -e "$work/nginx.log" -g 'daemon off;'
		wait_until 5 port_answers 127.0.0.1 "$port" && is_running nginx && return
		halt nginx
	done
	fail "nginx does not start: $(tail -n 3 "$work/nginx.log")"
}

# start_fastcgi NAME COMMAND...: listens at $work/NAME.sock when this returns.
start_fastcgi() {
	local name=$1
	shift
	rm -f "$work/$name.sock"
	launch "$name" spawn-fcgi -n -s "$work/$name.sock" -M 0666 -b 4096 -- "$@"
	wait_until 10 test -S "$work/$name.sock" || fail "$name has no socket: $(tail -n 3 "$work/$name.log")"
}

start_hello() { [ -n "${pid_of[hello]:-}" ] || start_fastcgi hello "$programs/hello_fcgi" 4; }

# Empty; false where there is none.
start_memcached() {
	command -v memcached >/dev/null || return
	[ -z "${pid_of[memcached]:-}" ] || halt memcached
	rm -f "$work/memcached.sock"
	launch memcached memcached -s "$work/memcached.sock" -m 256 -u "$(id -un)"
	wait_until 5 test -S "$work/memcached.sock"
}

# start_pool [FILTER [PROGRAM]]: a pool with an empty cache and the corpus as its symbol server; its configuration
# goes through jq's FILTER.
start_pool() {
	rm -rf "$work/cache"
	jq -n --arg cache "$work/cache" --arg url "$upstream_url/" --arg memcached "$work/memcached.sock" '{
		DiskCache: {cachePath: $cache, symbolURLs: [$url]},
		SymServer: {memcachedServers: []},
		process: {workers: 4, fetchers: 2}
	} | '"${1:-.}" >"$work/symbolicate.json"
	start_fastcgi pool "${2:-$top_builddir/symbolicate-fcgi}" -c "$work/symbolicate.json"
	wait_until 10 web_answers "$pool_url/" || fail "the pool does not answer: $(tail -n 3 "$work/pool.log")"
}

# post URL BODIES: the first body of a file; the answer goes to $work/answer, its time to $took_s.
post() {
	took_s=$(curl -sf -m 60 -H 'Content-Type: application/json' -o "$work/answer" -w '%{time_total}' \
		--data-binary "@-" "$1" < <(head -n 1 "$2"))
}

# Whether $work/answer names every frame.
all_named() {
	jq -e 'if .results then [.results[].stacks[][].function] | all(. != null)
		else [.symbolicatedStacks[][]] | all(startswith("0x") | not) end' "$work/answer" >/dev/null
}
