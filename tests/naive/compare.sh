#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares a lookup program with naive-lookup on picked addresses of one file.
#
# usage: compare.sh LOOKUP_CMD FILE.sym COUNT SEED [OPTION...]
#
# OPTIONs (--nearest, --id ID) go to both programs. NAIVE_LOOKUP and PICK_ADDRESSES name our programs; by default
# they are looked for beside this script. Exit 0: the same answers and the same exit status.
set -u
here=$(cd "$(dirname "$0")" && pwd)
naive=${NAIVE_LOOKUP:-$here/naive-lookup}
pick=${PICK_ADDRESSES:-$here/pick-addresses}
[ $# -ge 4 ] || { echo "usage: compare.sh LOOKUP_CMD FILE.sym COUNT SEED [OPTION...]" >&2; exit 64; }
lookup=$1
sym=$2
count=$3
seed=$4
shift 4
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

"$pick" "$sym" "$count" "$seed" >"$work/addresses" || exit 1
"$naive" "$sym" "$@" <"$work/addresses" >"$work/want" 2>"$work/want.errors"
want_status=$?
# shellcheck disable=SC2086  # LOOKUP_CMD is a command with its options
$lookup "$sym" "$@" <"$work/addresses" >"$work/got" 2>"$work/got.errors"
got_status=$?
[ "$want_status" -eq "$got_status" ] && cmp -s "$work/want" "$work/got" && exit 0

echo "$sym, $count addresses, seed $seed $*: naive-lookup (<) and $lookup (>) differ"
[ "$want_status" -eq "$got_status" ] || {
    echo "exit status $want_status and $got_status"
    cat "$work/want.errors" "$work/got.errors"
}
diff "$work/want" "$work/got" >"$work/differences"
echo "$(grep -c '^[<>]' "$work/differences") lines in differences, the first:"
head -n 12 "$work/differences"
exit 1
