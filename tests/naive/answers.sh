#!/bin/sh
# SPDX-License-Identifier: MIT
# What other resolvers answer for real files.
. "${top_srcdir:-.}/tests/naive/lookup.sh"
"$naive_dir/check_answers.sh" "$subject"
status=$?
[ "$status" -eq 77 ] || exit "$status"
