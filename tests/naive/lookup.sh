# SPDX-License-Identifier: MIT
# What the referee's tests share: the programs under test and ours, by their places in the build.
# shellcheck shell=sh disable=SC2034
: "${top_builddir:=.}" "${top_srcdir:=.}"
naive_dir=$top_srcdir/tests/naive
built=$top_builddir/tests/naive
subject="$top_builddir/symbolicate lookup --json"
NAIVE_LOOKUP=$built/naive-lookup
PICK_ADDRESSES=$built/pick-addresses
ANSWERS_TO_JSON=$built/answers-to-json
export NAIVE_LOOKUP PICK_ADDRESSES ANSWERS_TO_JSON
number=0
failures=0

# tap STATUS NAME OUTPUT-FILE
tap() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        failures=$((failures + 1))
        echo "not ok $number - $2"
        sed 's/^/# /' "$3"
    fi
}
