#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# symbolicate cache and symbolicate explain beside a running server, and compact into its database.
. "$(dirname "$0")/lib.sh"

e2e_begin nginx
start_upstream
mkdir -p "$work/local"
id=0123456789ABCDEF0123456789ABCDEF1
xul=xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2
wntdll=wntdll.pdb/D74F79EB1F8D4A45ABCD2F476CCABACC2

# put DIR NAME FUNCTION: a module of that one function, and a PUBLIC.
put() {
	mkdir -p "$1/$2.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s\nPUBLIC 3000 0 exported\n' "$id" "$2" "$3" \
		>"$1/$2.pdb/$id/$2.sym"
}
# body_of NAME: a request for it; function_of NAME: what it is answered.
body_of() { printf '{"stacks":[[[0,4112]]],"memoryMap":[["%s.pdb","%s"]],"version":4}' "$1" "$id"; }
function_of() {
	post / "$(body_of "$1")"
	jq -r '.symbolicatedStacks[0][0] | sub(" \\(in .*"; "")' <<<"$body" 2>/dev/null
}
# tool STATUS ARGUMENT...: output in $out, errors in $errors; whether it ends with STATUS.
tool() {
	local want=$1 got
	shift
	out=$("$top_builddir/symbolicate" "$@" -c "$work/symbolicate.json" 2>"$work/errors" </dev/null)
	got=$?
	errors=$(cat "$work/errors")
	[ "$got" = "$want" ] || echo "# $*: status $got, wanted $want: $errors"
	[ "$got" = "$want" ]
}
cache() { tool "$1" cache "${@:2}"; }
# fact FILTER: of what explain --json said.
fact() { jq -cr "$1" <<<"$out"; }

put "$work/local" mine 'of the directory'
put "$symbols" slow 'slow one'
put "$symbols" secret 'never told'
write_configuration '.DiskCache.localSymbolDirs = ["local"]'
check 'without a cache there is nothing to list' cache 66 list
tool 0 explain --json mine.pdb $id
is 'but much to explain' "$(fact '[.cache, .local_file.found, .next_answer]')" '["none yet",true,"a new search"]'

start_pool ".DiskCache.localSymbolDirs = [\"local\"] | .process.fetchers = 3 | .general.blacklist = [\"secret\"] |
	.DiskCache.symbolURLs = [\"${upstream_url/\/\//\/\/user:password@}\", \"${upstream_url}second?token=abc\"]"
start_web nginx
check 'the sample' sample_works
is 'a local module' "$(function_of mine)" 'of the directory'
is 'one that is nowhere' "$(function_of nowhere)" 0x1010

# ---- list, stat, verify ----

is_listed_first() {
	sample_works
	cache 0 list && [[ $out == $wntdll* || $out == $xul* ]]
}
cache 0 list --json
is 'list names every table' "$(jq -sc 'map([.module, .source]) | sort' <<<"$out")" \
	"[[\"mine.pdb/$id\",\"local\"],[\"$wntdll\",\"server\"],[\"$xul\",\"server\"]]"
check 'list has what was used last first' wait_until 5 is_listed_first
check 'and what was used before last' [ "${out##*$'\n'}" != "${out##*$'\n'mine.pdb}" ]
like 'in plain lines' "$out" "$xul [0-9]+ [0-9]+ 20[0-9T:-]+Z 20[0-9T:-]+Z server"
cache 0 stat --json
is 'stat counts tables and absent modules' "$(jq -c '[.tables, .absent_modules, .damaged_tables]' <<<"$out")" '[3,1,0]'
is 'and knows sizes' "$(jq '.file_bytes > 0 and .file_bytes <= .max_bytes and .live_pages > 0' <<<"$out")" true
cache 0 stat && like 'stat in plain lines' "$out" $'\ntables: 3\n'
cache 0 verify && is 'verify finds nothing wrong' "$out" '3 tables are good, 0 are damaged, 0 deleted'

# In the header of xul's table, wherever it lies: the number of functions.
cache 0 list --json
python3 - "$work"/cache/db-*/data.mdb "$(jq -r "select(.module == \"$xul\").text_bytes" <<<"$out")" <<'PY'
import struct, sys
with open(sys.argv[1], 'r+b') as file:
    data = file.read()
    head, at = b'SYMB\1\0\0\0'[:4], -1
    while (at := data.find(head, at + 1)) >= 0:
        if data[at + 8:at + 16] == struct.pack('<Q', int(sys.argv[2])):
            file.seek(at + 16)
            file.write(b'\x77')
PY
cache 65 verify
is 'verify names the damaged table' "$(grep -c . <<<"$out") $(grep -o '^[^:]*' <<<"$out" | head -1)" "2 $xul"
like 'and counts' "$out" '2 tables are good, 1 are damaged, 0 deleted'
cache 65 verify --delete --json
is 'verify --delete deletes it' "$(tail -1 <<<"$out")" '{"good":2,"damaged":1,"deleted":1}'
cache 0 verify && is 'and it is gone' "$out" '2 tables are good, 0 are damaged, 0 deleted'
check 'the server fetches it again' sample_works
is 'by one more request' "$(upstream_requests xul.sym)" 2

# ---- purge ----

cache 0 purge "XUL.pdb/${xul#*/}" && is 'purge forgets a module' "$out" 'purged: 1 tables, 0 absent modules'
check 'which is fetched again' sample_works
is 'by one more request' "$(upstream_requests xul.sym)" 3
is 'one that is absent is not asked for' "$(function_of nowhere) $(upstream_requests nowhere.sym)" '0x1010 2'
cache 0 purge "nowhere.pdb/$id" && is 'until that is forgotten' "$out" 'purged: 0 tables, 1 absent modules'
is 'then it is' "$(function_of nowhere) $(upstream_requests nowhere.sym)" '0x1010 4'
cache 0 purge --absent && is 'purge --absent' "$out" 'purged: 0 tables, 1 absent modules'
check 'what is not there ends with 66' cache 66 purge "other.pdb/$id"
check 'and no module with 64' cache 64 purge other.pdb
check 'purge without arguments, too' cache 64 purge
check 'purge of all and of one, too' cache 64 purge --all "$xul"

# under_way: a search for slow.pdb, held by its server until the file "go" is there.
under_way() {
	rm -f "$symbols/go"
	behave "slow.pdb/$id/slow.sym" '{"hold_at": 10, "wait_for": "go"}'
	slow_before=$(upstream_requests slow.sym)
	printf '%s' "$(body_of slow)" >"$work/slow.body"
	curl -sS -m 60 --data-binary "@$work/slow.body" "$web_url/" >"$work/slow.answer" 2>&1 &
	slow_client=$!
	wait_until 10 slow_is_asked
}
slow_is_asked() { [ "$(upstream_requests slow.sym)" != "$slow_before" ]; }
check 'a search is under way' under_way
tool 0 explain --json slow.pdb $id
is 'explain knows the search' "$(fact '[.search.state, .next_answer]')" '["running","the search under way"]'
"$top_builddir/symbolicate" cache purge -c "$work/symbolicate.json" "slow.pdb/$id" >"$work/purge.out" 2>&1 &
purge=$!
"$top_builddir/symbolicate" compact --store "$(echo "$work"/cache/db-*)" "$symbols/slow.pdb/$id/slow.sym" >"$work/compact.out" 2>&1 &
compact=$!
sleep 0.5
both_wait() { ! has_ended "$purge" && ! has_ended "$compact"; }
check 'purge and compact wait for its end' both_wait
touch "$symbols/go"
wait "$slow_client"
like 'the client has its answer' "$(cat "$work/slow.answer")" 'slow one'
check 'purge ends then' wait $purge
check 'and compact' wait $compact
is 'purge has found a table' "$(cat "$work/purge.out")" 'purged: 1 tables, 0 absent modules'
cache 0 verify && like 'nothing is half done' "$out" '0 are damaged'

# ---- trim ----

check 'the sample again' sample_works
wait_until 5 is_listed_first
cache 0 list --json
most=$(jq -s '[.[] | select(.module | test("^(xul|wntdll)")).bytes] | add' <<<"$out")
cache 0 trim "$most" && like 'trim deletes' "$out" "trimmed: [1-9] tables, $most bytes are left"
cache 0 list --json
is 'what was not used for longest' "$(jq -sc 'map(.module) | sort' <<<"$out")" "[\"$wntdll\",\"$xul\"]"
cache 0 trim --to-mb 1 && is 'and nothing when it is small enough' "$out" "trimmed: 0 tables, $most bytes are left"
cache 0 trim --to-mb 0 && is 'trim to nothing' "$out" 'trimmed: 2 tables, 0 bytes are left'
check 'trim wants a size' cache 64 trim --to-mb many

# ---- all at once, under load ----

ask_on() {
	for _ in $(seq 60); do
		curl -sS -m 60 -d "$SAMPLE" "$web_url/"
		echo
	done >"$work/asked.$1"
}
ask_on 1 &
asker1=$!
ask_on 2 &
asker2=$!
purges=0
while kill -0 $asker1 2>/dev/null || kill -0 $asker2 2>/dev/null; do
	cache 0 purge --all && purges=$((purges + 1))
	cache 0 verify && cache 0 list && cache 0 trim 0
done
wait $asker1 $asker2
check 'tables are purged while they are used' [ "$purges" -gt 0 ]
is 'and every answer is right' "$(jq -cS . "$work"/asked.* | sort | uniq -c | awk '{print $1}')" 120
cache 0 stat --json
is 'nothing is left over' "$(jq -c '[.pending_pages, .dying_pages]' <<<"$out")" '[0,0]'

# ---- explain ----

is 'a module of a directory' "$(function_of mine)" 'of the directory'
is 'one that is nowhere' "$(function_of nowhere)" 0x1010
check 'the sample once more' sample_works
asked=$(upstream_requests)
tool 0 explain --json mine.pdb $id 1010
is 'a table made of a local file' "$(fact '[.table.held, .table.source, .table.current, .next_answer]')" \
	'[true,"local",true,"the table"]'
is 'its file' "$(fact .local_file.path)" "$work/local/mine.pdb/$id/mine.sym"
is 'the address' "$(fact '[.address.function, .address.rule]')" '["of the directory","FUNC, without a line record there"]'
tool 0 explain --json mine.pdb $id 0x3005
like 'a PUBLIC' "$(fact '.address.function + ": " + .address.rule')" '^exported: PUBLIC'
tool 0 explain --json mine.pdb $id 1100
like 'an address that none covers' "$(fact '.address.function + ": " + .address.rule')" '^of the directory: none covers it'
tool 0 explain --json "${xul%/*}" "${xul#*/}" b2e3f7
is 'inlined functions' "$(fact '[.table.source, .address.function, (.address.inlines | length)]')" \
	'["server","XREMain::XRE_mainRun()",2]'
put "$work/local" mine 'made anew, another size'
tool 0 explain --json mine.pdb $id
is 'a file made anew' "$(fact '[.table.current, .next_answer]')" \
	'[false,"a new search: the table is not of the file that is there now"]'
tool 0 explain --json nowhere.pdb $id
is 'one that is absent' "$(fact '[.sources[2].said, .sources[2].asked, .search.outcome, .next_answer]')" \
	'["absent",false,"absent","not found: it is remembered as absent"]'
is 'until when' "$(fact '.sources[2].until > now and .sources[2].until < now + 700')" true
is 'the sources in their order' "$(fact '.sources | map(.directory // .url | sub(":[0-9]+/"; "/"))')" \
	"[\"$work/local\",\"http://***@127.0.0.1/nowhere.pdb/$id/nowhere.sym\",\"http://127.0.0.1/second/nowhere.pdb/$id/nowhere.sym\"]"
tool 0 explain --json secret.pdb $id
is 'one that is on the blacklist' "$(fact '[.sources[1].asked, .sources[1].forbidden_by, .next_answer]')" \
	'[false,"general.blacklist","not found: no source may be asked"]'
tool 0 explain secret.pdb $id
check 'explain in plain lines' grep -qx '    forbidden_by: general.blacklist' <<<"$out"
check 'which tell no secrets' [ -z "$(grep -E 'password|token' <<<"$out")" ]
check 'explain wants a module' tool 64 explain mine.pdb
check 'and an address' tool 64 explain mine.pdb $id xyz
is 'explain asks no server' "$(upstream_requests)" "$asked"
e2e_end
