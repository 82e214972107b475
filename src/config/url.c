/* SPDX-License-Identifier: MIT */
/* URLs. */
#include "config/url.h"

/* They redirect to public storage only: a private address behind them is an attack. */
static const char *const public_hosts[] = {
	"symbols.mozilla.org",
	"msdl.microsoft.com",
	"chromium-browser-symsrv.commondatastorage.googleapis.com",
	"download.amd.com",
	"driver-symbols.nvidia.com",
	"software.intel.com",
	"symbols.nuget.org",
	"symbols.electronjs.org",
	"debuginfod.elfutils.org",
};

static struct slice slice_from(struct slice s, size_t start)
{
	return slice_make(s.data + start, s.len - start);
}

/* The length of "https://" if the URL has a scheme, else 0. */
static size_t scheme_len(struct slice url)
{
	const char *colon = url.len ? memchr(url.data, ':', url.len) : NULL;
	size_t len = colon ? (size_t)(colon - url.data) : 0;

	return colon && slice_starts_with(slice_from(url, len), SLICE_LITERAL("://")) ? len + 3 : 0;
}

/* "user:password@host:port" of a URL. */
static struct slice authority(struct slice url)
{
	struct slice rest = slice_from(url, scheme_len(url));

	for (size_t i = 0; i < rest.len; i++)
		if (strchr("/?#", rest.data[i]))
			return slice_make(rest.data, i);
	return rest;
}

/* The length of "user:password@", 0 if there are no credentials; a password may contain '@'. */
static size_t credentials_len(struct slice where)
{
	const char *at = where.len ? memrchr(where.data, '@', where.len) : NULL;

	return at ? (size_t)(at - where.data) + 1 : 0;
}

bool url_is_http(struct slice url)
{
	struct slice scheme = slice_make(url.data, scheme_len(url));

	return (slice_equal_nocase(scheme, SLICE_LITERAL("http://")) ||
		slice_equal_nocase(scheme, SLICE_LITERAL("https://"))) && url_host(url).len > 0;
}

struct slice url_host(struct slice url)
{
	struct slice where = authority(url), host = slice_from(where, credentials_len(where));
	char end = host.len && host.data[0] == '[' ? ']' : ':';
	const char *found;

	if (end == ']')
		host = slice_from(host, 1);
	found = host.len ? memchr(host.data, end, host.len) : NULL;
	return found ? slice_make(host.data, (size_t)(found - host.data)) : host;
}

void url_add_redacted(struct buf *buf, struct slice url)
{
	struct slice where = authority(url);
	size_t before = (size_t)(where.data - url.data), secret = credentials_len(where);

	if (secret == 0 || before == 0) {
		buf_add_slice(buf, url);
		return;
	}
	buf_add(buf, url.data, before);
	buf_add_text(buf, "***@");
	buf_add_slice(buf, slice_from(url, before + secret));
}

bool url_host_is_local(struct slice host)
{
	return slice_equal_nocase(host, SLICE_LITERAL("localhost")) || slice_is(host, "::1") ||
	       slice_starts_with(host, SLICE_LITERAL("127."));
}

bool url_host_is_public(struct slice host)
{
	for (size_t i = 0; i < sizeof(public_hosts) / sizeof(public_hosts[0]); i++)
		if (slice_equal_nocase(host, slice_of(public_hosts[i])))
			return true;
	return false;
}
