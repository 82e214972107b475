#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Apache's mod_fcgid starts the processes itself, with --single: they share tables and searches.
. "$(dirname "$0")/lib.sh"

e2e_begin apache2
module=$apache_modules/mod_fcgid.so
[ -e "$module" ] || skip_all 'mod_fcgid is not installed'

fcgid_on_port() {
	local change_to=''
	[ "$(id -u)" != 0 ] || change_to=www-data
	{
		apache_config "$work/fcgid" "$change_to"
		echo "LoadModule fcgid_module $module"
		echo "FcgidIPCDir $work/fcgid/sockets"
		echo "FcgidProcessTableFile $work/fcgid/table"
		echo 'FcgidErrorScanInterval 1'
		echo "Include $work/fcgid/site.conf"
	} >"$work/fcgid/apache.conf"
	sed -e "s|127\.0\.0\.1:8080|127.0.0.1:$port|" -e "s|/var/log/apache2/symbolicate|$work/fcgid|" \
		-e "s|/usr/local/sbin/symbolicate-fcgi --single|$top_builddir/symbolicate-fcgi --single -c $work/symbolicate.json|" \
		"$top_srcdir/contrib/apache/symbolicate-fcgid.conf" >"$work/fcgid/site.conf"
	: >"$work/fcgid/apache-none.conf"
	start fcgid apache2 -d "$work/fcgid" -f "$work/fcgid/apache.conf" -D FOREGROUND
}

masters() { pgrep -f "symbolicate-fcgi --single -c $work/symbolicate.json"; }
none_is_left() { [ -z "$(masters)" ]; }

start_upstream
# what is in the file is for the pool: --single has its own numbers
write_configuration '.process += {workers: 3, reserved: 2, fetchers: 4}'
mkdir "$work/cache" "$work/fcgid"
chmod 777 "$work/cache"
chmod 755 "$symbols"
start_on_port fcgid fcgid_on_port
web_url=http://127.0.0.1:$port
check 'the sample' sample_works
[ "$failure_count" = 0 ] || sed 's/^/# /' "$work"/fcgid/apache.error.log "$work"/fcgid*.log | head -20

id=0123456789ABCDEF0123456789ABCDEF1
mkdir -p "$symbols/slow.pdb/$id"
printf 'MODULE windows x86 %s slow.pdb\nFUNC 1000 100 0 slow()\n' "$id" >"$symbols/slow.pdb/$id/slow.sym"
behave "slow.pdb/$id/slow.sym" '{"hold_at": 40, "wait_for": "go"}'
slow="{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"slow.pdb\",\"$id\"]],\"version\":4}"
clients=()
for i in 1 2 3 4 5; do
	curl -s -m 60 -o "$work/answer.$i" -d "$slow" "$web_url/" &
	clients+=($!)
done
all_joined() { [ "$(counter flights_joined)" -ge 4 ]; }
check 'five processes wait for one module' wait_until 30 all_joined
check 'hits are answered meanwhile' sample_works
touch "$symbols/go"
wait "${clients[@]}"
is 'all five are answered' "$(cat "$work"/answer.* | jq -c .symbolicatedStacks | sort | uniq -c | sed 's/^ *//')" \
	'5 [["slow() (in slow.pdb)"]]'
is 'by one download' "$(upstream_requests slow.sym)" 1

for pid in $(masters); do kill -KILL "$pid" 2>/dev/null; done
check 'they may be killed' wait_until 20 sample_works
is 'the table was kept' "$(upstream_requests xul.sym)" 1
stop fcgid
check 'all end with Apache' wait_until 20 none_is_left
e2e_end
