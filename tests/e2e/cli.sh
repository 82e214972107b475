#!/bin/sh
# SPDX-License-Identifier: MIT
# symbolicate, the operator's tool: what its commands print and how they end.
tool=$top_builddir/symbolicate
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
number=0

# ok DESCRIPTION: the last command decides
ok() {
	if [ $? -eq 0 ]; then result="ok"; else result="not ok"; fi
	number=$((number + 1))
	echo "$result $number - $1"
}

# run STATUS ARGUMENT...: output to out and error; whether it ends with STATUS
run() {
	want=$1
	shift
	"$tool" "$@" >out 2>error </dev/null
	got=$?
	[ $got -eq "$want" ] && return 0
	echo "# symbolicate $*: status $got, wanted $want"
	sed 's/^/# /' out error
	return 1
}

# same FILE: standard input is what FILE holds
same() {
	cat >wanted
	cmp -s wanted "$1" && return 0
	diff wanted "$1" | sed 's/^/# /'
	return 1
}

# ---- the tool itself ----

run 0 --version && grep -q '^symbolicate [0-9]' out
ok "--version"
run 0 --help && grep -q check-config out
ok "--help"
run 64 && run 64 unknown && grep -q 'no command "unknown"' error
ok "no command, an unknown command"
run 0 lookup --help && run 0 compact --help && run 0 check-config --help && run 0 print-config --help
ok "every command has --help"
run 64 compact && run 64 lookup && run 64 lookup module && run 64 lookup --wrong && run 64 print-config x
ok "wrong arguments end with 64"

# ---- configuration ----

echo '{"SymServer": {"port": 8081}}' >good.json
printf '{\n"SymServer": {\n"prt": 1,\n"port": "x"}}\n' >bad.json
run 0 check-config -c good.json && [ ! -s out ] && [ ! -s error ]
ok "check-config says nothing about a good file"
run 78 check-config -c bad.json && same error <<'END'
bad.json:3: warning: SymServer.prt: unknown key; is "SymServer.port" meant?
bad.json:4: error: SymServer.port must be a whole number from 0 to 65535, not "x"
END
ok "check-config names file and line"
run 66 check-config -c missing.json && grep -q 'missing.json: No such file' error
ok "a file that is not there ends with 66"
run 78 check-config -c good.json -o SymServer.port=x -o process.workers=7
ok "options are checked"
run 0 print-config -c good.json -o identity.name=here && grep -q '"port": 8081' out && grep -q '"name": "here"' out
ok "print-config shows file and options"
mkdir etc && cp good.json etc/symbolicate.json
run 0 print-config && grep -q '"port": 8081' out
ok "./etc/symbolicate.json is found"
run 0 print-config --defaults && cmp -s out "$top_srcdir/etc/symbolicate.json"
ok "print-config --defaults is the shipped file"
run 0 print-config --markdown && cmp -s out "$top_srcdir/docs/configuration.md"
ok "print-config --markdown is docs/configuration.md"

# ---- lookup ----

cat >test.sym <<'END'
MODULE Linux x86_64 0123456789ABCDEF0123456789ABCDEF0 test module
FILE 0 /src/a.c
FILE 1 /src/inline.h
INLINE_ORIGIN 0 inlined()
FUNC 1000 20 0 outer(int)
INLINE 0 11 0 0 1010 8
1000 10 10 0
1010 8 20 1
1018 8 12 0
FUNC 1030 10 0 plain
PUBLIC 2000 0 exported
nonsense
END
id=0123456789ABCDEF0123456789ABCDEF0

run 0 lookup --json test.sym 1000 0x1012 1019 1028 1030 2345 0 && same out <<'END'
{"address":"0x1000","function":"outer(int)","function_offset":"0x0","file":"/src/a.c","line":10}
{"address":"0x1012","function":"outer(int)","function_offset":"0x12","file":"/src/a.c","line":11,"inlines":[{"function":"inlined()","file":"/src/inline.h","line":20}]}
{"address":"0x1019","function":"outer(int)","function_offset":"0x19","file":"/src/a.c","line":12}
{"address":"0x1028"}
{"address":"0x1030","function":"plain","function_offset":"0x0"}
{"address":"0x2345","function":"exported","function_offset":"0x345"}
{"address":"0x0"}
END
ok "lookup --json"
run 0 lookup ./test.sym 1012 1030 1028 && same out <<'END'
0x1012 outer(int) + 0x12 at /src/a.c:11
    inlined inlined() at /src/inline.h:20
0x1030 plain + 0x0
0x1028 ?
END
ok "lookup for people"
run 0 lookup --json --nearest test.sym 1028 ff && same out <<'END'
{"address":"0x1028","function":"outer(int)","function_offset":"0x28"}
{"address":"0xff"}
END
ok "lookup --nearest"
printf '1030\r\n\n  0x1030  \n1028' | "$tool" lookup --json test.sym >out 2>error && same out <<'END'
{"address":"0x1030","function":"plain","function_offset":"0x0"}
{"address":"0x1030","function":"plain","function_offset":"0x0"}
{"address":"0x1028"}
END
ok "addresses on standard input"
printf '1030\nxyz\n1028\n' | "$tool" lookup --json test.sym >out 2>error
[ $? -eq 65 ] && grep -q 'line 2: "xyz"' error && [ "$(wc -l <out)" -eq 1 ]
ok "a bad address ends with 65 and is named"
run 65 lookup test.sym 1030 12345678901234567 && grep -q 12345678901234567 error
ok "an address is of 64 bits"
run 0 lookup --id 0123456789abcdef0123456789abcdef0 test.sym 1030 && run 65 lookup --id 0 test.sym 1030 &&
	grep -q test.sym error
ok "--id demands the debug id"
echo '<html>' >page.sym
: >empty.sym
run 65 lookup page.sym 1 && run 65 lookup empty.sym 1 && run 66 lookup missing.sym 1 && run 66 lookup ./etc 1
ok "an unusable file ends with 65, a missing one with 66"
"$tool" lookup --json - 1030 <test.sym >out 2>error && grep -q plain out &&
	{ printf ""; sed "" test.sym; } | "$tool" lookup - 1030 >out && grep -q plain out
ok "the file may come on standard input"
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "%x\n", 4096 + (i * 7919) % 64 }' >many
"$tool" lookup --json test.sym <many | sed 's/","function.*/"}/; s/^{"address":"0x//; s/"}$//' >out
cmp -s many out
ok "many addresses are answered in their order"
! "$tool" lookup --json test.sym <many >/dev/full 2>error && grep -q 'standard output' error
ok "a full disk is told"

# ---- compact ----

run 0 compact --json test.sym && grep -q '"functions":2,"publics":1,"lines":3,"inline_ranges":1' out &&
	grep -q '"skipped":{"[a-z_]*":1},"scan_s":' out && [ "$(wc -l <out)" -eq 1 ]
ok "compact --json"
run 0 compact test.sym && grep -q '^records 2 functions' out && grep -q '^skipped 1 ' out
ok "compact for people"
run 65 compact page.sym && run 66 compact missing.sym
ok "compact: an unusable file ends with 65, a missing one with 66"
mkdir tmp
TMPDIR=$work/tmp "$tool" compact test.sym >out && [ -z "$(ls tmp)" ]
ok "a temporary store leaves nothing"
run 0 compact --store cache/db-1 test.sym && run 0 compact --store cache/db-1 test.sym &&
	run 0 lookup -o "DiskCache.cachePath=$work/cache" "Test module" $id 1030 && grep -q plain out
ok "a module of a store can be looked up"
mkdir -p nothing
run 66 lookup -o "DiskCache.cachePath=$work/cache" -o 'DiskCache.symbolURLs=[]' \
	-o "DiskCache.localSymbolDirs=[\"$work/nothing\"]" other $id 1030
ok "a module that is nowhere ends with 66"

echo "1..$number"
