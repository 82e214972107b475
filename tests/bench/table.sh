#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# table.sh <FIGURES: a table of run.sh's lines with the goals beside them.
set -eu

jq -rR --slurpfile known "$(dirname "$0")/goals.json" '
	fromjson? | . as $figure
	| first($known[0].goals[] | select(.bench == $figure.bench and (.file // $figure.file) == $figure.file
		and (.of == "value" or .ratio_to == $figure.ratio_to))) // {}
	| . as $goal
	| (if .of then $figure[.of] * (if .more then -1 else 1 end) else null end) as $got
	| (if .more then -1 else 1 end) as $sign
	| (if $got == null then "" elif $got <= $sign * .wants then "wanted" elif $got <= $sign * .must then "met"
		else "MISSED" end) as $verdict
	| $figure
	| if .bench == "machine" then "\(.revision), \(.cores) cores of \(.cpu), load \(.load)"
		elif .skipped then [.bench, .file // "", "skipped: \(.skipped)"] | @tsv
		elif .value == null then empty
		else [.bench, .file, "\(.value) \(.unit)", "\(.min)..\(.max)",
			(if .ratio_to then "\(.ratio) of \(.ratio_to)" else "" end), $verdict,
			(if $goal.of then "(must \($goal.must), wants \($goal.wants))" else "" end)] | @tsv
		end' |
	awk -F '\t' '
		NF == 3 { printf "%-28s %-16s %s\n", $1, $2, $3; next }
		NF < 3 { print; next }
		{ printf "%-28s %-16s %16s %22s %24s %7s %s\n", $1, $2, $3, $4, $5, $6, $7 }'
