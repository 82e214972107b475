/* SPDX-License-Identifier: MIT */
/* src/upstream: what processes know together of a server: breaker, places, log. */
#include "tap.h"
#include "upstream_server.h"

#include "base/clock.h"
#include "base/mem.h"
#include "upstream/origin.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct state *state;
static struct upstream *client;
static struct upstream_source source = {.kind = SOURCE_URL};
static struct upstream_result got;
static struct err got_err;
static int case_number;

/* Every case has an origin of its own, which leads to the one server. */
static void begin_case(void)
{
	struct upstream_options options = {
		.user_agent = "symbolicate/test",
		.total_timeout_ms = 3000,
		.state = state,
	};
	struct err err = ERR_INIT;

	if (server_port() == 0)
		tap_skip("python3 is missing, or could not run the scripted upstream");
	upstream_close(client);
	free((char *)(uintptr_t)source.location);
	free((char *)(uintptr_t)source.origin);
	source = (struct upstream_source){.kind = SOURCE_URL};
	source.location = mem_printf("http://127.0.0.1:%d/case%d", server_port(), ++case_number);
	source.origin = mem_printf("case %d", case_number);
	if (!CHECK_INT(upstream_open(&client, &options, &err), 0))
		exit(99);
}

static int sink_begin(void *ctx, struct err *err)
{
	(void)ctx, (void)err;
	return 0;
}

static int sink_data(void *ctx, const char *data, size_t len, struct err *err)
{
	(void)ctx, (void)data;
	return len && data[0] == '<' ? err_set(err, ERR_INPUT, "not a symbol file") : 0;
}

/* What the server does when asked for that module of the case. */
static const char *behave(const char *name, const char *behaviour)
{
	static char *path;

	free(path);
	path = mem_printf("/case%d/%s/1A/%s.sym", case_number, name, name);
	server_put(path, SLICE_LITERAL("MODULE a b 1A c\n"));
	server_behave(path, behaviour);
	return path;
}

static enum upstream_cause fetch(const char *name)
{
	struct upstream_sink sink = {NULL, sink_begin, sink_data};
	struct module_name module = {slice_of(name), SLICE_LITERAL("1a")};

	got_err = (struct err)ERR_INIT;
	upstream_fetch_symbols(client, &source, module, &sink, &got, &got_err);
	return got.cause;
}

static struct state_origin *origin(void)
{
	return origin_claim(state, source.origin);
}

/* As if the blackout had passed. */
static void end_blackout(void)
{
	atomic_store(&origin()->breaker.closed_again_ms, clock_mono_ms());
}

static void causes_are_told_apart(void)
{
	static const struct {
		const char *behaviour;
		enum upstream_cause cause;
	} rows[] = {
		{"{}", UPSTREAM_CAUSE_NONE},
		{"{\"status\": 404}", UPSTREAM_CAUSE_ABSENT},
		{"{\"status\": 410}", UPSTREAM_CAUSE_ABSENT},
		{"{\"status\": 401}", UPSTREAM_CAUSE_DENIED},
		{"{\"status\": 403}", UPSTREAM_CAUSE_DENIED},
		{"{\"status\": 500}", UPSTREAM_CAUSE_SERVER},
		{"{\"status\": 400}", UPSTREAM_CAUSE_SERVER},
		{"{\"status\": 503}", UPSTREAM_CAUSE_SERVER},
		{"{\"html\": true}", UPSTREAM_CAUSE_CONTENT},
		{"{\"body\": \"\"}", UPSTREAM_CAUSE_CONTENT},
		{"{\"truncate_at\": 5}", UPSTREAM_CAUSE_TRANSPORT},
		{"{\"reset_at\": 0}", UPSTREAM_CAUSE_TRANSPORT},
		{"{\"status\": 503, \"headers\": {\"Retry-After\": \"7\"}}", UPSTREAM_CAUSE_BUSY},
	};

	begin_case();
	for (size_t i = 0; i < TAP_COUNT(rows); i++) {
		char *name = mem_printf("m%zu", i);

		behave(name, rows[i].behaviour);
		if (!CHECK_INT(fetch(name), rows[i].cause))
			tap_note("%s: %s", rows[i].behaviour, got_err.msg);
		free(name);
	}
	CHECK_INT(got.retry_after_s, 7);
}

/* Fails so often that the breaker opens, and not sooner. */
static void fail_in_a_row(void)
{
	behave("bad", "{\"status\": 500}");
	for (int i = 0; i < ORIGIN_TRIGGER; i++) {
		CHECK(!upstream_is_left_alone(state, &source));
		CHECK_INT(fetch("bad"), UPSTREAM_CAUSE_SERVER);
	}
	CHECK(upstream_is_left_alone(state, &source));
}

static void failures_in_a_row_are_a_trigger(void)
{
	const char *path;

	begin_case();
	fail_in_a_row();
	path = behave("good", NULL);
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_LEFT_ALONE);
	CHECK_INT(got_err.code, ERR_BUSY);
	CHECK_INT(server_requests(path), 0);
	end_blackout();
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_NONE);
	CHECK(!upstream_is_left_alone(state, &source));
	CHECK_INT(fetch("bad"), UPSTREAM_CAUSE_SERVER); /* the count begins anew */
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_NONE);
}

static void a_probe_that_fails_doubles_the_blackout(void)
{
	uint64_t left_ms;

	begin_case();
	fail_in_a_row();
	end_blackout();
	CHECK_INT(fetch("bad"), UPSTREAM_CAUSE_SERVER);
	CHECK_INT(fetch("bad"), UPSTREAM_CAUSE_LEFT_ALONE);
	left_ms = atomic_load(&origin()->breaker.closed_again_ms) - clock_mono_ms();
	CHECK(left_ms > 2 * ORIGIN_BLACKOUT_MS - 5000 && left_ms <= 2 * ORIGIN_BLACKOUT_MS);
}

static void what_a_server_does_not_have_is_no_failure(void)
{
	static const char *const behaviours[] = {
		"{\"status\": 404}", "{\"status\": 410}", "{\"html\": true}", "{\"status\": 400}",
	};

	begin_case();
	for (int i = 0; i < 4 * ORIGIN_TRIGGER; i++) {
		behave("none", behaviours[i % 4]);
		CHECK(fetch("none") != UPSTREAM_CAUSE_LEFT_ALONE);
	}
	/* one good answer, and the failures before it do not count */
	for (int i = 0; i < 4 * ORIGIN_TRIGGER; i++) {
		behave("none", i % ORIGIN_TRIGGER ? "{\"status\": 403}" : "{}");
		CHECK(fetch("none") != UPSTREAM_CAUSE_LEFT_ALONE);
	}
}

static void a_server_says_when_to_come_again(void)
{
	static const struct {
		const char *behaviour;
		uint64_t seconds;
	} rows[] = {
		{"{\"status\": 429, \"headers\": {\"Retry-After\": \"45\"}}", 45},
		{"{\"status\": 503, \"headers\": {\"Retry-After\": \"99999999\"}}", ORIGIN_RETRY_AFTER_MAX_S},
		{"{\"status\": 503, \"headers\": {\"Retry-After\": \"Fri, 31 Dec 2100 23:59:59 GMT\"}}",
		 ORIGIN_RETRY_AFTER_MAX_S},
	};

	for (size_t i = 0; i < TAP_COUNT(rows); i++) {
		uint64_t left_ms;

		begin_case();
		behave("busy", rows[i].behaviour);
		CHECK_INT(fetch("busy"), UPSTREAM_CAUSE_BUSY);
		CHECK_INT(got.retry_after_s, rows[i].seconds);
		CHECK_INT(fetch("busy"), UPSTREAM_CAUSE_LEFT_ALONE);
		left_ms = atomic_load(&origin()->breaker.closed_again_ms) - clock_mono_ms();
		CHECK(left_ms <= rows[i].seconds * 1000 && left_ms > rows[i].seconds * 1000 - 5000);
	}
}

static void no_more_retries_once_it_is_left_alone(void)
{
	struct upstream_options options = {.user_agent = "symbolicate/test", .state = state, .retries = 5};
	struct err err = ERR_INIT;
	const char *path;

	begin_case();
	fail_in_a_row();
	upstream_close(client);
	CHECK_INT(upstream_open(&client, &options, &err), 0);
	path = behave("probe", "{\"status\": 500}");
	end_blackout();
	CHECK_INT(fetch("probe"), UPSTREAM_CAUSE_SERVER);
	CHECK_INT(server_requests(path), 1);
}

static void failures_are_logged_once_a_minute(void)
{
	uint32_t unlogged;

	begin_case();
	CHECK(upstream_may_log(client, &source, UPSTREAM_CAUSE_TRANSPORT, &unlogged));
	CHECK_INT(unlogged, 0);
	for (int i = 0; i < 7; i++)
		CHECK(!upstream_may_log(client, &source, UPSTREAM_CAUSE_TRANSPORT, &unlogged));
	CHECK(upstream_may_log(client, &source, UPSTREAM_CAUSE_SERVER, &unlogged));
	atomic_fetch_sub(&origin()->logged_ms[UPSTREAM_CAUSE_TRANSPORT], 50 * 1000);
	CHECK(!upstream_may_log(client, &source, UPSTREAM_CAUSE_TRANSPORT, &unlogged));
	atomic_fetch_sub(&origin()->logged_ms[UPSTREAM_CAUSE_TRANSPORT], 10 * 1000);
	CHECK(upstream_may_log(client, &source, UPSTREAM_CAUSE_TRANSPORT, &unlogged));
	CHECK_INT(unlogged, 8);
	/* a missing permission is for the operator to mend: once until then */
	CHECK(upstream_may_log(client, &source, UPSTREAM_CAUSE_DENIED, &unlogged));
	atomic_fetch_sub(&origin()->logged_ms[UPSTREAM_CAUSE_DENIED], 60 * 1000);
	CHECK(!upstream_may_log(client, &source, UPSTREAM_CAUSE_DENIED, &unlogged));
	behave("good", NULL);
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_NONE);
	CHECK(upstream_may_log(client, &source, UPSTREAM_CAUSE_DENIED, &unlogged));
}

/* A process that takes a place and holds it until it is killed. */
static pid_t hold_place(void)
{
	struct upstream_options options = {0};
	struct err err = ERR_INIT;
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0)
		exit(99);
	pid = fork();
	if (pid == 0) {
		if (state_after_fork(state, &err) == 0 &&
		    origin_take_place(state, origin(), &options, 2, UINT64_MAX, &err) >= 0 &&
		    write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	CHECK_INT(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void places_outlive_no_process(void)
{
	uint64_t start_ms = clock_mono_ms();
	pid_t holders[2];
	const char *path;

	begin_case();
	source.max_requests = 2;
	source.times.total_timeout_ms = 300;
	for (int i = 0; i < 2; i++)
		holders[i] = hold_place();
	path = behave("good", NULL);
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_LOCAL);
	CHECK_INT(got_err.code, ERR_TIMEOUT);
	CHECK(clock_mono_ms() - start_ms >= 300);
	CHECK_INT(server_requests(path), 0);
	source.max_requests = 3;
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_NONE);
	source.max_requests = 2;
	kill(holders[0], SIGKILL);
	waitpid(holders[0], NULL, 0);
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_NONE);
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_NONE); /* and gave its place back */
	kill(holders[1], SIGKILL);
	waitpid(holders[1], NULL, 0);
}

static void origins_are_bounded(void)
{
	int known = 0;

	begin_case();
	CHECK(origin() != NULL && origin() == origin());
	for (int i = 0; i < 2 * STATE_ORIGINS; i++) {
		char *name = mem_printf("one of many %d", i);

		known += origin_claim(state, name) != NULL;
		free(name);
	}
	CHECK(known > 0 && known < STATE_ORIGINS);
	/* without a place in state.map it is asked all the same */
	free((char *)(uintptr_t)source.origin);
	source.origin = mem_strdup("one too many");
	source.max_requests = 1;
	behave("good", NULL);
	CHECK_INT(fetch("good"), UPSTREAM_CAUSE_NONE);
}

static const struct tap_case cases[] = {
	{"causes are told apart", causes_are_told_apart},
	{"failures in a row are a trigger", failures_in_a_row_are_a_trigger},
	{"a probe that fails doubles the blackout", a_probe_that_fails_doubles_the_blackout},
	{"what a server does not have is no failure", what_a_server_does_not_have_is_no_failure},
	{"a server says when to come again", a_server_says_when_to_come_again},
	{"no more retries once it is left alone", no_more_retries_once_it_is_left_alone},
	{"failures are logged once a minute", failures_are_logged_once_a_minute},
	{"places outlive no process", places_outlive_no_process},
	{"origins are bounded", origins_are_bounded},
};

int main(void)
{
	char *dir = mem_printf("%s/cache", tap_temp_dir());
	struct err err = ERR_INIT;
	int result;

	signal(SIGPIPE, SIG_IGN);
	if (state_open(&state, dir, &err) < 0)
		return 99;
	server_start();
	result = tap_run(cases, TAP_COUNT(cases));
	upstream_close(client);
	server_stop();
	state_close(state);
	free((char *)(uintptr_t)source.location);
	free((char *)(uintptr_t)source.origin);
	free(dir);
	return result;
}
