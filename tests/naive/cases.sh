#!/bin/sh
# SPDX-License-Identifier: MIT
# Every hand-written case, through the compacted table. The referee itself is held to them first.
. "${top_srcdir:-.}/tests/naive/lookup.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$naive_dir/check_cases.sh" "$NAIVE_LOOKUP" "$NAIVE_LOOKUP --skipped" "$NAIVE_LOOKUP --module" >"$work/referee" ||
    { cat "$work/referee"; echo "Bail out! the referee itself is wrong"; exit 1; }
exec "$naive_dir/check_cases.sh" "$subject" "$naive_dir/skipped.sh"
