#!/bin/sh
# SPDX-License-Identifier: MIT
# Real symbol files: 100,000 addresses each, table against text. Set SYMBOLICATE_CORPUS to a symbol store; .sym.xz is
# unpacked. Files over CORPUS_MAX_MB (200) of text are left to make check-slow.
. "${top_srcdir:-.}/tests/naive/lookup.sh"
[ -d "${SYMBOLICATE_CORPUS:-/nonexistent}" ] || { echo "1..0 # SKIP no corpus: set SYMBOLICATE_CORPUS"; exit 0; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
max_bytes=$((${CORPUS_MAX_MB:-200} * 1048576))
find "$SYMBOLICATE_CORPUS" -name '*.sym' -o -name '*.sym.xz' | sort >"$work/files"
echo "1..$(wc -l <"$work/files")"
while read -r file; do
    name=$(basename "$file" .xz)
    case $file in
        *.xz) xz -dc "$file" >"$work/text.sym" ;;
        *) cp "$file" "$work/text.sym" ;;
    esac
    if [ "$(wc -c <"$work/text.sym")" -gt "$max_bytes" ]; then
        number=$((number + 1))
        echo "ok $number - $name # SKIP over CORPUS_MAX_MB"
        continue
    fi
    "$naive_dir/compare.sh" "$subject" "$work/text.sym" "${CORPUS_ADDRESSES:-100000}" 1 >"$work/output"
    tap $? "$name" "$work/output"
done <"$work/files"
[ "$failures" -eq 0 ]
