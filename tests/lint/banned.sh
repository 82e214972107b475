#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Functions and constructs that have led others astray, each with what to use instead.
. "$(dirname "$0")/lib.sh"

banned() {
	cat <<-'END'
		strcpy|strcat|stpcpy|strncpy|strncat struct buf
		sprintf|vsprintf buf_printf()
		gets the length
		strtok|strsep struct slice
		atoi|atol|atoll|atof|strtol|strtoul|strtoll|strtoull|strtod|sscanf base/num.h
		alloca struct arena
		asctime|ctime|gmtime|localtime the _r functions
		tmpnam|tempnam|mktemp mkstemp()
		system|popen execve() with arguments
	END
}

# Code only: a comment may name them.
uses() {
	grep -rEn --include='*.[ch]' "(^|[^_[:alnum:]>.])($1)[[:space:]]*\(" src |
		grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)' | grep -v 'lint: allowed'
}

variable_length_arrays() {
	local file
	find src -name '*.c' | while IFS= read -r file; do
		compile -w -Wvla -Werror=vla "$file" 2>&1 | grep -F '[-Werror=vla' || true
	done
}

while read -r functions instead; do
	clean "none of $functions (instead: $instead)" uses "$functions"
done < <(banned)
clean 'no arrays of variable length' variable_length_arrays
finish
