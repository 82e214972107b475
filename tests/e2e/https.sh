#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A symbol server behind TLS (nginx, with a certificate of a throw-away authority): trust, HTTP/2, kept connections.
. "$(dirname "$0")/lib.sh"

id=0123456789ABCDEF0123456789ABCDEF1
module() {
	mkdir -p "$symbols/$1.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$1" "$1" >"$symbols/$1.pdb/$id/$1.sym"
}
word() {
	post /symbolicate/v5 "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$1.pdb\",\"$id\"]]}"
	jq -c '.results[0].found_modules[]' <<<"$body" 2>&1
}
says() { grep -qi -- "$1" "$work/pool.log"; }

# An authority, and a certificate of it for the address that the server has.
make_certificates() {
	(
		cd "$work" && umask 077 &&
			openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=test authority' &&
			openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj '/CN=symbols' &&
			openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 \
				-extfile <(echo 'subjectAltName=IP:127.0.0.1')
	) >"$work/openssl.log" 2>&1 || bail_out "openssl: $(tail -n 3 "$work/openssl.log")"
}

tls_on_port() {
	nginx_config "$work/tls" "$(nginx_user)" >"$work/tls/nginx.conf"
	cat >"$work/tls/nginx-site.conf" <<-END
		log_format tls '\$connection \$connection_requests \$server_protocol \$status \$request_uri';
		server {
			listen 127.0.0.1:$port ssl http2;
			ssl_certificate $work/server.pem;
			ssl_certificate_key $work/server.key;
			root $symbols;
			access_log $work/tls.requests tls;
		}
	END
	run_nginx tls
}

# anew [ENVIRONMENT...]: another pool that trusts what these say.
pools=0
anew() {
	pool_environment=("$@")
	[ -z "${pid_of[pool]:-}" ] || stop pool
	[ ! -f "$work/pool.log" ] || mv "$work/pool.log" "$work/pool$((++pools)).log"
	rm -rf "$work/cache" "$work/fastcgi.sock"
	start_pool '.process.fetchers = 1'
}

e2e_begin nginx openssl
make_certificates
mkdir -p "$work/tls"
start_on_port tls tls_on_port
upstream_url=https://127.0.0.1:$port/
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
for number in {1..10}; do module "m$number"; done
anew "CURL_CA_BUNDLE=$work/ca.pem"
start_web nginx
for number in {1..10}; do [ "$(word "m$number")" = true ] || break; done
is 'ten modules over TLS' "$number $(word m10)" '10 true'
is 'and one that is not there' "$(word nowhere)" false
is 'all on one connection' "$(cut -d' ' -f1 "$work/tls.requests" | sort -u | wc -l) $(wc -l <"$work/tls.requests")" '1 11'
is 'by HTTP/2' "$(cut -d' ' -f3 "$work/tls.requests" | sort | uniq -c | sed 's/^ *//')" '11 HTTP/2.0'

anew "SSL_CERT_FILE=$work/ca.pem"
is 'SSL_CERT_FILE does as well' "$(word m1)" true
anew
is 'an authority that is not trusted: not settled' "$(word m1)" null
check 'and the log says why' says 'certificate problem'
is 'and the module is not remembered as absent' "$("$top_builddir/symbolicate" counters --cache "$work/cache" | awk '$1 == "fetch_absent" { print $2 }')" 0
upstream_url=https://localhost:${upstream_url##*:}
anew "CURL_CA_BUNDLE=$work/ca.pem"
is 'a certificate for another name: not settled' "$(word m1)" null
check 'and the log says why' says 'certificate.*name\|name.*certificate'
e2e_end
