# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What this machine takes for things known everywhere: figures of other machines compare by these.

sample_grep() {
	grep_functions "$1" >/dev/null # into the page cache
	for ((i = 0; i < samples; i++)); do
		timed grep_functions "$1"
		echo "$took_s"
	done
}

bench_yardsticks() {
	if bench_sym "${modules[0]}" yardstick.grep; then
		figure yardstick.grep "$label" s < <(sample_grep "$sym")
	fi
	figure yardstick.search '' ns < <("$programs/yardsticks" search)
	mkdir "$work/seek"
	figure yardstick.seek '' us < <("$programs/yardsticks" seek "$work/seek")
	rm -rf "$work/seek"
}
