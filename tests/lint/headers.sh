#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every header compiles by itself: whoever includes it needs to know nothing about its neighbours.
. "$(dirname "$0")/lib.sh"

while IFS= read -r header; do
	# included by a file, since a header as the main file warns about its own pragmas
	clean "$header" compile -Wall -Werror -include "$header" -x c /dev/null
done < <(find src tests -name '*.h' | sort)
finish
