/* SPDX-License-Identifier: MIT */
/* The redirect guard: tables of special-purpose addresses (RFC 6890 and its registries). */
#include "upstream/guard.h"

#include "base/slice.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>

static const struct {
	uint32_t prefix;
	unsigned bits;
} special_ipv4[] = {
	{0x00000000, 8},  /* this network, unspecified */
	{0x0a000000, 8},  /* private */
	{0x64400000, 10}, /* shared (carrier-grade NAT) */
	{0x7f000000, 8},  /* loopback */
	{0xa9fe0000, 16}, /* link-local: cloud metadata services */
	{0xac100000, 12}, /* private */
	{0xc0000000, 24}, /* protocol assignments */
	{0xc0000200, 24}, /* documentation */
	{0xc0a80000, 16}, /* private */
	{0xc6120000, 15}, /* benchmarking */
	{0xc6336400, 24}, /* documentation */
	{0xcb007100, 24}, /* documentation */
	{0xe0000000, 4},  /* multicast */
	{0xf0000000, 4},  /* reserved, broadcast */
};

static bool ipv4_is_public(uint32_t address)
{
	for (size_t i = 0; i < sizeof(special_ipv4) / sizeof(special_ipv4[0]); i++)
		if ((address ^ special_ipv4[i].prefix) >> (32 - special_ipv4[i].bits) == 0)
			return false;
	return true;
}

static uint32_t read_be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* IPv6 prefixes that carry an IPv4 address: where it stands in them. */
static const struct {
	uint8_t prefix[12];
	unsigned prefix_bytes, offset;
} wrapped_ipv4[] = {
	{{[10] = 0xff, 0xff}, 12, 12},          /* ::ffff:0:0/96, mapped */
	{{0}, 12, 12},                          /* ::/96, compatible; also :: and ::1 */
	{{0x00, 0x64, 0xff, 0x9b}, 12, 12},     /* 64:ff9b::/96, NAT64 */
	{{0x20, 0x02}, 2, 2},                   /* 2002::/16, 6to4 */
};

static bool ipv6_is_public(const uint8_t address[16])
{
	static const uint8_t teredo[] = {0x20, 0x01, 0, 0}, documentation[] = {0x20, 0x01, 0x0d, 0xb8};

	for (size_t i = 0; i < sizeof(wrapped_ipv4) / sizeof(wrapped_ipv4[0]); i++)
		if (memcmp(address, wrapped_ipv4[i].prefix, wrapped_ipv4[i].prefix_bytes) == 0)
			return ipv4_is_public(read_be32(address + wrapped_ipv4[i].offset));
	if (memcmp(address, teredo, 4) == 0 || memcmp(address, documentation, 4) == 0)
		return false;
	return (address[0] & 0xe0) == 0x20;
}

bool guard_is_public(const struct sockaddr *address)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	/* copied: a caller's storage need not be aligned for them */
	switch (address->sa_family) {
	case AF_INET:
		memcpy(&ipv4, address, sizeof(ipv4));
		return ipv4_is_public(ntohl(ipv4.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&ipv6, address, sizeof(ipv6));
		return ipv6_is_public(ipv6.sin6_addr.s6_addr);
	default:
		return false;
	}
}

bool guard_host_is_private(const char *host)
{
	struct in_addr ipv4;
	struct in6_addr ipv6;
	struct slice name = slice_of(host);

	if (name.len && name.data[name.len - 1] == '.')
		name.len--;
	if (slice_equal_nocase(name, SLICE_LITERAL("localhost")))
		return true;
	if (inet_aton(host, &ipv4)) /* as lenient as resolvers are: 127.1, 0x7f000001 */
		return !ipv4_is_public(ntohl(ipv4.s_addr));
	if (inet_pton(AF_INET6, host, &ipv6) == 1)
		return !ipv6_is_public(ipv6.s6_addr);
	return false;
}
