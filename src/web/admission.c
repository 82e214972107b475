/* SPDX-License-Identifier: MIT */
/* Who may use the debug protocol. */
#include "web/admission.h"

#include "base/num.h"

#include <arpa/inet.h>

static struct slice header(const struct web_request *request, const char *name)
{
	return request->header(request->ctx, name);
}

/* ---- addresses ---- */

enum { ADDRESS_BYTES = 16, ADDRESS_BITS = 128, V4_BITS = 32 };

/* An IPv4 address as the IPv6 address that maps it. */
struct address {
	unsigned char bytes[ADDRESS_BYTES];
};

/* Returns how many bits an address of its family has, 0 if it is none. */
static unsigned read_address(struct slice text, struct address *ret)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char copy[INET6_ADDRSTRLEN];

	if (text.len >= sizeof(copy) || memchr(text.data ? text.data : "", '\0', text.len))
		return 0;
	memcpy(copy, text.len ? text.data : "", text.len);
	copy[text.len] = '\0';
	memcpy(ret->bytes, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, copy, ret->bytes + sizeof(mapped)) == 1)
		return V4_BITS;
	return inet_pton(AF_INET6, copy, ret->bytes) == 1 ? ADDRESS_BITS : 0;
}

static bool have_same_prefix(const struct address *a, const struct address *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

/* "10.0.0.0/8", "fd00::/8", "192.0.2.1"; what is none of these holds nobody. */
static bool is_in_network(const struct address *address, const char *network)
{
	size_t len = strcspn(network, "/");
	struct address base;
	unsigned width = read_address(slice_make(network, len), &base);
	uint64_t bits = width;

	if (width == 0 || (network[len] && !num_parse_dec(slice_of(network + len + 1), width, &bits)))
		return false;
	return have_same_prefix(address, &base, (unsigned)bits + ADDRESS_BITS - width);
}

static bool is_near(const struct web_options *options, struct slice remote_addr)
{
	struct address address;

	if (read_address(remote_addr, &address) == 0)
		return false;
	if (is_in_network(&address, "127.0.0.0/8") || is_in_network(&address, "::1"))
		return true;
	for (unsigned i = 0; i < options->admin_network_count; i++)
		if (is_in_network(&address, options->admin_networks[i]))
			return true;
	return false;
}

/* ---- headers ---- */

/* What proxies add, to say whom they speak for: the peer is then not who asks. */
static bool is_forwarded(const struct web_request *request)
{
	static const char *const names[] = {
		"HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_SERVER",
		"HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PORT", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP",
		"HTTP_X_CLUSTER_CLIENT_IP", "HTTP_TRUE_CLIENT_IP", "HTTP_CF_CONNECTING_IP", "HTTP_VIA",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (header(request, names[i]).data)
			return true;
	return false;
}

/* Without port and brackets: "localhost:8080" -> "localhost", "[::1]:8080" -> "::1" */
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
		if (slice_equal_nocase(host_name(host), host_name(slice_of(options->allowed_hosts[i]))))
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
	return options->debug_local && is_near(options, request->remote_addr) && !is_forwarded(request) &&
	       is_allowed_host(options, header(request, "HTTP_HOST")) && !is_from_a_page(request);
}
