/* SPDX-License-Identifier: MIT */
/* src/addrcache against real memcached servers: alive, frozen, dead. */
#include "tap.h"

#include "addrcache/addrcache.h"
#include "base/clock.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 100, PAUSE_MS = 150, SERVERS = 2 };

static struct {
	char *path;
	pid_t pid;
} servers[SERVERS];

/* ---- servers ---- */

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
}

static bool accepts(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return ok;
}

static void run_server(const char *path)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* should a case end the program */
	if (geteuid() == 0)
		execlp("memcached", "memcached", "-u", "root", "-t", "1", "-s", path, (char *)NULL);
	else
		execlp("memcached", "memcached", "-t", "1", "-s", path, (char *)NULL);
	_exit(127);
}

static bool start_server(int i)
{
	uint64_t deadline_ms = clock_mono_ms() + 10000;

	servers[i].path = mem_printf("%s/%d.sock", tap_temp_dir(), i);
	unlink(servers[i].path);
	fflush(stdout);
	servers[i].pid = fork();
	if (servers[i].pid == 0)
		run_server(servers[i].path);
	while (!accepts(servers[i].path)) {
		if (waitpid(servers[i].pid, NULL, WNOHANG) == servers[i].pid ||
		    clock_left_ms(deadline_ms) == 0) {
			servers[i].pid = 0;
			return false;
		}
		nap();
	}
	return true;
}

static void stop_server(int i)
{
	if (servers[i].pid) {
		kill(servers[i].pid, SIGKILL);
		waitpid(servers[i].pid, NULL, 0);
	}
	servers[i].pid = 0;
	free(servers[i].path);
}

static bool start_servers(int count)
{
	for (int i = 0; i < count; i++) {
		if (start_server(i))
			continue;
		for (; i >= 0; i--)
			stop_server(i);
		tap_skip("memcached is not installed or does not start");
		return false;
	}
	return true;
}

static void freeze(int i)
{
	kill(servers[i].pid, SIGSTOP);
	waitpid(servers[i].pid, NULL, WUNTRACED);
}

static struct addrcache *open_cache(int count, struct breaker *breaker)
{
	const char *paths[SERVERS] = {servers[0].path, servers[1].path};
	struct addrcache_options options = {
		.servers = paths,
		.server_count = (size_t)count,
		.timeout_ms = TIMEOUT_MS,
		.first_pause_ms = PAUSE_MS,
		.breaker = breaker,
	};
	struct addrcache *cache = NULL;
	struct err err;

	CHECK_INT(addrcache_open(&cache, &options, &err), 0);
	return cache;
}

/* ---- asking ---- */

enum { KEYS_MAX = 60000 };

static struct answers {
	unsigned count;
	char values[KEYS_MAX][16];
} answers;

static void note_answer(void *ctx, size_t index, struct slice value)
{
	struct answers *noted = ctx;

	noted->count++;
	snprintf(noted->values[index], sizeof(noted->values[index]), "%.*s", SLICE_PRINT(value));
}

static enum addrcache_result ask(struct addrcache *cache, const char *const *texts, size_t count)
{
	struct slice keys[8];

	memset(&answers, 0, sizeof(answers));
	for (size_t i = 0; i < count; i++)
		keys[i] = slice_of(texts[i]);
	return addrcache_get_many(cache, keys, count, note_answer, &answers);
}

static enum addrcache_result ask_one(struct addrcache *cache, const char *key)
{
	return ask(cache, &key, 1);
}

static enum addrcache_result add(struct addrcache *cache, const char *key, const char *value)
{
	return addrcache_add(cache, slice_of(key), slice_of(value));
}

/* Asks until the answer is `want`; false after 20 s. */
static bool becomes(struct addrcache *cache, const char *key, enum addrcache_result want)
{
	uint64_t deadline_ms = clock_mono_ms() + 20000;

	while (ask_one(cache, key) != want) {
		if (clock_left_ms(deadline_ms) == 0)
			return false;
		nap();
	}
	return true;
}

static void hits_and_misses(void)
{
	static const char *const keys[] = {"a", "absent", "b", "a", "bad key", "", "c"};
	struct addrcache *cache;

	if (!start_servers(1))
		return;
	cache = open_cache(1, NULL);
	CHECK(addrcache_usable(cache));
	CHECK_INT(add(cache, "a", "one"), ADDRCACHE_OK);
	CHECK_INT(add(cache, "b", ""), ADDRCACHE_OK);
	CHECK_INT(add(cache, "bad key", "x"), ADDRCACHE_OK);
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	CHECK_INT(ask(cache, keys, 7), ADDRCACHE_OK);
	CHECK_INT(answers.count, 3);
	CHECK_TEXT(slice_of(answers.values[0]), "one");
	CHECK_TEXT(slice_of(answers.values[3]), "one"); /* asked for twice */
	CHECK_INT(addrcache_stats(cache)->hits, 3);
	CHECK_INT(addrcache_stats(cache)->misses, 4);
	CHECK_INT(addrcache_stats(cache)->adds, 2);
	CHECK_INT(addrcache_stats(cache)->failures, 0);
	CHECK_INT(ask(cache, keys, 0), ADDRCACHE_OK);
	addrcache_close(cache);
	stop_server(0);
}

static void adds_do_not_overwrite(void)
{
	struct addrcache *cache;

	if (!start_servers(1))
		return;
	cache = open_cache(1, NULL);
	add(cache, "a", "first");
	add(cache, "a", "second");
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_OK);
	CHECK_TEXT(slice_of(answers.values[0]), "first");
	CHECK_INT(addrcache_delete(cache, SLICE_LITERAL("a")), ADDRCACHE_OK);
	CHECK_INT(addrcache_delete(cache, SLICE_LITERAL("a")), ADDRCACHE_OK);
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_OK);
	CHECK_INT(answers.count, 0);
	add(cache, "a", "third");
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_OK);
	CHECK_TEXT(slice_of(answers.values[0]), "third");
	addrcache_close(cache);
	stop_server(0);
}

static void check_many(struct addrcache *cache)
{
	static struct slice keys[KEYS_MAX];
	static char texts[KEYS_MAX][16];
	unsigned right = 0;

	for (unsigned i = 0; i < KEYS_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "key%u", i);
		keys[i] = slice_of(texts[i]);
		if (i % 3)
			addrcache_add(cache, keys[i], keys[i]);
	}
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	memset(&answers, 0, sizeof(answers));
	CHECK_INT(addrcache_get_many(cache, keys, KEYS_MAX, note_answer, &answers), ADDRCACHE_OK);
	CHECK_INT(answers.count, KEYS_MAX / 3 * 2);
	for (unsigned i = 0; i < KEYS_MAX; i++)
		right += strcmp(answers.values[i], i % 3 ? texts[i] : "") == 0;
	CHECK_INT(right, KEYS_MAX);
}

static void many_keys_and_two_servers(void)
{
	struct addrcache *cache;

	if (!start_servers(2))
		return;
	cache = open_cache(1, NULL);
	check_many(cache);
	addrcache_close(cache);
	kill(servers[0].pid, SIGKILL);
	waitpid(servers[0].pid, NULL, 0);
	free(servers[0].path);
	CHECK(start_server(0)); /* empty again */
	cache = open_cache(2, NULL);
	check_many(cache);
	addrcache_close(cache);
	stop_server(0);
	stop_server(1);
}

/* ---- trouble ---- */

static void a_dead_server_costs_once(void)
{
	struct breaker breaker = {0};
	struct addrcache *cache, *other;
	uint64_t start_us;

	servers[0].path = mem_printf("%s/nobody.sock", tap_temp_dir());
	cache = open_cache(1, &breaker);
	other = open_cache(1, &breaker);
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_FAILED);
	CHECK_INT(addrcache_stats(cache)->opened, 1);
	atomic_store(&breaker.closed_again_ms, clock_mono_ms() + 60000); /* no probe meanwhile */
	start_us = clock_mono_us();
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(ask_one(cache, "a"), ADDRCACHE_OFF);
		CHECK_INT(add(other, "a", "x"), ADDRCACHE_OFF);
		CHECK_INT(addrcache_flush(other), ADDRCACHE_OFF);
		CHECK(!addrcache_usable(other));
	}
	CHECK(clock_mono_us() - start_us < 100 * 1000);
	CHECK_INT(addrcache_stats(cache)->failures, 1);
	addrcache_close(cache);
	addrcache_close(other);
	free(servers[0].path);
}

static void a_frozen_server_costs_its_timeout_once(void)
{
	struct breaker breaker = {0};
	struct addrcache *cache;
	uint64_t start_us, took_us;

	if (!start_servers(1))
		return;
	cache = open_cache(1, &breaker);
	add(cache, "a", "one");
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_OK);
	freeze(0);
	start_us = clock_mono_us();
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_FAILED);
	took_us = clock_mono_us() - start_us;
	tap_note("a frozen server cost %llu us of %d ms", (unsigned long long)took_us, TIMEOUT_MS);
	CHECK(took_us < 3 * TIMEOUT_MS * 1000);
	start_us = clock_mono_us();
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_OFF);
	CHECK_INT(add(cache, "b", "x"), ADDRCACHE_OFF);
	CHECK(clock_mono_us() - start_us < TIMEOUT_MS * 1000 / 2);
	CHECK_INT(addrcache_stats(cache)->opened, 1);
	kill(servers[0].pid, SIGCONT);
	CHECK(becomes(cache, "a", ADDRCACHE_OK));
	CHECK_TEXT(slice_of(answers.values[0]), "one");
	CHECK_INT(add(cache, "b", "two"), ADDRCACHE_OK);
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	CHECK_INT(ask_one(cache, "b"), ADDRCACHE_OK);
	CHECK_TEXT(slice_of(answers.values[0]), "two");
	addrcache_close(cache);
	stop_server(0);
}

static void adds_to_a_frozen_server_are_bounded(void)
{
	static char value[4000];
	struct addrcache *cache;
	enum addrcache_result result = ADDRCACHE_OK;
	char key[16];
	uint64_t start_us, worst_us = 0;

	if (!start_servers(1))
		return;
	cache = open_cache(1, NULL);
	add(cache, "a", "one");
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	freeze(0);
	for (unsigned i = 0; i < 100000 && result == ADDRCACHE_OK; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		start_us = clock_mono_us();
		result = addrcache_add(cache, slice_of(key), slice_make(value, sizeof(value)));
		if (clock_mono_us() - start_us > worst_us)
			worst_us = clock_mono_us() - start_us;
	}
	CHECK_INT(result, ADDRCACHE_FAILED);
	tap_note("the longest add took %llu us", (unsigned long long)worst_us);
	CHECK(worst_us < 5 * TIMEOUT_MS * 1000);
	CHECK_INT(add(cache, "b", "x"), ADDRCACHE_OFF);
	kill(servers[0].pid, SIGCONT);
	CHECK(becomes(cache, "a", ADDRCACHE_OK));
	CHECK_TEXT(slice_of(answers.values[0]), "one");
	addrcache_close(cache);
	stop_server(0);
}

/* The first `frozen` of two servers; the keys are spread over both. */
static void check_frozen(int frozen)
{
	static const char *const keys[] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"};
	struct addrcache *cache;
	uint64_t start_us, took_us;

	if (!start_servers(2))
		return;
	cache = open_cache(2, NULL);
	for (int i = 0; i < 8; i++)
		add(cache, keys[i], keys[i]);
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	CHECK_INT(ask(cache, keys, 8), ADDRCACHE_OK);
	CHECK_INT(answers.count, 8);
	for (int i = 0; i < frozen; i++)
		freeze(i);
	start_us = clock_mono_us();
	CHECK_INT(ask(cache, keys, 8), ADDRCACHE_FAILED);
	took_us = clock_mono_us() - start_us;
	tap_note("%u of 8 came, after %llu us", answers.count, (unsigned long long)took_us);
	CHECK(took_us < 4 * TIMEOUT_MS * 1000);
	CHECK_INT(ask(cache, keys, 8), ADDRCACHE_OFF);
	for (int i = 0; i < frozen; i++)
		kill(servers[i].pid, SIGCONT);
	CHECK(becomes(cache, "k0", ADDRCACHE_OK));
	CHECK_INT(ask(cache, keys, 8), ADDRCACHE_OK);
	CHECK_INT(answers.count, 8);
	for (int i = 0; i < 8; i++)
		CHECK_TEXT(slice_of(answers.values[i]), keys[i]);
	addrcache_close(cache);
	stop_server(0);
	stop_server(1);
}

static void one_of_two_frozen(void)
{
	check_frozen(1);
}

static void two_of_two_frozen(void)
{
	check_frozen(2);
}

static void a_restarted_server_comes_back(void)
{
	struct addrcache *cache;

	if (!start_servers(1))
		return;
	cache = open_cache(1, NULL);
	add(cache, "a", "one");
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OK);
	stop_server(0);
	servers[0].path = mem_printf("%s/0.sock", tap_temp_dir());
	CHECK(becomes(cache, "a", ADDRCACHE_FAILED));
	free(servers[0].path);
	CHECK(start_server(0));
	CHECK(becomes(cache, "a", ADDRCACHE_OK));
	CHECK_INT(answers.count, 0);
	addrcache_close(cache);
	stop_server(0);
}

/* ---- the breaker by itself, and options ---- */

static void the_breaker_lets_one_probe(void)
{
	struct breaker breaker = {0};
	uint64_t now_ms = 1000;

	CHECK_INT(breaker_ask(&breaker, now_ms), BREAKER_CLOSED);
	CHECK(breaker_open(&breaker, 5000, now_ms));
	CHECK(!breaker_open(&breaker, 5000, now_ms + 10));
	CHECK_INT(breaker_ask(&breaker, 5999), BREAKER_OPEN);
	CHECK_INT(breaker_ask(&breaker, 6000), BREAKER_PROBE);
	CHECK_INT(breaker_ask(&breaker, 6000), BREAKER_OPEN);
	CHECK_INT(breaker_ask(&breaker, 11001), BREAKER_PROBE); /* the first one died */
	now_ms = 11001;
	for (unsigned pause_ms = 10000; pause_ms < 200000; pause_ms *= 2) {
		unsigned bounded_ms = pause_ms < 60000 ? pause_ms : 60000;

		breaker_probed(&breaker, false, now_ms);
		CHECK_INT(breaker_ask(&breaker, now_ms + bounded_ms - 1), BREAKER_OPEN);
		now_ms += bounded_ms;
		CHECK_INT(breaker_ask(&breaker, now_ms), BREAKER_PROBE);
	}
	breaker_probed(&breaker, true, now_ms);
	CHECK_INT(breaker_ask(&breaker, now_ms), BREAKER_CLOSED);
	CHECK(breaker_open(&breaker, 5000, now_ms));
	CHECK_INT(breaker_ask(&breaker, now_ms + 5000), BREAKER_PROBE);
}

static void slow_answers_count_in_a_row(void)
{
	struct breaker breaker = {0};

	CHECK(!breaker_note(&breaker, true, 3) && !breaker_note(&breaker, true, 3));
	CHECK(!breaker_note(&breaker, false, 3));
	CHECK(!breaker_note(&breaker, true, 3) && !breaker_note(&breaker, true, 3));
	CHECK(breaker_note(&breaker, true, 3));
}

static enum err_code open_code(const char *server)
{
	struct addrcache_options options = {.servers = &server, .server_count = 1, .timeout_ms = 20};
	struct addrcache *cache = NULL;
	struct err err = ERR_INIT;

	if (addrcache_open(&cache, &options, &err) == 0)
		addrcache_close(cache);
	return err.code;
}

static void addresses_are_numeric(void)
{
	static const char *const good[] = {"127.0.0.1:11211", "[::1]:11211", "/run/memcached.sock"};
	static const char *const bad[] = {"", "localhost:11211", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
					  "127.0.0.1:65536", "127.0.0.1:x", ":11211", "[]:1", "[:1",
					  "memcached.sock"};
	char path[200];

	for (size_t i = 0; i < TAP_COUNT(good); i++)
		CHECK_INT(open_code(good[i]), ERR_NONE);
	for (size_t i = 0; i < TAP_COUNT(bad); i++)
		CHECK_INT(open_code(bad[i]), ERR_INPUT);
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK_INT(open_code(path), ERR_INPUT);
}

static void no_servers_no_cache(void)
{
	struct addrcache_options options = {.timeout_ms = 20};
	struct addrcache *cache = NULL;
	struct err err;

	CHECK_INT(addrcache_open(&cache, &options, &err), 0);
	CHECK(!addrcache_usable(cache));
	CHECK_INT(ask_one(cache, "a"), ADDRCACHE_OFF);
	CHECK_INT(add(cache, "a", "b"), ADDRCACHE_OFF);
	CHECK_INT(addrcache_sync(cache), ADDRCACHE_OFF);
	CHECK_INT(addrcache_delete(cache, SLICE_LITERAL("a")), ADDRCACHE_OFF);
	addrcache_close(cache);
}

static const struct tap_case cases[] = {
	{"no servers, no cache", no_servers_no_cache},
	{"addresses are numeric", addresses_are_numeric},
	{"the breaker lets one probe", the_breaker_lets_one_probe},
	{"slow answers count in a row", slow_answers_count_in_a_row},
	{"hits and misses", hits_and_misses},
	{"adds do not overwrite, deletes delete", adds_do_not_overwrite},
	{"many keys, and two servers", many_keys_and_two_servers},
	{"a dead server costs once", a_dead_server_costs_once},
	{"a frozen server costs its timeout once", a_frozen_server_costs_its_timeout_once},
	{"adds to a frozen server are bounded", adds_to_a_frozen_server_are_bounded},
	{"one of two frozen", one_of_two_frozen},
	{"both frozen", two_of_two_frozen},
	{"a restarted server comes back", a_restarted_server_comes_back},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
