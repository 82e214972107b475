#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Symbol files with faults: bad records are skipped, the rest answers; a wrong file is worse than none.
. "$(dirname "$0")/lib.sh"

readonly ID=0123456789ABCDEF0123456789ABCDEF1
readonly MODULE="MODULE windows x86 $ID"

# file NAME: the standard input becomes the symbol file of NAME.pdb.
file() {
	mkdir -p "$symbols/$1.pdb/$ID"
	cat >"$symbols/$1.pdb/$ID/$1.sym"
}

# resolves NAME OFFSET...: $functions is the list of functions found there, $found what is said of the module.
resolves() {
	local name=$1 frames
	shift
	frames=$(printf '[0,%d],' "$@")
	post /symbolicate/v5 "{\"stacks\":[[${frames%,}]],\"memoryMap\":[[\"$name.pdb\",\"$ID\"]]}"
	functions=$(jq -c '.results[0].stacks[0] | map(.function)' <<<"$body" 2>&1)
	found=$(jq -c '.results[0].found_modules[]' <<<"$body" 2>&1)
}

# answers DESCRIPTION NAME EXPECTED OFFSET...
answers() {
	local description=$1 name=$2 expected=$3
	shift 3
	resolves "$name" "$@"
	is "$description" "$functions" "$expected"
}

# unfound DESCRIPTION NAME: the module is not served at all.
unfound() {
	resolves "$2" 0x1008
	is "$1" "$found $functions" 'false [null]'
}

# unsettled DESCRIPTION NAME: nothing is concluded about the module.
unsettled() {
	resolves "$2" 0x1008
	is "$1" "$found $functions" 'null [null]'
}

records() {
	file junk <<-END
		$MODULE junk.pdb
		1000 10 5 0
		NONSENSE here
		FUNC
		FUNC zz 10 0 bad_number
		FUNC 1000 10
		FILE
		PUBLIC
		FUNC 1000 10 0 good()
		1000 nonsense
		STACK WIN 4 1000 zz
		STACK CFI INIT
		INLINE 0
		PUBLIC 2000 0 also_good
	END
	answers 'bad records are skipped' junk '["good()","also_good"]' 0x1008 0x2004
	printf '%s crlf.pdb\r\nFUNC 1000 10 0 crlf()\r\n1000 10 7 0\r\nPUBLIC 2000 0 last' "$MODULE" | file crlf
	answers 'CR LF, and no final newline' crlf '["crlf()","last"]' 0x1008 0x2004
	printf '%s public.pdb\nPUBLIC 1000 0 only\nPUBLIC 0 0 zero\n' "$MODULE" | file public
	answers 'PUBLIC only' public '["only",null]' 0x1008 0x8
	printf '%s empty.pdb\n' "$MODULE" | file empty
	resolves empty 0x1008
	is 'MODULE alone is a module without symbols' "$found $functions" 'true [null]'
	file ranges <<-END
		$MODULE ranges.pdb
		FUNC 1000 0 0 size_zero()
		FUNC 2000 100 0 outer()
		FUNC 2010 10 0 nested()
		FUNC fffffffffffffff0 100 0 overflow()
		FUNC 10000000000000000 10 0 too_long_a_number()
	END
	answers 'size 0, nested, overflowing' ranges '[null,"outer()","nested()","outer()",null]' 0x1000 0x2000 0x2010 0x2020 0x3000
	file inlines <<-END
		$MODULE inlines.pdb
		INLINE_ORIGIN 0
		INLINE_ORIGIN x bad
		FUNC 1000 10 0 outer()
		INLINE 0 5 0 0 1000 10
		INLINE 1 5 0 99 1000 10
		INLINE 600 5 0 0 1000 10
		1000 10 7 0
	END
	answers 'a nameless and a missing inline origin' inlines '["outer()"]' 0x1008
	is_json 'are frames all the same' '["<name omitted>","<name omitted>"]' \
		'.results[0].stacks[0][0].inlines | map(.function)'
	file wide <<-END
		$MODULE wide.pdb
		FUNC m 1000 10 0 folded()
		PUBLIC m 2000 0 folded_too
	END
	answers 'the m of folded symbols' wide '["folded()","folded_too"]' 0x1008 0x2000
}

long_lines() {
	{
		printf '%s long.pdb\nFUNC 1000 10 0 ' "$MODULE"
		head -c 8192 /dev/zero | tr '\0' n
		printf '\nFUNC 2000 10 0 '
		head -c 20000000 /dev/zero | tr '\0' n
		printf '\nFUNC 3000 10 0 after()\n'
	} | file long
	resolves long 0x3008 0x1008
	is 'a name of 8 kB is whole' "$(jq -c 'map(length)' <<<"$functions")" '[7,8192]'
	check 'after a line of 20 MB' sample_works
	{
		printf '%s inl.pdb\nINLINE_ORIGIN 0 inlined()\nFUNC 1000 10 0 many()\n' "$MODULE"
		seq 0 299999 | sed 's/.*/INLINE & 1 0 0 1000 10/'
	} | file inl
	answers '300,000 nested inlines' inl '["many()"]' 0x1008
}

# What upstreams send instead of symbol files.
not_symbols() {
	echo '<!DOCTYPE html><html>Please sign in</html>' | file html
	unfound 'a page' html
	file nothing </dev/null
	unfound 'an empty file' nothing
	printf 'FUNC 1000 10 0 f()\n' | file headless
	unfound 'no MODULE line' headless
	printf 'MODULE windows x86 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF1 other.pdb\nFUNC 1000 10 0 wrong()\n' | file other
	unfound 'another id than asked for' other
	printf 'MODULE windows x86 zz bad.pdb\nFUNC 1000 10 0 f()\n' | file bad
	unfound 'an id that is none' bad
	head -c 100000 /dev/urandom | file random
	unfound 'random bytes' random
	{ printf '\xff\xfe'; printf 'MODULE windows' | iconv -t UTF-16LE; } | file utf16
	unfound 'UTF-16' utf16
	printf '\xef\xbb\xbf%s bom.pdb\nFUNC 1000 10 0 bom()\n' "$MODULE" | file bom
	answers 'a byte order mark' bom '["bom()"]' 0x1008
	printf '%s bytes.pdb\nFUNC 1000 10 0 caf\xe9\0()\n' "$MODULE" | file bytes
	answers 'bytes that are no text' bytes '["caf�_()"]' 0x1008
}

transfers() {
	printf '%s cut.pdb\nFUNC 1000 10 0 cut()\n' "$MODULE" | file cut
	behave "cut.pdb/$ID/cut.sym" '{"truncate_at": 60}'
	unsettled 'a body that ends early' cut
	rm "$symbols/cut.pdb/$ID/cut.sym.behaviour"
	printf '%s packed.pdb\nFUNC 1000 10 0 packed()\n' "$MODULE" | file packed
	behave "packed.pdb/$ID/packed.sym" '{"encode": "gzip"}'
	answers 'Content-Encoding: gzip' packed '["packed()"]' 0x1008
	printf '%s half.pdb\nFUNC 1000 10 0 half()\n' "$MODULE" | gzip -c | head -c 60 | file half
	unsettled 'gzip that ends early' half
	head -c 30000000 /dev/zero | gzip -c | file bomb
	unfound 'gzip of nothing but zeros' bomb
}

e2e_begin nginx iconv
start_upstream
start_pool '.DiskCache.maxSymbolMB = 25'
start_web nginx
records
long_lines
not_symbols
transfers
check 'a good request after all of these' sample_works
e2e_end
