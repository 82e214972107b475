#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make soak: everything at once for SOAK_SECONDS (600), and nothing grows. Modules are small, so that the tables which
# workers keep open and the names they have decoded come to their full number before growth is looked for.
: "${SOAK_SECONDS:=600}"
E2E_LIMIT_S=$((SOAK_SECONDS + 300))
export SOAK_SECONDS E2E_LIMIT_S
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools.sh"

e2e_begin nginx
seed=${SOAK_SEED:-$(date +%s)} module_count=60 max_mb=1.5 cache_mb=6
echo "# SOAK_SEED=$seed"
prepare_tool soak.py '.process += {workers: 4, maxWorkers: 32, reserved: 8, fetchers: 4, waitMs: 40000, namesRingMB: 2,
		debugProtocol: "local"}'
run_tool --seconds "$SOAK_SECONDS" --load "$top_builddir/tests/bench/open_load"
e2e_end
