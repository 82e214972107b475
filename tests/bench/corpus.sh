# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by other parts
# SPDX-License-Identifier: MIT
# The symbol files that figures are taken of: $SYMBOLICATE_CORPUS, a tree of NAME/ID/FILE.sym or FILE.sym.xz,
# which becomes $work/corpus as far as it is needed; or $BENCH_FILE alone.

# corpus_path NAME: sets $sym to the unpacked file of that module, or fails.
corpus_path() {
	local found relative
	found=$(find -L "${SYMBOLICATE_CORPUS:-/nonexistent}/$1" -name '*.sym' -o -name '*.sym.xz' 2>/dev/null |
		sort | head -n 1)
	[ -n "$found" ] || return 1
	relative=${found#"$SYMBOLICATE_CORPUS/"}
	sym=$work/corpus/${relative%.xz}
	[ ! -e "$sym" ] || return 0
	mkdir -p "$(dirname "$sym")"
	case $found in
	*.xz) xz -dc "$found" >"$sym" ;;
	*) ln -s "$(realpath "$found")" "$sym" ;;
	esac
}

# What ingest and lookups are measured on.
modules=(libjvm.so node python3.11 libc.so.6)
[ -z "${BENCH_FILE:-}" ] || modules=("$BENCH_FILE")

# bench_sym NAME BENCH: sets $sym and $label for one of $modules, or prints that BENCH is skipped and fails.
bench_sym() {
	label=$1
	if [ -n "${BENCH_FILE:-}" ]; then
		[ -r "$1" ] || fail "cannot read $1"
		sym=$(realpath "$1")
		label=$(basename "$1" .sym)
		return
	fi
	! corpus_path "$1" || return 0
	skip "$2" "no symbols of $1: SYMBOLICATE_CORPUS is to be a tree of NAME/ID/FILE.sym or .sym.xz"
	return 1
}

