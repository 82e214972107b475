#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# 14 GB of tables of 100 KB to 100 MB through 1 GB; then 30,000 of 10 to 60 KB and 120 of 10 to 50 MB.
set -u
: "${top_builddir:=build}"
TAP_SECONDS=3000 exec "$top_builddir/tests/churn/churn" 1024 14336 100 102400 30000 120 10240 51200
