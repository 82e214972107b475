#!/bin/sh
# SPDX-License-Identifier: MIT
# As large as symbol files get: twelve copies of libjvm.so's (1.1 GB), table against text. The referee needs 3 GB of
# memory. BIG_ADDRESSES sets how many addresses are asked for, TMPDIR where the file is made.
. "${top_srcdir:-.}/tests/naive/lookup.sh"
packed=$(find "${SYMBOLICATE_CORPUS:-/nonexistent}" -name 'libjvm.so.sym*' 2>/dev/null | head -n 1)
[ -n "$packed" ] || { echo "1..0 # SKIP no libjvm.so.sym: set SYMBOLICATE_CORPUS"; exit 0; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
echo "1..1"
case $packed in
    *.xz) xz -dc "$packed" >"$work/one.sym" ;;
    *) ln -s "$packed" "$work/one.sym" ;;
esac
"$top_builddir/tests/bench/big_sym" 12 "$work/one.sym" >"$work/big.sym" || exit 1
"$naive_dir/compare.sh" "$subject" "$work/big.sym" "${BIG_ADDRESSES:-20000}" 1 >"$work/output"
tap $? "12 x libjvm.so, ${BIG_ADDRESSES:-20000} addresses" "$work/output"
[ "$failures" -eq 0 ]
