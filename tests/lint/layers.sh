#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An include points down the layers of docs/contributing.md only, and each library has one folder that uses it.
. "$(dirname "$0")/lib.sh"

# Each folder and what it may include besides its own headers.
layers() {
	local libraries='base config stats symbols job filter store addrcache upstream'
	cat <<-END
		base
		config base
		stats base
		symbols base
		job base symbols
		filter base
		store base symbols stats
		addrcache base stats symbols job
		upstream base stats symbols filter
		protocol base symbols job
		engine $libraries
		web $libraries protocol engine
		process $libraries protocol engine web
		cli $libraries protocol engine
	END
}

# The one folder that may include a library's header.
owners() {
	cat <<-'END'
		lmdb.h store
		libmemcached/ addrcache
		memcached.h addrcache
		curl/ upstream
		fcgiapp.h process
		fcgi_stdio.h process
		pcre2.h filter
		systemd/sd-journal.h base
		systemd/sd-daemon.h process
	END
}

# upward FOLDER ALLOWED...
upward() {
	local folder=$1 allowed=" $* " line target
	while IFS= read -r line; do
		target=${line#*\"}
		target=${target%%/*}
		case $allowed in
		*" $target "*) ;;
		*) echo "$line" ;;
		esac
	done < <(grep -rEn --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]*/' "src/$folder")
}

# A name without a folder would hide the layer.
without_folder() {
	grep -rEn --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"/]*"' src
}

elsewhere() {
	grep -rEn --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]+[<\"]$1" src | grep -v "^src/$2/"
}

unknown_folders() {
	local folder
	for folder in src/*/; do
		folder=$(basename "$folder")
		layers | grep -q "^$folder\b" || echo "$folder is in no layer"
	done
}

while read -r folder allowed; do
	[ -d "src/$folder" ] || continue
	# shellcheck disable=SC2086 # a list of words
	clean "src/$folder includes only lower layers" upward "$folder" $allowed
done < <(layers)
while read -r header folder; do
	clean "only src/$folder includes $header" elsewhere "$header" "$folder"
done < <(owners)
clean 'headers are named with their folder' without_folder
clean 'every folder has its layer' unknown_folders
finish
