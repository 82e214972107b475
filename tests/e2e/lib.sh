# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# End-to-end tests: the real programs behind a real web server, each script in a directory of its own.
#
#	. "$(dirname "$0")/lib.sh"
#	e2e_begin nginx                         # tools besides the usual ones; skipped where one is missing
#	start_upstream                          # symbol server for the files in $symbols
#	start_pool '.process.workers = 1'       # jq filter over the configuration
#	start_web nginx
#	post /symbolicate/v5 '{...}'            # sets $status, $body, $headers
#	is 'the status' "$status" 200
#	e2e_end
#
# Every server is a child of the script, ends with it, and keeps its log in $work.  When a check failed
# $work is kept as tests/logs/NAME in the build directory.  Runs alone, too: bash tests/e2e/nginx.sh

set -u
: "${top_srcdir:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${top_builddir:=${SYMBOLICATE_BUILD_DIR:-$top_srcdir/build}}"
# shellcheck source=../../contrib/quickstart/servers.sh
. "$top_srcdir/contrib/quickstart/servers.sh"

# A hung script is a failure, not a hung build.
if [ -z "${E2E_LIMITED:-}" ]; then
	E2E_LIMITED=yes exec timeout -k 10 "${E2E_LIMIT_S:-300}" bash "$0" "$@"
fi

e2e_name=$(basename "$0" .sh)
declare -A pid_of=()
test_count=0
failure_count=0

# ---- TAP ----

ok() { echo "ok $((++test_count)) - $1"; }

not_ok() {
	echo "not ok $((++test_count)) - $1"
	failure_count=$((failure_count + 1))
	shift
	local line
	for line; do
		printf '%.2000s\n' "$line" | sed 's/^/#   /'
	done
}

# check NAME COMMAND...: the command succeeds.
check() {
	# no local variables: the command may be a function that looks at the script's
	if "${@:2}"; then ok "$1"; else not_ok "$1" "failed: ${*:2}"; fi
}

# is NAME GOT EXPECTED
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got: $2" "expected: $3"; fi
}

# like NAME GOT REGEX
like() {
	if [[ $2 =~ $3 ]]; then ok "$1"; else not_ok "$1" "got: $2" "expected something like: $3"; fi
}

# is_json NAME EXPECTED [JQ]: $body, or what the filter makes of it, compared as values.
is_json() {
	local got expected
	got=$(jq -cS "${3:-.}" <<<"$body" 2>&1)
	expected=$(jq -cS . <<<"$2")
	is "$1" "$got" "$expected"
}

# A server that does not start: nothing else can be told.
bail_out() {
	echo "Bail out! $1"
	exit 1
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# ---- begin and end ----

can_fake_time() {
	LD_PRELOAD=$(faketime -m -f +0s printenv LD_PRELOAD) ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		timeout 5 "$top_builddir/symbolicate-fcgi" --version >/dev/null 2>&1
}

e2e_begin() {
	local tool
	for tool in curl jq python3 spawn-fcgi "$@"; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
		[ "$tool" != faketime ] || can_fake_time || skip_all 'programs with this sanitizer do not start with libfaketime'
	done
	work=$(mktemp -d "${TMPDIR:-/tmp}/symbolicate-e2e.XXXXXX")
	# Apache gives up root, and must come to the socket.
	chmod 755 "$work"
	symbols=$work/symbols
	cp -r "$top_srcdir/tests/samples" "$symbols"
	chmod -R u+w "$symbols" # distcheck has a read-only tree
	trap clean_up EXIT
	trap 'exit 1' INT TERM
}

clean_up() {
	local pid
	for pid in "${pid_of[@]}"; do
		kill -CONT "$pid" 2>/dev/null && kill "$pid" 2>/dev/null
	done
	for pid in "${pid_of[@]}"; do
		wait_until 10 has_ended "$pid" || kill -KILL "$pid" 2>/dev/null
	done
	if [ "$failure_count" != 0 ] || [ -z "${plan_printed:-}" ]; then keep_logs; fi
	rm -rf "$work"
}

keep_logs() {
	local logs=$top_builddir/tests/logs/$e2e_name
	rm -rf "$logs"
	mkdir -p "$logs"
	(cd "$work" && find . -type f -size -1000k \( -name '*.log' -o -name '*.requests*' -o -name '*.json' -o -name '*.conf' \) \
		-exec cp --parents {} "$logs" \;)
	echo "# logs are kept in $logs"
}

# Prints the plan.  What the servers had to say about a broken invariant is a failure, too.
e2e_end() {
	local broken
	broken=$(grep -hE 'AddressSanitizer|LeakSanitizer|runtime error:|Assertion|killed by signal ([^9]|1.)|\[alert\]' "$work"/*.log 2>/dev/null |
		grep -vE "${e2e_expected_log:-^$}" | head -5)
	is 'no server reported a fault of the program' "$broken" ''
	echo "1..$test_count"
	plan_printed=yes
	[ "$failure_count" = 0 ]
}

# ---- processes ----

# A child that ended stays as a zombie until it is waited for: that is "ended", too.
has_ended() {
	local state
	read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || return 0
	[ "$state" = Z ]
}

# start NAME COMMAND...: a child whose output goes to $work/NAME.log and whose id is ${pid_of[NAME]}.
start() {
	local name=$1
	shift
	"$@" </dev/null >>"$work/$name.log" 2>&1 &
	pid_of[$name]=$!
}

# stop NAME [SIGNAL]: waits for its end; $exit_status is how it ended.
stop() {
	local pid=${pid_of[$1]}
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	if ! wait_until 20 has_ended "$pid"; then
		echo "# $1 did not end by ${2:-TERM}"
		kill -KILL "$pid"
	fi
	wait "$pid" 2>/dev/null
	# shellcheck disable=SC2034 # for the script
	exit_status=$?
	unset "pid_of[$1]"
}

# start_on_port NAME FUNCTION: FUNCTION starts NAME listening at $port, again with another port where that was taken.
start_on_port() {
	local name=$1
	shift
	for _ in 1 2 3 4 5; do
		port=$(free_port) || break
		"$@"
		wait_until 20 listens_or_ended "$name" "$port"
		if ! has_ended "${pid_of[$name]}" && port_answers 127.0.0.1 "$port"; then return 0; fi
	done
	bail_out "$name does not start: $(tail -n 3 "$work/$name.log")"
}

listens_or_ended() { has_ended "${pid_of[$1]}" || port_answers 127.0.0.1 "$2"; }

# ---- servers ----

nginx_user() { [ "$(id -u)" != 0 ] || id -un; }

run_nginx() {
	start "$1" nginx -p "$work/$1" -c "$work/$1/nginx.conf" -e "$work/$1.log" -g 'daemon off;'
}

# start_upstream [PORT [OPTION...]]: a symbol server for the files in $symbols that misbehaves as FILE.behaviour tells (see
# the tool's own text); its address is $upstream_url.
start_upstream() {
	rm -f "$work/upstream.port"
	start upstream python3 "$top_srcdir/tests/tools/scripted_upstream.py" --root "$symbols" --port "${1:-0}" \
		--port-file "$work/upstream.port" --log "$work/upstream.requests" "${@:2}"
	wait_until 10 test -f "$work/upstream.port" || bail_out 'the upstream does not start'
	upstream_url=http://127.0.0.1:$(cat "$work/upstream.port")/
}

# upstream_requests [WORD]: how many requests (with that word) the upstream has had.
upstream_requests() { grep -c -- "${1:-}" "$work/upstream.requests"; }

# behave MODULE/ID/FILE JSON: tells the upstream how to answer for that file.
behave() { printf '%s' "$2" >"$symbols/$1.behaviour"; }

# start_web nginx|apache: with the shipped site, nginx's as the sed script $site_edit changes it.
start_web() {
	start_web_alone "$1"
	wait_until 20 web_answers "$web_url/" || bail_out "no answer through $web: $(tail -n 3 "$work/pool.log")"
}

# With nobody behind it as yet.
start_web_alone() {
	web=$1
	mkdir -p "$work/$web"
	start_on_port "$web" "${web}_on_port"
	web_port=$port
	web_url=http://127.0.0.1:$web_port
}

nginx_on_port() {
	nginx_config "$work/nginx" "$(nginx_user)" >"$work/nginx/nginx.conf"
	contrib_site nginx "$work/fastcgi.sock" "127.0.0.1:$port" "$work" | sed "${site_edit:-}" >"$work/nginx/nginx-site.conf"
	run_nginx nginx
}

apache_on_port() {
	local change_to=''
	[ "$(id -u)" != 0 ] || change_to=www-data
	apache_config "$work/apache" "$change_to" >"$work/apache/apache.conf"
	contrib_site apache "$work/fastcgi.sock" "127.0.0.1:$port" "$work" >"$work/apache/apache-site.conf"
	start apache apache2 -d "$work/apache" -f "$work/apache/apache.conf" -D FOREGROUND
}

start_memcached() {
	local as=()
	[ "$(id -u)" != 0 ] || as=(-u root)
	memcached_socket=$work/memcached.sock
	rm -f "$memcached_socket"
	start memcached memcached -s "$memcached_socket" -m 16 "${as[@]}"
	wait_until 10 memcached_answers "$memcached_socket" || bail_out 'memcached does not answer'
}

# Writes $work/symbolicate.json: small and quick settings, then the filter.
write_configuration() {
	jq -n --arg work "$work" --arg url "${upstream_url:-}" --arg memcached "${memcached_socket:-}" '
		(if $ARGS.positional[0] then ($ARGS.positional[0] | fromjson) else {} end) * {
			DiskCache: {
				cachePath: ($work + "/cache"),
				symbolURLs: [$url | select(. != "")],
				retries: 1, retryDelayMs: 10
			},
			# a busy machine is no reason to find memcached slow
			SymServer: { memcachedServers: [$memcached | select(. != "")], memcachedTimeoutMs: 300 },
			process: { workers: 2, fetchers: 2, waitMs: 20000 }
		} | '"${1:-.}" --args "$(base_configuration)" >"$work/symbolicate.json"
}

# ./quickstart check -c FILE: the tests run over that file.
base_configuration() {
	if [ -n "${SYMBOLICATE_TEST_CONFIG:-}" ]; then cat "$SYMBOLICATE_TEST_CONFIG"; else echo '{}'; fi
}

# start_pool [FILTER]: the pool by spawn-fcgi, with $pool_environment, listening at $work/fastcgi.sock when this
# returns.
pool_environment=()
start_pool() {
	write_configuration "${1:-.}"
	start pool env "${pool_environment[@]}" spawn-fcgi -n -s "$work/fastcgi.sock" -M 0666 -b 4096 -- \
		"$top_builddir/symbolicate-fcgi" -c "$work/symbolicate.json"
	wait_until 10 test -S "$work/fastcgi.sock" || bail_out "the pool has no socket: $(tail -n 3 "$work/pool.log")"
	[ -z "${web_url:-}" ] || wait_until 20 web_answers "$web_url/" ||
		bail_out "the pool does not answer: $(tail -n 3 "$work/pool.log")"
}

# fake_time: from now on the pool's clocks are those that shift_time tells: so many seconds ahead.
fake_time() {
	shift_time 0
	pool_environment=("LD_PRELOAD=$(faketime -m -f +0s printenv LD_PRELOAD)" FAKETIME_NO_CACHE=1
		"FAKETIME_TIMESTAMP_FILE=$work/time" "ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0")
}

shift_time() {
	printf '%+d\n' "$1" >"$work/time.new"
	mv "$work/time.new" "$work/time"
}

# counter NAME: the value of one counter of the pool.
counter() {
	"$top_builddir/symbolicate" counters --cache "$work/cache" | awk -v name="$1" '$1 == name { print $2 }'
}

# pool_children [KIND]: process ids of the master's children: worker, fetcher, janitor.
pool_children() {
	local pid name children
	# the kernel's line has no end
	read -ra children <"/proc/${pid_of[pool]}/task/${pid_of[pool]}/children" || true
	for pid in "${children[@]}"; do
		name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
		case $name in "${1:-}"*) echo "$pid" ;; esac
	done
}

all_ended() {
	local pid
	for pid; do
		has_ended "$pid" || return 1
	done
}

# ---- ./quickstart ----

# quickstart ARGUMENT...: with everything it starts below $work/run; sets $status and $output.  Use
# `trap stop_quickstart EXIT` behind e2e_begin.
quickstart() {
	# inside make check it is not a part of that make
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKE_TERMOUT -u MAKE_TERMERR \
		SYMBOLICATE_RUN_DIR="$work/run" SYMBOLICATE_BUILD_DIR="$top_builddir" "$top_srcdir/quickstart" "$@" \
		>"$work/quickstart.out" 2>&1 </dev/null
	status=$?
	# shellcheck disable=SC2034 # for the script
	output=$(cat "$work/quickstart.out")
	cat "$work/quickstart.out" >>"$work/quickstart.log"
}

# What quickstart starts is not a child of ours: it ends by quickstart's own hand.
stop_quickstart() {
	[ ! -d "$work/run" ] || quickstart --stop
	clean_up
}

choose_port() {
	web_port=$(free_port)
	web_url=http://127.0.0.1:$web_port
}

# ---- requests ----

# request METHOD PATH [CURL OPTION...]: sets $status, $body and $headers.
request() {
	local method=(-X "$1") path=$2
	[ "$1" != HEAD ] || method=(--head)
	shift 2
	: >"$work/body"
	: >"$work/headers"
	status=$(curl -sS -m "${request_limit_s:-60}" --path-as-is -o "$work/body" -D "$work/headers" \
		-w '%{http_code}' "${method[@]}" "$@" "$web_url$path" 2>>"$work/curl.log")
	body=$(tr -d '\0' <"$work/body")
	headers=$(tr -d '\r' <"$work/headers")
}

get() { request GET "$@"; }

# post PATH BODY [CURL OPTION...]; how many went to each path is in ${posts[PATH]}.
declare -A posts=()
post() {
	local path=$1
	posts[${path%%\?*}]=$((${posts[${path%%\?*}]:-0} + 1))
	printf '%s' "$2" >"$work/request"
	shift 2
	request POST "$path" --data-binary "@$work/request" "$@"
}

# header NAME: its value in the last answer.
header() { sed -n "s/^$1: //Ip" <<<"$headers"; }

# ---- the sample request ----

readonly SAMPLE_STACKS='"stacks":[[[0,11723767],[1,65802]]],"memoryMap":[["xul.pdb","44E4EC8C2F41492B9369D6B9A059577C2"],["wntdll.pdb","D74F79EB1F8D4A45ABCD2F476CCABACC2"]]'
readonly SAMPLE="{$SAMPLE_STACKS,\"version\":4}"
readonly SAMPLE_ANSWER='{"symbolicatedStacks":[["XREMain::XRE_mainRun() (in xul.pdb)","KiUserCallbackDispatcher (in wntdll.pdb)"]],"knownModules":[true,true]}'

# The server still does its work: used after everything that might have hurt it.
sample_works() {
	post / "$SAMPLE"
	[ "$status" = 200 ] && [ "$(jq -cS . <<<"$body")" = "$(jq -cS . <<<"$SAMPLE_ANSWER")" ]
}
