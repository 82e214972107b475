#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each file of ours names its licence and says what it is within its first lines.
. "$(dirname "$0")/lib.sh"

ours() {
	find src tests contrib .ci -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.conf' \)
	find .ci -type f
	echo quickstart autogen.sh Makefile.am | tr ' ' '\n'
}

without_licence() {
	local file
	ours | sort -u | while IFS= read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"
	done
}

without_purpose() {
	local file
	ours | sort -u | while IFS= read -r file; do
		# the line after the licence is a comment, too
		sed -n '/SPDX-License-Identifier/{n;p;q}' "$file" | grep -qE '^([#/]|"""| ?\*|//)' || echo "$file"
	done
}

clean 'every file names its licence' without_licence
clean 'and says what it is' without_purpose
finish
