#!/bin/sh
# SPDX-License-Identifier: MIT
# skipped.sh FILE.sym: how many records of FILE.sym were skipped, "reason count" a line, as the scanner counted them.
"${top_builddir:-.}/symbolicate" compact --json "$1" |
    sed -n 's/.*"skipped": *{\([^}]*\)}.*/\1/p' | tr ',' '\n' | sed -n 's/.*"\([a-z_]*\)": *\([0-9]*\).*/\1 \2/p'
