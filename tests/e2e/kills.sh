#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Processes are killed at random moments, while tables are inserted and evicted and clients ask. The cache is
# usable at once, nothing half written is seen, nothing is left over, and no module is fetched twice.
#
#	KILLS_FETCHERS, KILLS_OTHERS    how many; others are workers, janitors and masters
#	KILLS_SEED                      to have the same kills again
#	KILLS_INSTANCES                 2: of two instances on one cache directory
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools.sh"

e2e_begin nginx
seed=${KILLS_SEED:-$(date +%s)} module_count=${KILLS_MODULES:-16} max_mb=${KILLS_MAX_MB:-4} cache_mb=${KILLS_CACHE_MB:-4}
echo "# KILLS_SEED=$seed"
# searches dropped with their master are told at level 20
prepare_tool killer.py '.SymServer.log.level = 20 | .DiskCache.log.level = 20 |
	.process += {workers: 4, maxWorkers: 16, reserved: 2, fetchers: 12, waitMs: 40000}'
[ "${KILLS_INSTANCES:-1}" = 1 ] || add_instance
run_tool --fetchers "${KILLS_FETCHERS:-20}" --others "${KILLS_OTHERS:-8}" --interval "${KILLS_INTERVAL:-0.35}"
e2e_end
