/* SPDX-License-Identifier: MIT */
/* Who may use the debug protocol. */
#include "web/admission.h"

static struct slice header(const struct web_request *request, const char *name)
{
	return request->header(request->ctx, name);
}

static bool is_loopback(struct slice address)
{
	return slice_starts_with(address, SLICE_LITERAL("127.")) || slice_is(address, "::1") ||
	       slice_starts_with(address, SLICE_LITERAL("::ffff:127."));
}

static bool is_forwarded(const struct web_request *request)
{
	static const char *const names[] = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (header(request, names[i]).data)
			return true;
	return false;
}

/* "localhost:8080" -> "localhost", "[::1]:8080" -> "::1" */
static struct slice host_name(struct slice host)
{
	const char *end;

	if (host.len && host.data[0] == '[') {
		end = memchr(host.data, ']', host.len);
		return end ? slice_make(host.data + 1, (size_t)(end - host.data) - 1) : host;
	}
	end = host.len ? memchr(host.data, ':', host.len) : NULL;
	return end ? slice_make(host.data, (size_t)(end - host.data)) : host;
}

static bool is_allowed_host(const struct web_options *options, struct slice host)
{
	for (unsigned i = 0; i < options->allowed_host_count; i++)
		if (slice_equal_nocase(host, slice_of(options->allowed_hosts[i])))
			return true;
	return false;
}

static bool is_from_a_page(const struct web_request *request)
{
	struct slice site = header(request, "HTTP_SEC_FETCH_SITE");

	if (header(request, "HTTP_ORIGIN").data)
		return true;
	return site.data && !slice_is(site, "none") && !slice_is(site, "same-origin");
}

bool admission_debug(const struct web_options *options, const struct web_request *request)
{
	return options->debug_local && is_loopback(request->remote_addr) && !is_forwarded(request) &&
	       is_allowed_host(options, host_name(header(request, "HTTP_HOST"))) && !is_from_a_page(request);
}
