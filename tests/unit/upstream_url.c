/* SPDX-License-Identifier: MIT */
/* src/upstream: URLs, and the guard's idea of a public address. */
#include "tap.h"

#include "upstream/guard.h"
#include "upstream/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct module_name module_of(const char *debug_file, const char *debug_id)
{
	return (struct module_name){slice_of(debug_file), slice_of(debug_id)};
}

static void segments_are_encoded(void)
{
	static const struct {
		struct slice segment;
		const char *want;
	} rows[] = {
		{SLICE_LITERAL("xul.pdb"), "xul.pdb"},
		{SLICE_LITERAL("AZaz09-._~"), "AZaz09-._~"},
		{SLICE_LITERAL("libstdc++.so.6"), "libstdc%2B%2B.so.6"},
		{SLICE_LITERAL("a b"), "a%20b"},
		{SLICE_LITERAL("a/b\\c?d#e%f&g"), "a%2Fb%5Cc%3Fd%23e%25f%26g"},
		{SLICE_LITERAL("[vdso]"), "%5Bvdso%5D"},
		{SLICE_LITERAL("\xe6\xb1\x89"), "%E6%B1%89"},
		{SLICE_LITERAL("\0\x7f\xff\r\n"), "%00%7F%FF%0D%0A"},
		{SLICE_LITERAL(""), ""},
	};
	struct buf buf = BUF_INIT;

	for (size_t i = 0; i < TAP_COUNT(rows); i++) {
		buf_clear(&buf);
		url_add_segment(&buf, rows[i].segment);
		CHECK_TEXT(buf_slice(&buf), rows[i].want);
	}
	buf_release(&buf);
}

static void bases_are_joined_with_one_slash(void)
{
	static const struct {
		const char *base, *want;
	} rows[] = {
		{"https://a", "https://a/x%20y.pdb/AB12/x%20y.sym"},
		{"https://a/", "https://a/x%20y.pdb/AB12/x%20y.sym"},
		{"https://a//", "https://a/x%20y.pdb/AB12/x%20y.sym"},
		{"https://a/v1", "https://a/v1/x%20y.pdb/AB12/x%20y.sym"},
		{"https://a/v1/", "https://a/v1/x%20y.pdb/AB12/x%20y.sym"},
		{"https://a/v1/?token=1/2", "https://a/v1/x%20y.pdb/AB12/x%20y.sym?token=1/2"},
		{"https://a/v1/#top", "https://a/v1/x%20y.pdb/AB12/x%20y.sym"},
	};
	struct buf buf = BUF_INIT;

	for (size_t i = 0; i < TAP_COUNT(rows); i++) {
		buf_clear(&buf);
		url_add_symbols(&buf, rows[i].base, module_of("x y.pdb", "ab-12"));
		CHECK_TEXT(buf_slice(&buf), rows[i].want);
	}
	buf_release(&buf);
}

static void urls_are_taken_apart(void)
{
	struct url url;
	struct err err;

	CHECK_INT(url_parse(&url, "HTTPS://us%40er:p%3Aw@Sym.Example.ORG/a%20b?key=secret#f", &err), 0);
	CHECK_TEXT(slice_of(url.scheme), "https");
	CHECK_TEXT(slice_of(url.host), "sym.example.org");
	CHECK_TEXT(slice_of(url.origin), "https://sym.example.org:443");
	CHECK_TEXT(slice_of(url.user), "us@er");
	CHECK_TEXT(slice_of(url.password), "p:w");
	CHECK(strstr(url.request, "/a%20b?key=secret"));
	CHECK(!strchr(url.request, '@') && !strchr(url.request, '#'));
	CHECK(strstr(url.shown, "/a%20b") && !strstr(url.shown, "secret") && !strstr(url.shown, "us"));
	url_release(&url);

	CHECK_INT(url_parse(&url, "http://[::1]:8080/x", &err), 0);
	CHECK_TEXT(slice_of(url.host), "::1");
	CHECK_TEXT(slice_of(url.origin), "http://[::1]:8080");
	CHECK(url.user == NULL && url.password == NULL);
	url_release(&url);
}

static void origins_are_compared(void)
{
	static const struct {
		const char *from, *to;
		bool same, downgrade;
	} rows[] = {
		{"https://a/x", "https://A:443/y", true, false},  {"http://a/x", "http://a:80/", true, false},
		{"https://a/x", "https://a:444/", false, false},  {"https://a/x", "https://b/", false, false},
		{"https://a/x", "http://a/x", false, true},       {"https://a/x", "http://a:443/x", false, true},
		{"http://a/x", "https://a/x", false, false},      {"http://[::1]/", "http://[::1]:80/", true, false},
		{"http://a/", "http://a.b/", false, false},       {"http://u:p@a/", "http://a/", true, false},
	};

	for (size_t i = 0; i < TAP_COUNT(rows); i++) {
		struct url from, to;
		struct err err;

		CHECK_INT(url_parse(&from, rows[i].from, &err), 0);
		CHECK_INT(url_parse(&to, rows[i].to, &err), 0);
		CHECK_INT(url_same_origin(&from, &to), rows[i].same);
		CHECK_INT(url_is_downgrade(&from, &to), rows[i].downgrade);
		url_release(&from);
		url_release(&to);
	}
}

static void other_urls_are_refused(void)
{
	static const char *const texts[] = {
		"", "symbols", "//a/b", "/a/b", "file:///etc/passwd", "gopher://a/", "ftp://a/b", "http://",
		"http://a b/", "http://a:99999/", "http://user:secret@[::/",
	};
	struct url url;

	for (size_t i = 0; i < TAP_COUNT(texts); i++) {
		struct err err = ERR_INIT;

		if (!CHECK_INT(url_parse(&url, texts[i], &err), -1))
			tap_note("accepted: %s", texts[i]);
		CHECK_INT(err.code, ERR_INPUT);
		CHECK(strstr(err.msg, "secret") == NULL);
	}
}

static bool is_public(const char *text)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
		return guard_is_public((struct sockaddr *)&ipv4);
	if (!CHECK_INT(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1))
		tap_note("no address: %s", text);
	return guard_is_public((struct sockaddr *)&ipv6);
}

static void special_addresses_are_not_public(void)
{
	static const char *const special[] = {
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.18.0.1", "198.19.255.255",
		"224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
		"::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1",
		"2002:7f00:1::", "2002:c0a8:101::1", "2001::1", "2001:db8::1", "fc00::1", "fd12::1",
		"fe80::1", "fec0::1", "ff02::1", "4000::1",
	};
	static const char *const ordinary[] = {
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
		"126.1.1.1",
		"172.15.255.255", "172.32.0.0", "192.167.1.1", "198.17.1.1", "198.20.0.0", "223.255.255.255",
		"2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
	};
	struct sockaddr other = {.sa_family = AF_UNIX};

	for (size_t i = 0; i < TAP_COUNT(special); i++)
		if (!CHECK(!is_public(special[i])))
			tap_note("taken for public: %s", special[i]);
	for (size_t i = 0; i < TAP_COUNT(ordinary); i++)
		if (!CHECK(is_public(ordinary[i])))
			tap_note("not taken for public: %s", ordinary[i]);
	CHECK(!guard_is_public(&other));
}

static void numeric_hosts_are_judged(void)
{
	static const char *const private_hosts[] = {
		"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0",
		"::1", "::ffff:10.0.0.1",
	};
	static const char *const other_hosts[] = {
		"symbols.mozilla.org", "8.8.8.8", "2a00::1", "localhost.example",
	};

	for (size_t i = 0; i < TAP_COUNT(private_hosts); i++)
		if (!CHECK(guard_host_is_private(private_hosts[i])))
			tap_note("let through: %s", private_hosts[i]);
	for (size_t i = 0; i < TAP_COUNT(other_hosts); i++)
		CHECK(!guard_host_is_private(other_hosts[i]));
}

static const struct tap_case cases[] = {
	{"segments are encoded", segments_are_encoded},
	{"bases are joined with one slash", bases_are_joined_with_one_slash},
	{"URLs are taken apart", urls_are_taken_apart},
	{"origins are compared", origins_are_compared},
	{"other URLs are refused", other_urls_are_refused},
	{"special addresses are not public", special_addresses_are_not_public},
	{"numeric hosts are judged without resolving", numeric_hosts_are_judged},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
