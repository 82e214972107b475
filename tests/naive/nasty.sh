#!/bin/sh
# SPDX-License-Identifier: MIT
# Random files as unkind as the format allows: the table answers as the text does. NASTY_SEEDS sets how many.
. "${top_srcdir:-.}/tests/naive/lookup.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
seeds=${NASTY_SEEDS:-100}
per_case=20
rounds=$(((seeds + per_case - 1) / per_case))
echo "1..$((rounds * 2))"

# compare_seeds FIRST LAST [OPTION...]
compare_seeds() {
    seed=$1
    last=$2
    shift 2
    while [ "$seed" -le "$last" ]; do
        "$built/nasty-sym" "$seed" >"$work/nasty.sym"
        "$naive_dir/compare.sh" "$subject" "$work/nasty.sym" 400 "$seed" "$@" || return 1
        seed=$((seed + 1))
    done
}

first=1
while [ "$first" -le "$seeds" ]; do
    end=$((first + per_case - 1))
    compare_seeds "$first" "$end" >"$work/output"
    tap $? "seeds $first to $end" "$work/output"
    compare_seeds "$first" "$end" --nearest >"$work/output"
    tap $? "seeds $first to $end, nearest" "$work/output"
    first=$((end + 1))
done
[ "$failures" -eq 0 ]
