/* SPDX-License-Identifier: MIT */
/* src/web: who may use the debug protocol, and that each condition alone refuses. */
#include "tap.h"

#include "web/admission.h"

/* A request's headers: name, value, ..., NULL. */
static struct slice find_header(void *ctx, const char *name)
{
	const char *const *headers = ctx;

	for (; *headers; headers += 2)
		if (strcmp(headers[0], name) == 0)
			return slice_of(headers[1]);
	return (struct slice){NULL, 0};
}

static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
static const char *const networks[] = {"10.0.0.0/8", "192.0.2.1", "fd00::/7", "172.16.0.0/13", "198.51.100.0/31"};

static bool is_admitted(const struct web_options *options, const char *address, const char *const *headers)
{
	struct web_request request = {
		.remote_addr = address ? slice_of(address) : slice_make(NULL, 0),
		.header = find_header,
		.ctx = (void *)(uintptr_t)headers,
	};

	return admission_debug(options, &request);
}

static struct web_options usual_options(void)
{
	return (struct web_options){
		.debug_local = true, .allowed_hosts = hosts, .allowed_host_count = TAP_COUNT(hosts)};
}

static const char *const usual_headers[] = {"HTTP_HOST", "localhost:8080", NULL};

static void check_addresses(const struct web_options *options, const char *const *addresses, size_t count, bool want)
{
	for (size_t i = 0; i < count; i++)
		if (!CHECK(is_admitted(options, addresses[i], usual_headers) == want))
			tap_note("%s", addresses[i]);
}

static void check_hosts(const char *const *names, size_t count, bool want)
{
	struct web_options options = usual_options();

	for (size_t i = 0; i < count; i++) {
		const char *const headers[] = {"HTTP_HOST", names[i], NULL};

		if (!CHECK(is_admitted(&options, "127.0.0.1", headers) == want))
			tap_note("%s", names[i]);
	}
}

static void who_is_near_is_admitted(void)
{
	static const char *const near[] = {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "::FFFF:7f00:1"};
	static const char *const far[] = {"", "128.0.0.1", "126.255.255.255", "10.0.0.1", "::", "::2", "::127.0.0.1",
					  "fe80::1", "2001:db8::1", "::ffff:10.0.0.1", "unix:", "localhost", "127.1",
					  "127.0.0.1 ", "127.0.0.1.example.org", "127.0.0.1:80", "[::1]", "0x7f000001",
					  "127.0.0.1\n", "2130706433",
					  "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
	struct web_options options = usual_options();

	check_addresses(&options, near, TAP_COUNT(near), true);
	check_addresses(&options, far, TAP_COUNT(far), false);
	CHECK(!is_admitted(&options, NULL, usual_headers));
}

static void operators_networks_are_near(void)
{
	static const char *const near[] = {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "192.0.2.1", "fd12::1",
					   "fc00::1", "172.23.255.255", "198.51.100.0", "198.51.100.1", "127.0.0.1"};
	static const char *const far[] = {"11.0.0.0", "9.255.255.255", "192.0.2.2", "192.0.2.0", "fe00::1", "fb00::1",
					  "172.24.0.0", "198.51.100.2"};
	struct web_options options = usual_options();

	options.admin_networks = networks;
	options.admin_network_count = TAP_COUNT(networks);
	check_addresses(&options, near, TAP_COUNT(near), true);
	check_addresses(&options, far, TAP_COUNT(far), false);
}

static void all_and_nothing_are_networks(void)
{
	static const char *const all[] = {"0.0.0.0/0"}, *const wrong[] = {"10.0.0.0/33", "10.0.0.0/", "10/8", "/8", ""};
	struct web_options options = usual_options();

	options.admin_networks = all;
	options.admin_network_count = 1;
	CHECK(is_admitted(&options, "203.0.113.9", usual_headers));
	CHECK(!is_admitted(&options, "2001:db8::1", usual_headers));
	options.admin_networks = wrong;
	options.admin_network_count = TAP_COUNT(wrong);
	CHECK(!is_admitted(&options, "10.0.0.0", usual_headers));
}

static void nobody_where_it_is_off(void)
{
	struct web_options options = usual_options();

	options.debug_local = false;
	CHECK(!is_admitted(&options, "127.0.0.1", usual_headers));
}

static void hosts_are_named(void)
{
	static const char *const good[] = {"localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:65535", "[::1]",
					   "[::1]:8080"};
	static const char *const bad[] = {"", "evil.example", "localhost.", "localhost.evil.example", "127.0.0.1.nip.io",
					  "evil.example:localhost", "[::1", "[::2]:80", ":8080", "notlocalhost"};
	static const char *const none[] = {NULL};
	struct web_options options = usual_options();

	check_hosts(good, TAP_COUNT(good), true);
	check_hosts(bad, TAP_COUNT(bad), false);
	CHECK(!is_admitted(&options, "127.0.0.1", none));
}

static void each_header_refuses(void)
{
	static const char *const refused[][2] = {
		{"HTTP_X_FORWARDED_FOR", "127.0.0.1"}, {"HTTP_X_FORWARDED_FOR", ""}, {"HTTP_FORWARDED", "for=127.0.0.1"},
		{"HTTP_X_FORWARDED_HOST", "localhost"}, {"HTTP_X_FORWARDED_SERVER", "a"}, {"HTTP_X_FORWARDED_PROTO", "https"},
		{"HTTP_X_FORWARDED_PORT", "443"}, {"HTTP_X_REAL_IP", "127.0.0.1"}, {"HTTP_X_CLIENT_IP", "::1"},
		{"HTTP_X_CLUSTER_CLIENT_IP", "::1"}, {"HTTP_TRUE_CLIENT_IP", "::1"}, {"HTTP_CF_CONNECTING_IP", "::1"},
		{"HTTP_VIA", "1.1 proxy"}, {"HTTP_ORIGIN", "http://localhost:8080"}, {"HTTP_ORIGIN", "null"},
		{"HTTP_ORIGIN", ""}, {"HTTP_SEC_FETCH_SITE", "cross-site"}, {"HTTP_SEC_FETCH_SITE", "same-site"},
		{"HTTP_SEC_FETCH_SITE", ""}, {"HTTP_SEC_FETCH_SITE", "None"},
	};
	static const char *const good[] = {"none", "same-origin"};
	struct web_options options = usual_options();

	for (size_t i = 0; i < TAP_COUNT(refused); i++) {
		const char *const headers[] = {"HTTP_HOST", "localhost", refused[i][0], refused[i][1], NULL};

		if (!CHECK(!is_admitted(&options, "127.0.0.1", headers)))
			tap_note("%s: %s", refused[i][0], refused[i][1]);
	}
	for (size_t i = 0; i < TAP_COUNT(good); i++) {
		const char *const headers[] = {"HTTP_HOST", "localhost", "HTTP_SEC_FETCH_SITE", good[i], NULL};

		CHECK(is_admitted(&options, "127.0.0.1", headers));
	}
}

int main(void)
{
	static const struct tap_case cases[] = {
		{"who is near is admitted", who_is_near_is_admitted},
		{"the operator's networks are near", operators_networks_are_near},
		{"all and nothing are networks", all_and_nothing_are_networks},
		{"nobody where it is off", nobody_where_it_is_off},
		{"hosts are named", hosts_are_named},
		{"each header refuses", each_header_refuses},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
