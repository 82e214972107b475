# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What kills.sh and soak.sh share: a program of tests/tools/ that starts a pool of its own behind our web server.
# Sourced after lib.sh; needs seed, module_count, max_mb, cache_mb.

# prepare_tool PROGRAM FILTER: modules, upstream, configuration, web server.
prepare_tool() {
	tool=(python3 -B "$top_srcdir/tests/tools/$1") # -B: the tree may be read-only
	# shellcheck disable=SC2154 # set by the sourcing script
	tool_modules=(--seed "$seed" --symbols "$symbols" --modules "$module_count" --max-mb "$max_mb")
	"${tool[@]}" generate "${tool_modules[@]}" || bail_out 'no modules'
	# slow enough for a kill to hit a download, quick enough for many
	echo '{"/": {"chunk_bytes": 262144, "chunk_delay_ms": 4}}' >"$work/upstream.json"
	start_upstream 0 --script "$work/upstream.json"
	# shellcheck disable=SC2154
	write_configuration ".DiskCache.maxSizeMB = $cache_mb | $2"
	touch "$work/pool.log"
	start_web_alone nginx
	instances=(--socket "$work/fastcgi.sock" --url "$web_url")
}

# Another instance of the server on the same cache directory, behind another port.
add_instance() {
	local other_port
	other_port=$(free_port) || bail_out 'no port'
	contrib_site nginx "$work/second.sock" "127.0.0.1:$other_port" "$work" >"$work/nginx/nginx-second.conf"
	kill -HUP "${pid_of[nginx]}"
	wait_until 10 port_answers 127.0.0.1 "$other_port" || bail_out 'no second port'
	instances+=(--socket "$work/second.sock" --url "http://127.0.0.1:$other_port")
}

# run_tool OPTION...: its lines become ours.
run_tool() {
	local line name
	start tool "${tool[@]}" run "${tool_modules[@]}" "$@" "${instances[@]}" \
		--config "$work/symbolicate.json" --server "$top_builddir/symbolicate-fcgi" \
		--watch "$top_builddir/tests/tools/cache_watch" --cache "$work/cache" --cache-mb "$cache_mb" \
		--upstream-log "$work/upstream.requests" --pool-log "$work/pool.log" --watch-log "$work/watch.log"
	wait "${pid_of[tool]}"
	like 'the program came to its end' $? '^(0|3)$'
	unset 'pid_of[tool]'
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "${line#ok }" ;;
		'not ok '*)
			name=${line#not ok }
			not_ok "${name%% | *}" "${line#* | }"
			;;
		*) echo "# ${line#\# }" ;;
		esac
	done <"$work/tool.log"
}
