#!/bin/sh
# SPDX-License-Identifier: MIT
# Lines at, around and far beyond the limit of 1 MiB (R37); made here, being too big to keep as cases.
#
# usage: check_long_lines.sh LOOKUP_CMD [SKIPPED_CMD]
set -u
[ $# -ge 1 ] || { echo "usage: check_long_lines.sh LOOKUP_CMD [SKIPPED_CMD]" >&2; exit 64; }
lookup=$1
skipped=${2:-}
limit=1048576
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
number=0
failures=0
skipped_given=$([ -n "$skipped" ] && echo 1 || echo 0)

# letters COUNT: that many x
letters() {
    head -c "$1" /dev/zero | tr '\0' x
}

# named HEAD COUNT [TAIL]: one record of HEAD, COUNT letters and TAIL (a printf format)
named() {
    printf '%s' "$1"
    letters "$2"
    # shellcheck disable=SC2059  # TAIL is a format: it holds bytes as octal escapes
    printf "${3:-}\n"
}

# answer ADDRESS COUNT [TAIL]: an answer at offset 0 whose function is COUNT letters and TAIL
answer() {
    printf '{"address":"%s","function":"' "$1"
    letters "$2"
    # shellcheck disable=SC2059
    printf "${3:-}"'","function_offset":"0x0"}\n'
}

report() {
    number=$((number + 1))
    if cmp -s "$work/want" "$work/got"; then
        echo "ok $number - $1"
    else
        failures=$((failures + 1))
        echo "not ok $number - $1"
        cmp "$work/want" "$work/got" | sed 's/^/# /'
    fi
}

# "FUNC 1000 10 0 " and "PUBLIC 9000 0 " are 15 and 14 bytes. \303\251 is one character of two bytes,
# \360\237\230\200 one of four.
make_names() {
    echo 'MODULE Linux x86_64 0123456789ABCDEF0123456789ABCDEF0 long.so'
    named 'FUNC 1000 10 0 ' $((limit - 15))
    named 'FUNC 1100 10 0 ' $((limit - 14))
    named 'FUNC 1200 10 0 ' $((limit - 17)) '\303\251'
    named 'FUNC 1300 10 0 ' $((limit - 16)) '\303\251'
    named 'FUNC 1400 10 0 ' $((limit - 18)) '\360\237\230\200'
    named 'FUNC 1500 10 0 ' $((limit - 15)) '\360\237\230\200'
    named 'FUNC 1600 10 0 ' $((limit - 16)) ' y'
    named 'FUNC 1700 10 0 ' $((3 * limit))
    named 'FUNC 1800 10 0 ' $((limit - 15)) '\r'
    named 'FUNC 1900 10 0 ' $((limit - 19)) '\200\200\200\200\200'
    named 'PUBLIC 9000 0 ' $limit
}

want_names() {
    answer 0x1000 $((limit - 15))
    answer 0x1100 $((limit - 15))
    answer 0x1200 $((limit - 17)) '\303\251'
    answer 0x1300 $((limit - 16))
    answer 0x1400 $((limit - 18))
    answer 0x1500 $((limit - 15))
    answer 0x1600 $((limit - 16))
    answer 0x1700 $((limit - 15))
    answer 0x1800 $((limit - 15))
    answer 0x1900 $((limit - 19)) '\357\277\275\357\277\275\357\277\275\357\277\275'
    answer 0x9000 $((limit - 14))
}

# A line and an INLINE beyond the limit are bad, whatever makes them long; FILE and INLINE_ORIGIN are cut.
make_records() {
    echo 'MODULE Linux x86_64 0123456789ABCDEF0123456789ABCDEF0 long.so'
    named 'FILE 0 ' $limit
    named 'INLINE_ORIGIN 0 ' $limit
    named 'STACK CFI ' $limit
    named 'INFO CODE_ID 00 ' $limit
    echo 'FUNC 1000 40 0 f'
    named '1000 40 1 0 ' $limit
    printf '1000 40 2 0'; letters $limit | tr x ' '; echo
    printf 'INLINE 0 3 0 0'; i=0; while [ $i -lt 4096 ]; do printf '%256s 1000 1' ''; i=$((i + 1)); done; echo
    echo 'INLINE 0 4 0 0 1000 8'
    echo '1000 10 5 0'
    named 'FUNC 1010 10' 0 ; named 'BANANA' $((100 * limit))
    printf 'FUNC 1010'; letters $limit | tr x ' '; echo ' 10 0 g'
    echo '1000 40 6 0'
}

want_records() {
    printf '{"address":"0x1000","function":"f","function_offset":"0x0","file":"'
    letters $((limit - 7))
    printf '","line":4,"inlines":[{"function":"'
    letters $((limit - 16))
    printf '","file":"'
    letters $((limit - 7))
    printf '","line":5}]}\n'
    echo '{"address":"0x1010","function":"f","function_offset":"0x10"}'
}

echo "1..$((skipped_given + 2))"
make_names >"$work/long.sym"
want_names >"$work/want"
# shellcheck disable=SC2086  # both commands are words to be split
printf '%s\n' 1000 1100 1200 1300 1400 1500 1600 1700 1800 1900 9000 | $lookup "$work/long.sym" >"$work/got"
report "names are cut at 1 MiB, between characters"
make_records >"$work/long.sym"
want_records >"$work/want"
# shellcheck disable=SC2086
printf '%s\n' 1000 1010 | $lookup "$work/long.sym" >"$work/got"
report "lines and INLINEs beyond 1 MiB are bad, other records count"
if [ -n "$skipped" ]; then
    printf '%s\n' 'unknown_record 1' 'too_few_fields 2' 'no_function 1' 'line_too_long 3' >"$work/want"
    # shellcheck disable=SC2086
    $skipped "$work/long.sym" >"$work/got"
    report "skipped records"
fi
[ "$failures" -eq 0 ]
