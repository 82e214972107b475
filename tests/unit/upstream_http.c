/* SPDX-License-Identifier: MIT */
/* src/upstream: symbol files over HTTP, from a server that misbehaves as told. */
#include "tap.h"
#include "upstream_server.h"

#include "base/clock.h"
#include "base/mem.h"
#include "upstream/upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static const struct upstream_options quick = {
	.user_agent = "symbolicate/test",
	.connect_timeout_ms = 5000,
	.first_byte_timeout_ms = 5000,
	.stall_timeout_ms = 5000,
	.stall_bytes = 1000,
	.total_timeout_ms = 20000,
	.max_download_bytes = 10 << 20,
	.max_text_bytes = 10 << 20,
	.retry_delay_ms = 10,
};

/* What a fetch brought. */
static struct {
	struct buf text;
	int begun;
	struct upstream_result result;
	struct err err;
} got;

static struct buf symbols; /* what the server serves */

static int sink_begin(void *ctx, struct err *err)
{
	(void)ctx, (void)err;
	got.begun++;
	buf_clear(&got.text);
	return 0;
}

static int sink_data(void *ctx, const char *data, size_t len, struct err *err)
{
	(void)ctx;
	buf_add(&got.text, data, len);
	if (got.text.len >= 7 && memcmp(got.text.data, "MODULE ", 7) != 0)
		return err_set(err, ERR_INPUT, "not a symbol file");
	return 0;
}

/* A case's client: the options may be changed before the first fetch; and its source, less the location. */
static struct upstream_options options;
static struct upstream_source source;
static struct upstream *client;

static void client_close(void)
{
	upstream_close(client);
	client = NULL;
}

/* Every case begins here, and so goes on without what the one before left. */
static void begin_case(void)
{
	if (server_port() == 0)
		tap_skip("python3 is missing, or could not run the scripted upstream");
	client_close();
	options = quick;
	source = (struct upstream_source){.kind = SOURCE_URL};
}

static enum upstream_outcome fetch_from(const char *base, const char *debug_file)
{
	struct upstream_sink sink = {NULL, sink_begin, sink_data};
	struct module_name module = {slice_of(debug_file), SLICE_LITERAL("1a")};
	struct err err = ERR_INIT;

	if (client == NULL && !CHECK_INT(upstream_open(&client, &options, &err), 0))
		exit(99);
	source.location = base;
	got.begun = 0;
	got.err = (struct err)ERR_INIT;
	buf_clear(&got.text);
	return upstream_fetch_symbols(client, &source, module, &sink, &got.result, &got.err);
}

/* The base under one of the names of this host. */
static const char *base_at(const char *host)
{
	static char *base;

	free(base);
	base = mem_printf("http://%s:%d", host, server_port());
	return base;
}

static enum upstream_outcome fetch(const char *debug_file)
{
	return fetch_from(base_at("127.0.0.1"), debug_file);
}

/* Serves the symbols as <name>/1A/<name>.sym with a behaviour; the path is static. */
static const char *serve(const char *name, const char *behaviour)
{
	static char *path;

	free(path);
	path = mem_printf("/%s/1A/%s.sym", name, name);
	server_put(path, buf_slice(&symbols));
	server_behave(path, behaviour);
	return path;
}

static void check_found(enum upstream_outcome outcome)
{
	if (!CHECK_INT(outcome, UPSTREAM_FOUND))
		tap_note("%s: %s", err_code_name(got.err.code), got.err.msg);
	CHECK(slice_equal(buf_slice(&got.text), buf_slice(&symbols)));
	CHECK_INT(got.result.text_bytes, symbols.len);
}

static void check_unknown(enum upstream_outcome outcome, enum err_code code, unsigned requests)
{
	CHECK_INT(outcome, UPSTREAM_UNKNOWN);
	if (!CHECK_INT(got.err.code, code) || !CHECK_INT(got.result.requests, requests))
		tap_note("%s: %s", err_code_name(got.err.code), got.err.msg);
}

static void a_file_is_fetched(void)
{
	const char *path;

	begin_case();
	path = serve("plain", NULL);
	check_found(fetch("plain"));
	CHECK_INT(got.result.http_status, 200);
	CHECK_INT(got.result.requests, 1);
	CHECK_INT(got.result.wire_bytes, symbols.len);
	CHECK_INT(got.result.identity, 0);
	CHECK(got.result.elapsed_us > 0);
	CHECK_INT(server_requests(path), 1);
	CHECK(server_saw_header(path, "User-Agent", "symbolicate/test"));
	CHECK(server_saw_header(path, "Accept-Encoding", "gzip, deflate, zstd"));
	CHECK(!server_saw_header(path, "Authorization", ""));
}

static void names_arrive_as_they_are(void)
{
	begin_case();
	server_put("/a b+c.pdb/1A/a b+c.sym", buf_slice(&symbols));
	check_found(fetch("a b+c.pdb"));
	CHECK_INT(server_requests("/a%20b%2Bc.pdb/1A/a%20b%2Bc.sym"), 1);
}

static void unfit_names_are_not_asked_for(void)
{
	static const char *const names[] = {"", ".", "..", "../x", "a/b", "a\\b", "a\nb"};
	int before;

	begin_case();
	before = server_connections();
	for (size_t i = 0; i < TAP_COUNT(names); i++) {
		CHECK_INT(fetch(names[i]), UPSTREAM_ABSENT);
		CHECK_INT(got.result.requests, 0);
	}
	CHECK_INT(server_connections(), before);
}

static void encoded_bodies_are_decoded(void)
{
	static const char *const behaviours[] = {
		"{\"encode\": \"gzip\"}",
		"{\"encode\": \"zlib\"}",
		"{\"encode\": \"deflate\"}",
		"{\"encode\": \"gzip\", \"chunked\": true, \"chunk_bytes\": 999}",
		"{\"encode\": \"gzip\", \"no_content_length\": true}",
		"{\"encode\": \"gzip\", \"headers\": {\"Content-Encoding\": null}}",
		"{\"encode\": \"gzip\", \"headers\": {\"Content-Encoding\": \"br\"}}",
		"{\"headers\": {\"Content-Encoding\": \"gzip\"}}",
		"{\"headers\": {\"Content-Encoding\": \"deflate\"}}",
		"{\"chunked\": true}",
		"{\"no_content_length\": true}",
	};

	begin_case();
	for (size_t i = 0; i < TAP_COUNT(behaviours); i++) {
		serve("encoded", behaviours[i]);
		check_found(fetch("encoded"));
	}
}

static void a_gzip_file_may_be_encoded_again(void)
{
	struct buf packed = BUF_INIT;
	z_stream zlib = {0};

	begin_case();
	deflateInit2(&zlib, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	zlib.next_in = (unsigned char *)symbols.data;
	zlib.avail_in = (unsigned)symbols.len;
	zlib.avail_out = (unsigned)deflateBound(&zlib, symbols.len);
	zlib.next_out = (unsigned char *)buf_reserve(&packed, zlib.avail_out);
	CHECK_INT(deflate(&zlib, Z_FINISH), Z_STREAM_END);
	packed.len = zlib.total_out;
	deflateEnd(&zlib);
	server_put("/twice/1A/twice.sym", buf_slice(&packed));
	server_behave("/twice/1A/twice.sym", "{\"encode\": \"gzip\"}");
	check_found(fetch("twice"));
	CHECK(got.result.wire_bytes < symbols.len);
	buf_release(&packed);
}

static void each_status_has_its_outcome(void)
{
	static const struct {
		int status;
		enum upstream_outcome outcome;
		unsigned requests; /* with two retries */
	} rows[] = {
		{200, UPSTREAM_FOUND, 1},   {404, UPSTREAM_ABSENT, 1},  {410, UPSTREAM_ABSENT, 1},
		{203, UPSTREAM_UNKNOWN, 1}, {204, UPSTREAM_UNKNOWN, 1}, {206, UPSTREAM_UNKNOWN, 1},
		{302, UPSTREAM_UNKNOWN, 1}, {304, UPSTREAM_UNKNOWN, 1}, {400, UPSTREAM_UNKNOWN, 1},
		{401, UPSTREAM_UNKNOWN, 1}, {403, UPSTREAM_UNKNOWN, 1}, {418, UPSTREAM_UNKNOWN, 1},
		{429, UPSTREAM_UNKNOWN, 3}, {500, UPSTREAM_UNKNOWN, 3}, {502, UPSTREAM_UNKNOWN, 3},
		{503, UPSTREAM_UNKNOWN, 3}, {504, UPSTREAM_UNKNOWN, 3},
	};

	begin_case();
	options.retries = 2;
	for (size_t i = 0; i < TAP_COUNT(rows); i++) {
		char *name = mem_printf("status%d", rows[i].status);
		char *behaviour = mem_printf("{\"status\": %d}", rows[i].status);
		const char *path = serve(name, behaviour);

		CHECK_INT(fetch(name), rows[i].outcome);
		CHECK_INT(got.result.http_status, rows[i].status);
		CHECK_INT(got.result.requests, rows[i].requests);
		CHECK_INT(server_requests(path), rows[i].requests);
		if (rows[i].outcome == UPSTREAM_UNKNOWN)
			CHECK(got.err.code == ERR_UPSTREAM && strstr(got.err.msg, behaviour + 11) == NULL &&
			      strstr(got.err.msg, name + 6) && strstr(got.err.msg, path));
		free(behaviour);
		free(name);
	}
}

static void messages_hide_secrets(void)
{
	char *base;

	begin_case();
	serve("secret", "{\"status\": 403}");
	base = mem_printf("http://joe:swordfish@127.0.0.1:%d/?token=swordfish", server_port());
	check_unknown(fetch_from(base, "secret"), ERR_UPSTREAM, 1);
	CHECK(strstr(got.err.msg, "/secret/1A/secret.sym") && strstr(got.err.msg, "403"));
	CHECK(!strstr(got.err.msg, "swordfish") && !strstr(got.err.msg, "joe"));
	CHECK(server_saw_header("/secret/1A/secret.sym?token=swordfish", "Authorization", "Basic"));
	free(base);
}

static void a_retry_starts_afresh(void)
{
	begin_case();
	options.retries = 1;
	serve("again", "[{\"first_n\": 1, \"truncate_at\": 5000}, {}]");
	check_found(fetch("again"));
	CHECK_INT(got.begun, 2);
	CHECK_INT(got.result.requests, 2);
	serve("later", "[{\"first_n\": 1, \"status\": 503}, {}]");
	check_found(fetch("later"));
	CHECK_INT(got.result.requests, 2);
	serve("gone", "[{\"first_n\": 1, \"status\": 503}, {\"status\": 404}]");
	CHECK_INT(fetch("gone"), UPSTREAM_ABSENT);
	CHECK_INT(got.result.requests, 2);
}

static void a_server_that_asks_for_patience_gets_it(void)
{
	begin_case();
	options.retries = 3;
	serve("patience", "{\"status\": 503, \"headers\": {\"Retry-After\": \"120\"}}");
	check_unknown(fetch("patience"), ERR_UPSTREAM, 1);
	CHECK_INT(got.result.retry_after_s, 120);
}

static void bodies_that_end_early_are_unknown(void)
{
	static const char *const behaviours[] = {
		"{\"truncate_at\": 0}",
		"{\"truncate_at\": 5000}",
		"{\"reset_at\": 5000}",
		"{\"content_length\": \"+10\"}",
		"{\"chunked\": true, \"truncate_at\": 5000}",
	};

	begin_case();
	options.retries = 1;
	for (size_t i = 0; i < TAP_COUNT(behaviours); i++) {
		serve("short", behaviours[i]);
		check_unknown(fetch("short"), ERR_UPSTREAM, 2);
	}
	/* nothing but the compression tells that there should be more */
	serve("short", "{\"encode\": \"gzip\", \"no_content_length\": true, \"truncate_at\": 1000}");
	check_unknown(fetch("short"), ERR_UPSTREAM, 1);
}

static void other_content_is_unknown(void)
{
	begin_case();
	options.retries = 2;
	serve("html", "{\"html\": true}");
	check_unknown(fetch("html"), ERR_INPUT, 1);
	CHECK(strstr(got.err.msg, "not a symbol file"));
	serve("html", "{\"body\": \"\"}");
	check_unknown(fetch("html"), ERR_INPUT, 1);
	serve("html", "{\"body\": \"\", \"no_content_length\": true}");
	check_unknown(fetch("html"), ERR_INPUT, 1);
}

static void large_files_are_refused(void)
{
	char *behaviour;

	begin_case();
	options.retries = 2;
	options.max_download_bytes = 4096;
	serve("large", NULL);
	check_unknown(fetch("large"), ERR_LIMIT, 1);
	serve("large", "{\"no_content_length\": true}");
	check_unknown(fetch("large"), ERR_LIMIT, 1);
	client_close();
	options.max_download_bytes = 1 << 20;
	options.max_text_bytes = 4096;
	serve("large", "{\"encode\": \"gzip\"}");
	check_unknown(fetch("large"), ERR_LIMIT, 1);
	/* header lines without end are as good as a bomb */
	behaviour = mem_printf("{\"status\": 404, \"headers\": {\"A\": \"%090000d\", \"B\": \"%090000d\", "
			       "\"C\": \"%090000d\"}}", 0, 0, 0);
	serve("large", behaviour);
	free(behaviour);
	check_unknown(fetch("large"), ERR_LIMIT, 1);
	/* an error page of any size does not matter */
	client_close();
	options.max_download_bytes = 10;
	serve("large", "{\"status\": 404, \"body\": \"a long page about what there is not\"}");
	CHECK_INT(fetch("large"), UPSTREAM_ABSENT);
}

/* Fetches with a behaviour that one of the time limits ends. */
static void check_timeout(const char *behaviour, const char *message)
{
	uint64_t start_ms = clock_mono_ms();

	serve("slow", behaviour);
	check_unknown(fetch("slow"), ERR_TIMEOUT, 1);
	if (!CHECK(strstr(got.err.msg, message)))
		tap_note("%s", got.err.msg);
	CHECK(clock_mono_ms() - start_ms < 3000);
}

static void every_wait_has_an_end(void)
{
	begin_case();
	options.first_byte_timeout_ms = 200;
	check_timeout("{\"hang\": true}", "no answer within 200 ms");
	client_close();
	options = quick;
	options.stall_timeout_ms = 200;
	check_timeout("{\"hold_at\": 5000, \"wait_for\": \"never\"}", "stalled");
	check_timeout("{\"chunk_bytes\": 100, \"chunk_delay_ms\": 50}", "stalled");
	client_close();
	options = quick;
	options.total_timeout_ms = 400;
	check_timeout("{\"chunk_bytes\": 200, \"chunk_delay_ms\": 40}", "not finished within 400 ms");
}

static void a_timeout_is_tried_again(void)
{
	begin_case();
	options.first_byte_timeout_ms = 600;
	options.retries = 1;
	serve("waking", "[{\"first_n\": 1, \"hang\": true}, {}]");
	check_found(fetch("waking"));
	CHECK_INT(got.result.requests, 2);
}

static void a_slow_server_is_waited_for(void)
{
	begin_case();
	options.stall_timeout_ms = 500;
	serve("steady", "{\"delay_ms\": 200, \"chunk_bytes\": 2000, \"chunk_delay_ms\": 30}");
	check_found(fetch("steady"));
}

static void redirects_within_an_origin(void)
{
	begin_case();
	serve("target", NULL);
	serve("moved", "{\"redirect\": \"/target/1A/target.sym\"}");
	check_found(fetch("moved"));
	CHECK_INT(got.result.requests, 1);
	serve("moved", "{\"redirect\": \"http://127.0.0.1:{port}/target/1A/target.sym\", \"status\": 307}");
	check_found(fetch("moved"));
	serve("moved", "{\"redirect\": \"/nothing\"}");
	CHECK_INT(fetch("moved"), UPSTREAM_ABSENT);
}

static void redirects_have_an_end(void)
{
	const char *path;

	begin_case();
	options.retries = 2;
	path = serve("loop", "{\"redirect\": \"/loop/1A/loop.sym\"}");
	check_unknown(fetch("loop"), ERR_UPSTREAM, 1);
	CHECK_INT(server_requests(path), 11);
	CHECK(strstr(got.err.msg, "more than 10 redirects"));
}

static void redirects_to_elsewhere_are_guarded(void)
{
	/* the last is a name for loopback that only resolving tells */
	static const char *const targets[] = {
		"http://127.0.0.1:{port}/target/1A/target.sym", "http://[::ffff:127.0.0.1]:{port}/x",
		"http://2130706433:{port}/target/1A/target.sym", "http://169.254.169.254/latest/meta-data",
		"http://name.localhost:{port}/target/1A/target.sym",
	};
	const char *target_path = "/target/1A/target.sym";
	int before;

	begin_case();
	serve("target", NULL);
	/* the operator's own way there leaves a kept connection, which is not for redirects */
	check_found(fetch_from(base_at("name.localhost"), "target"));
	before = server_requests(target_path);
	for (size_t i = 0; i < TAP_COUNT(targets); i++) {
		char *behaviour = mem_printf("{\"redirect\": \"%s\"}", targets[i]);

		serve("away", behaviour);
		check_unknown(fetch_from(base_at("localhost"), "away"), ERR_UPSTREAM, 1);
		if (!CHECK(strstr(got.err.msg, "private address")))
			tap_note("%s: %s", targets[i], got.err.msg);
		free(behaviour);
	}
	CHECK_INT(server_requests(target_path), before);
}

static void redirects_may_be_let_through(void)
{
	char *base;

	begin_case();
	options.allow_private_redirects = true;
	serve("allowed", NULL);
	serve("away", "{\"redirect\": \"http://127.0.0.1:{port}/allowed/1A/allowed.sym\"}");
	base = mem_printf("http://joe:swordfish@localhost:%d", server_port());
	check_found(fetch_from(base, "away"));
	CHECK(server_saw_header("/away/1A/away.sym", "Authorization", "Basic"));
	CHECK(!server_saw_header("/allowed/1A/allowed.sym", "Authorization", ""));
	free(base);
}

static void redirects_to_other_schemes_are_refused(void)
{
	static const char *const targets[] = {
		"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/x",
	};

	begin_case();
	options.allow_private_redirects = true;
	options.retries = 2;
	for (size_t i = 0; i < TAP_COUNT(targets); i++) {
		char *behaviour = mem_printf("{\"redirect\": \"%s\"}", targets[i]);

		serve("scheme", behaviour);
		CHECK_INT(fetch("scheme"), UPSTREAM_UNKNOWN);
		CHECK_INT(got.result.requests, 1);
		free(behaviour);
	}
}

static void connections_are_kept(void)
{
	int before;

	begin_case();
	serve("kept", NULL);
	before = server_connections();
	for (int i = 0; i < 5; i++) {
		check_found(fetch("kept"));
		CHECK_INT(fetch("missing"), UPSTREAM_ABSENT);
	}
	CHECK_INT(server_connections(), before + 1);
}

/* A loopback port that nobody listens on for as long as the descriptor is open. */
static int bind_port(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	CHECK_INT(bind(fd, (struct sockaddr *)&address, len), 0);
	CHECK_INT(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void a_refused_connection_is_unknown(void)
{
	int number, fd;
	char *base;

	begin_case();
	fd = bind_port(&number);
	base = mem_printf("http://127.0.0.1:%d/", number);
	options.retries = 1;
	check_unknown(fetch_from(base, "x"), ERR_UPSTREAM, 0);
	CHECK_INT(got.begun, 2);
	free(base);
	close(fd);
}

static void connecting_has_an_end(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int number, fd, callers[4];
	char *base;

	begin_case();
	fd = bind_port(&number);
	base = mem_printf("http://127.0.0.1:%d/", number);
	/* a full backlog: the kernel drops what else comes */
	CHECK_INT(listen(fd, 0), 0);
	address.sin_port = htons((uint16_t)number);
	for (size_t i = 0; i < TAP_COUNT(callers); i++) {
		callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(callers[i], (struct sockaddr *)&address, sizeof(address));
	}
	options.connect_timeout_ms = 200;
	check_unknown(fetch_from(base, "x"), ERR_TIMEOUT, 0);
	for (size_t i = 0; i < TAP_COUNT(callers); i++)
		close(callers[i]);
	close(fd);
	free(base);
}

static void unusable_bases_are_unknown(void)
{
	static const char *const bases[] = {"", "symbols", "file:///etc", "ftp://127.0.0.1/"};

	begin_case();
	for (size_t i = 0; i < TAP_COUNT(bases); i++)
		check_unknown(fetch_from(bases[i], "x"), ERR_INPUT, 0);
}

/* Says yes when it has been asked so often. */
static bool cancel_at(void *ctx)
{
	int *left = ctx;

	return (*left)-- <= 0;
}

static void a_fetch_can_be_cancelled(void)
{
	int left = 3;
	uint64_t start_ms = clock_mono_ms();

	begin_case();
	options.cancelled = cancel_at;
	options.cancelled_ctx = &left;
	options.retries = 2;
	serve("cancelled", "{\"hang\": true}");
	check_unknown(fetch("cancelled"), ERR_BUSY, 1);
	left = 3;
	client_close();
	options.retry_delay_ms = 100000;
	serve("cancelled", "{\"status\": 500}");
	check_unknown(fetch("cancelled"), ERR_BUSY, 1);
	CHECK(clock_mono_ms() - start_ms < 5000);
}

static void the_environments_proxy_is_used(void)
{
	begin_case();
	setenv("http_proxy", base_at("127.0.0.1"), 1);
	serve("proxied", NULL);
	check_found(fetch_from("http://symbols.invalid/", "proxied"));
	CHECK_INT(server_requests("http://symbols.invalid/proxied/1A/proxied.sym"), 1);
	/* a redirect's target is the proxy's to resolve; what is private by its looks is refused */
	serve("away", "{\"redirect\": \"http://other.invalid/proxied/1A/proxied.sym\"}");
	check_found(fetch_from("http://symbols.invalid/", "away"));
	serve("away", "{\"redirect\": \"http://10.0.0.1/proxied/1A/proxied.sym\"}");
	check_unknown(fetch_from("http://symbols.invalid/", "away"), ERR_UPSTREAM, 1);
	/* no_proxy holds for what the operator named, and opens nothing to redirects */
	setenv("no_proxy", "127.0.0.1,name.localhost", 1);
	check_found(fetch("proxied"));
	CHECK_INT(server_requests("/proxied/1A/proxied.sym"), 1);
	serve("away", "{\"redirect\": \"http://name.localhost/proxied/1A/proxied.sym\"}");
	check_found(fetch_from("http://symbols.invalid/", "away"));
	CHECK_INT(server_requests("http://name.localhost/proxied/1A/proxied.sym"), 1);
	unsetenv("http_proxy");
	unsetenv("no_proxy");
}

static void a_source_has_times_of_its_own(void)
{
	begin_case();
	options.first_byte_timeout_ms = 100;
	source.times.first_byte_timeout_ms = 5000;
	serve("slow", "{\"delay_ms\": 400}");
	check_found(fetch("slow"));
	source.times.first_byte_timeout_ms = 0;
	check_timeout("{\"hang\": true}", "no answer within 100 ms");
	source.times.first_byte_timeout_ms = 200;
	check_timeout("{\"hang\": true}", "no answer within 200 ms");
	source.times.stall_timeout_ms = 200;
	check_timeout("{\"chunk_bytes\": 100, \"chunk_delay_ms\": 50}",
		      "stalled: not enough data within 200 ms");
	source.times.stall_bytes = 100;
	source.times.total_timeout_ms = 600;
	check_timeout("{\"chunk_bytes\": 100, \"chunk_delay_ms\": 50}", "not finished within 600 ms");
}

static void headers_stay_within_their_origin(void)
{
	static const char *const headers[] = {"X-Key: swordfish", "X-Empty;"};

	begin_case();
	options.allow_private_redirects = true;
	source.headers = headers;
	source.header_count = 2;
	serve("near", NULL);
	check_found(fetch("near"));
	CHECK(server_saw_header("/near/1A/near.sym", "X-Key", "swordfish"));
	CHECK(server_saw_header("/near/1A/near.sym", "X-Empty", ""));
	serve("turn", "{\"redirect\": \"/turned\"}");
	server_put("/turned", buf_slice(&symbols));
	check_found(fetch("turn"));
	CHECK(server_saw_header("/turned", "X-Key", "swordfish"));
	serve("far", "{\"redirect\": \"http://127.0.0.1:{port}/far-away\"}");
	server_put("/far-away", buf_slice(&symbols));
	check_found(fetch_from(base_at("localhost"), "far"));
	CHECK(server_saw_header("/far/1A/far.sym", "X-Key", "swordfish"));
	CHECK_INT(server_requests("/far-away"), 1);
	CHECK(!server_saw_header("/far-away", "X-Key", ""));
	source.header_count = 0;
	serve("none", NULL);
	check_found(fetch("none"));
	CHECK(!server_saw_header("/none/1A/none.sym", "X-Key", ""));
}

static void a_source_has_a_proxy_of_its_own(void)
{
	begin_case();
	setenv("no_proxy", "own.invalid", 1);
	source.proxy = base_at("127.0.0.1");
	serve("through", NULL);
	check_found(fetch_from("http://own.invalid/", "through"));
	CHECK_INT(server_requests("http://own.invalid/through/1A/through.sym"), 1);
	/* what it redirects to is reached that way, too, and guarded by its looks */
	serve("away", "{\"redirect\": \"http://other.invalid/through/1A/through.sym\"}");
	check_found(fetch_from("http://own.invalid/", "away"));
	serve("away", "{\"redirect\": \"http://10.0.0.1/through/1A/through.sym\"}");
	check_unknown(fetch_from("http://own.invalid/", "away"), ERR_UPSTREAM, 1);
	unsetenv("no_proxy");
}

static void a_source_may_have_to_be_public(void)
{
	const char *path;
	int before;

	begin_case();
	path = serve("private", NULL);
	check_found(fetch("private")); /* leaves a connection, which is not for those that must be public */
	before = server_requests(path);
	source.public_only = true;
	check_unknown(fetch("private"), ERR_UPSTREAM, 0);
	CHECK(strstr(got.err.msg, "allowPrivate"));
	check_unknown(fetch_from(base_at("name.localhost"), "private"), ERR_UPSTREAM, 0);
	CHECK_INT(server_requests(path), before);
}

static const struct tap_case cases[] = {
	{"a file is fetched", a_file_is_fetched},
	{"names arrive as they are", names_arrive_as_they_are},
	{"unfit names are not asked for", unfit_names_are_not_asked_for},
	{"encoded bodies are decoded", encoded_bodies_are_decoded},
	{"a gzip file may be encoded again", a_gzip_file_may_be_encoded_again},
	{"each status has its outcome", each_status_has_its_outcome},
	{"messages hide secrets", messages_hide_secrets},
	{"a retry starts afresh", a_retry_starts_afresh},
	{"a server that asks for patience gets it", a_server_that_asks_for_patience_gets_it},
	{"bodies that end early are unknown", bodies_that_end_early_are_unknown},
	{"other content is unknown", other_content_is_unknown},
	{"large files are refused", large_files_are_refused},
	{"every wait has an end", every_wait_has_an_end},
	{"a timeout is tried again", a_timeout_is_tried_again},
	{"a slow server is waited for", a_slow_server_is_waited_for},
	{"redirects within an origin", redirects_within_an_origin},
	{"redirects have an end", redirects_have_an_end},
	{"redirects to elsewhere are guarded", redirects_to_elsewhere_are_guarded},
	{"redirects may be let through, without credentials", redirects_may_be_let_through},
	{"redirects to other schemes are refused", redirects_to_other_schemes_are_refused},
	{"connections are kept", connections_are_kept},
	{"a refused connection is unknown", a_refused_connection_is_unknown},
	{"connecting has an end", connecting_has_an_end},
	{"unusable bases are unknown", unusable_bases_are_unknown},
	{"a fetch can be cancelled", a_fetch_can_be_cancelled},
	{"the environment's proxy is used", the_environments_proxy_is_used},
	{"a source has times of its own", a_source_has_times_of_its_own},
	{"headers stay within their origin", headers_stay_within_their_origin},
	{"a source has a proxy of its own", a_source_has_a_proxy_of_its_own},
	{"a source may have to be public", a_source_may_have_to_be_public},
};

int main(void)
{
	static const char *const proxies[] = {
		"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	};
	int result;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < TAP_COUNT(proxies); i++)
		unsetenv(proxies[i]);
	buf_add_text(&symbols, "MODULE Linux x86_64 1A lib\n");
	for (int i = 0; i < 1000; i++)
		buf_addf(&symbols, "PUBLIC %x 0 name_%d\n", i * 16, i * i % 1009);
	server_start();
	result = tap_run(cases, TAP_COUNT(cases));
	client_close();
	server_stop();
	buf_release(&symbols);
	buf_release(&got.text);
	return result;
}
