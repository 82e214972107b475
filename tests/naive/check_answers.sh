#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares a lookup program with other resolvers' answers for real symbol files.
#
# usage: SYMBOLICATE_CORPUS=DIR check_answers.sh LOOKUP_CMD [NAME...]
#
# LOOKUP_CMD FILE.sym reads addresses on stdin and prints the JSON lines of naive-lookup. NAME is a file of
# DIR/answers without .tsv.xz; all of them by default. The .sym files lie below DIR/NAME/, plain or as .xz.
# ANSWERS_TO_JSON names that program; by default it is looked for beside this script.
# Where the rules win over the answers is said, with counts, by answers-to-json. Exit 77: no corpus, skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
convert=${ANSWERS_TO_JSON:-$here/answers-to-json}
corpus=${SYMBOLICATE_CORPUS:-}
[ $# -ge 1 ] || { echo "usage: check_answers.sh LOOKUP_CMD [NAME...]" >&2; exit 64; }
lookup=$1
shift
[ -d "${corpus:-/nonexistent}/answers" ] || { echo "1..0 # SKIP no corpus: set SYMBOLICATE_CORPUS"; exit 77; }
command -v xz >/dev/null || { echo "1..0 # SKIP no xz"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Prints the path of NAME's .sym, unpacking it if need be.
sym_file() {
    plain=$(find "$corpus/$1/" -name '*.sym' | head -n 1)
    [ -n "$plain" ] || {
        packed=$(find "$corpus/$1/" -name '*.sym.xz' | head -n 1)
        plain=$work/$1.sym
        xz -dc "$packed" >"$plain" || return 1
    }
    echo "$plain"
}

# The name of a PUBLIC record at address 0, which R17 drops.
public_at_zero() {
    LC_ALL=C sed -n 's/^PUBLIC \(m \)\{0,1\}00* [0-9a-fA-F]* //p' "$1" | head -n 1
}

check() {
    sym=$(sym_file "$1") || return 1
    xz -dc "$corpus/answers/$1.tsv.xz" >"$work/$1.tsv" || return 1
    "$convert" "$work/$1.tsv" "$(public_at_zero "$sym")" >"$work/want" 2>"$work/counts" || return 1
    # shellcheck disable=SC2086  # LOOKUP_CMD is a command with its options
    cut -f 1 "$work/$1.tsv" | $lookup "$sym" >"$work/got" || return 1
    cmp -s "$work/want" "$work/got"
}

[ $# -gt 0 ] || set -- "$corpus"/answers/*.tsv.xz
echo "1..$#"
number=0
failures=0
for name; do
    name=$(basename "$name" .tsv.xz)
    number=$((number + 1))
    : >"$work/counts"
    : >"$work/want"
    : >"$work/got"
    if check "$name"; then
        echo "ok $number - $name"
    else
        failures=$((failures + 1))
        echo "not ok $number - $name"
        diff "$work/want" "$work/got" | head -n 10 | sed 's/^/# /'
    fi
    sed 's/^/# /' "$work/counts"
done
[ "$failures" -eq 0 ]
