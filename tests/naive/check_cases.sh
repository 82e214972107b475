#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the hand-written cases of tests/cases/sym (see its README.md) against a lookup program.
#
# usage: check_cases.sh LOOKUP_CMD [SKIPPED_CMD [MODULE_CMD]]
#
# LOOKUP_CMD [OPTION...] FILE.sym reads addresses on stdin and prints the JSON lines of naive-lookup.
# SKIPPED_CMD FILE.sym prints "reason count" lines, MODULE_CMD FILE.sym the MODULE facts; when not given, those
# expectations are not looked at. SYM_CASES names another directory of cases.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cases=${SYM_CASES:-$here/../cases/sym}
[ $# -ge 1 ] || { echo "usage: check_cases.sh LOOKUP_CMD [SKIPPED_CMD [MODULE_CMD]]" >&2; exit 64; }
lookup=$1
skipped=${2:-}
module=${3:-}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
number=0
failures=0

# report STATUS NAME
report() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        failures=$((failures + 1))
        echo "not ok $number - $2"
        diff "$work/want" "$work/got" | head -n 20 | sed 's/^/# /'
    fi
}

# The lookup's answers, or the one word a refused file is expected to have.
ask() {
    sed -n 's/^{"address":"\([^"]*\)".*/\1/p' "$1.expected" >"$work/addresses"
    options=
    [ ! -f "$1.options" ] || options=$(cat "$1.options")
    # shellcheck disable=SC2086  # both are words to be split
    $lookup $options "$1.sym" <"$work/addresses" >"$work/got" 2>"$work/errors"
    status=$?
    case $status in
        0) ;;
        65) echo unusable >>"$work/got" ;;
        *) echo "exit status $status" >>"$work/got" ;;
    esac
}

# compare COMMAND CASE SUFFIX: a further kind of expectation, where the case has it and we have the command.
compare() {
    [ -n "$1" ] && [ -f "$2.$3" ] || return 0
    cp "$2.$3" "$work/want"
    # shellcheck disable=SC2086  # a command with its options
    $1 "$2.sym" >"$work/got" 2>&1
    cmp -s "$work/want" "$work/got"
    report $? "$(basename "$2") $3"
}

for expected in "$cases"/*.expected; do
    case=${expected%.expected}
    cp "$expected" "$work/want"
    ask "$case"
    cmp -s "$work/want" "$work/got"
    report $? "$(basename "$case")"
    compare "$skipped" "$case" skipped
    compare "$module" "$case" module
done
echo "1..$number"
[ "$failures" -eq 0 ]
