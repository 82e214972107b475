# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What ./quickstart and the end-to-end tests share: configurations for nginx and Apache made from
# the files in contrib/, questions to servers, free ports.  Sourced; needs top_srcdir.

# Debian has the servers here, and an ordinary user has not in his PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# wait_until SECONDS COMMAND...: polls; fails when the command has not succeeded in time.
wait_until() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# Whether anything listens at HOST PORT.
port_answers() {
	(exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}

# A loopback port that nobody listens on now: below the range of outgoing connections, so that only another
# server can take it meanwhile.  Who binds it tries again with another when that happened.
free_port() {
	local port
	for _ in {1..100}; do
		port=$((20000 + RANDOM % 12000))
		port_answers 127.0.0.1 "$port" || { echo "$port" && return; }
	done
	echo "no free port found" >&2
	return 1
}

# Whether URL gives any answer but a gateway's "nobody there".
web_answers() {
	local status
	status=$(curl -s -o /dev/null -m 2 -w '%{http_code}' "$1") || return 1
	case $status in 000 | 502 | 503 | 504) return 1 ;; esac
}

# Whether memcached answers `version` at host:port or /path/of/socket.
memcached_answers() {
	local where=(telnet://"$1")
	[ "${1#/}" = "$1" ] || where=(--unix-socket "$1" telnet://localhost)
	printf 'version\r\nquit\r\n' | curl -s -m 2 "${where[@]}" 2>/dev/null | grep -q '^VERSION '
}

# contrib_site SERVER SOCKET ADDRESS LOGDIR: contrib/SERVER/symbolicate.conf for another socket, address and
# log directory.  Nothing else is changed: what is tested is what is shipped.
contrib_site() {
	# shellcheck disable=SC2154 # the sourcing script sets top_srcdir
	sed -e "s|unix:/run/symbolicate/symbolicate.sock|unix:$2|" -e "s|127\.0\.0\.1:8080|$3|" \
		-e "s|/var/log/[a-z0-9]*/symbolicate|$4/$1|" "$top_srcdir/contrib/$1/symbolicate.conf"
}

# static_site PORT ROOT LOG: an nginx server that gives the files below ROOT, as a symbol server does.
static_site() {
	cat <<-END
		server {
			listen 127.0.0.1:$1;
			root $2;
			access_log $3;
		}
	END
}

# nginx_config DIR USER: a main configuration that keeps all its files in DIR and includes DIR/nginx-*.conf.
# USER is empty where nginx was not started by root and cannot change.
nginx_config() {
	cat <<-END
		${2:+user $2;}
		worker_processes 1;
		pid $1/nginx.pid;
		error_log $1/nginx.error.log;
		events { worker_connections 1024; }
		http {
			access_log off;
			client_body_temp_path $1/nginx-body;
			fastcgi_temp_path $1/nginx-fastcgi;
			proxy_temp_path $1/nginx-proxy;
			scgi_temp_path $1/nginx-scgi;
			uwsgi_temp_path $1/nginx-uwsgi;
			include $1/nginx-*.conf;
		}
	END
}

apache_modules=${APACHE_MODULES:-/usr/lib/apache2/modules}

# apache_config DIR USER: the same for Apache, including DIR/apache-*.conf.
apache_config() {
	local module
	for module in mpm_event authz_core headers filter deflate unique_id proxy proxy_fcgi; do
		echo "LoadModule ${module}_module $apache_modules/mod_$module.so"
	done
	cat <<-END
		ServerRoot $1
		ServerName localhost
		PidFile $1/apache.pid
		DefaultRuntimeDir $1
		ErrorLog $1/apache.error.log
		LogFormat "%h %l %u %t \"%r\" %>s %O" combined
		${2:+User $2}
		${2:+Group $(id -gn "$2")}
		StartServers 1
		Include $1/apache-*.conf
	END
}
