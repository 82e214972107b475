#!/bin/sh
# SPDX-License-Identifier: MIT
# Lines at, around and far beyond the limit of 1 MiB.
. "${top_srcdir:-.}/tests/naive/lookup.sh"
exec "$naive_dir/check_long_lines.sh" "$subject" "$naive_dir/skipped.sh"
