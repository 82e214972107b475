#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Our scripts as shellcheck sees them: nothing to say.
. "$(dirname "$0")/lib.sh"

command -v shellcheck >/dev/null || { echo '1..0 # SKIP shellcheck is not installed' && exit 0; }

for script in quickstart autogen.sh .ci/run tests/*/*.sh contrib/*/*.sh; do
	[ ! -f "$script" ] || clean "$script" shellcheck "$script"
done
finish
