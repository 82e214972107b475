# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the lint tests share: TAP, where each check prints what it objects to.
set -u
: "${top_srcdir:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
cd "$top_srcdir" || exit 1
test_count=0
result=0

# clean NAME COMMAND...: the command prints nothing.
clean() {
	local name=$1 objections
	shift
	objections=$("$@" 2>&1)
	if [ -z "$objections" ]; then
		echo "ok $((++test_count)) - $name"
	else
		echo "not ok $((++test_count)) - $name"
		head -n 40 <<<"$objections" | sed 's/^/#   /'
		result=1
	fi
}

finish() {
	echo "1..$test_count"
	exit $result
}

# Compiles for its warnings only, as configure has it.
libraries='fcgi libcurl libmemcached json-c lmdb zlib libzstd libpcre2-8 libxxhash'
compile() {
	# shellcheck disable=SC2046,SC2086 # lists of words
	${CC:-cc} -fsyntax-only -std=gnu11 -D_GNU_SOURCE -Isrc -DSYSCONFDIR='""' -DLOCALSTATEDIR='""' \
		$(pkg-config --cflags $libraries 2>/dev/null) "$@"
}
