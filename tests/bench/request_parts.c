/* SPDX-License-Identifier: MIT */
/*
 * Linked into symbolicate-fcgi to tell the parts of a request apart: the linker
 * puts these functions in the place of the decoder, the resolver and the encoder
 * (-Wl,--wrap), so that there is no clock in the product.  CPU time is added up
 * in the file that $BENCH_PARTS names, four 64-bit numbers: requests, nanoseconds
 * of reading, of looking up, and of writing.
 */
#include "engine/resolver.h"
#include "protocol/protocol.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct parts {
	_Atomic uint64_t requests, read_ns, lookup_ns, write_ns;
};

/* Shared by all workers; without the variable, or if the file cannot be used, one that nobody reads. */
static struct parts *parts(void)
{
	static struct parts unread, *shared;
	const char *path = getenv("BENCH_PARTS");
	void *map;
	int fd;

	if (shared)
		return shared;
	shared = &unread;
	fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return shared;
	map = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		shared = map;
	close(fd);
	return shared;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

enum protocol_verdict __real_protocol_decode(const struct protocol_options *options, struct slice body,
					    struct arena *arena, struct request *ret, struct debug_request *ret_debug,
					    struct err *err);
enum protocol_verdict __wrap_protocol_decode(const struct protocol_options *options, struct slice body,
					    struct arena *arena, struct request *ret, struct debug_request *ret_debug,
					    struct err *err);
enum protocol_verdict __wrap_protocol_decode(const struct protocol_options *options, struct slice body,
					    struct arena *arena, struct request *ret, struct debug_request *ret_debug,
					    struct err *err)
{
	uint64_t started_ns = cpu_ns();
	enum protocol_verdict verdict = __real_protocol_decode(options, body, arena, ret, ret_debug, err);

	atomic_fetch_add(&parts()->read_ns, cpu_ns() - started_ns);
	atomic_fetch_add(&parts()->requests, 1);
	return verdict;
}

enum resolver_verdict __real_resolver_resolve(struct resolver *resolver, struct request *request, struct arena *arena,
					      const struct resolver_wait *wait, struct request_timing *ret_timing,
					      struct resolver_adds **ret_adds);
enum resolver_verdict __wrap_resolver_resolve(struct resolver *resolver, struct request *request, struct arena *arena,
					      const struct resolver_wait *wait, struct request_timing *ret_timing,
					      struct resolver_adds **ret_adds);
enum resolver_verdict __wrap_resolver_resolve(struct resolver *resolver, struct request *request, struct arena *arena,
					      const struct resolver_wait *wait, struct request_timing *ret_timing,
					      struct resolver_adds **ret_adds)
{
	uint64_t started_ns = cpu_ns();
	enum resolver_verdict verdict =
		__real_resolver_resolve(resolver, request, arena, wait, ret_timing, ret_adds);

	atomic_fetch_add(&parts()->lookup_ns, cpu_ns() - started_ns);
	return verdict;
}

void __real_protocol_encode(struct buf *buf, const struct request *request, const struct request_timing *timing);
void __wrap_protocol_encode(struct buf *buf, const struct request *request, const struct request_timing *timing);
void __wrap_protocol_encode(struct buf *buf, const struct request *request, const struct request_timing *timing)
{
	uint64_t started_ns = cpu_ns();

	__real_protocol_encode(buf, request, timing);
	atomic_fetch_add(&parts()->write_ns, cpu_ns() - started_ns);
}
