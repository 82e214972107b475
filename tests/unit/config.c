/* SPDX-License-Identifier: MIT */
/* src/config: defaults, files, options, derived values, printing. */
#include "tap.h"

#include "base/file.h"
#include "base/mem.h"
#include "config/config.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static const char *top(void)
{
	const char *dir = getenv("top_srcdir");

	return dir ? dir : ".";
}

static void read_file(const char *name, struct buf *buf)
{
	char *path = mem_printf("%s/%s", top(), name);
	struct err err = ERR_INIT;

	if (!CHECK(file_read(path, 1 << 20, buf, &err) == 0))
		tap_note("%s", err.msg);
	free(path);
}

static struct config *load(const char *text, struct config_problems *problems)
{
	struct config *config = config_new();

	config_load_text(config, slice_of(text), "test", "/base", problems);
	config_finish(config, problems);
	return config;
}

/* For text that must be without problems. */
static struct config *load_good(const char *text)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct config *config = load(text, &problems);
	struct buf said = BUF_INIT;

	config_problems_format(&problems, &said);
	CHECK_TEXT(buf_slice(&said), "");
	buf_release(&said);
	config_problems_release(&problems);
	return config;
}

/* ---- the shipped files ---- */

static void shipped_file_is_the_defaults(void)
{
	struct config *config = config_new();
	struct buf printed = BUF_INIT, file = BUF_INIT;

	config_print(config, &printed, 0);
	read_file("etc/symbolicate.json", &file);
	CHECK_SLICE(buf_slice(&file), buf_slice(&printed));
	config_free(config);
	config = load_good(buf_text(&file));
	config_free(config);
	buf_release(&printed);
	buf_release(&file);
}

static void documentation_is_of_the_table(void)
{
	struct buf printed = BUF_INIT, file = BUF_INIT;

	config_print_markdown(&printed);
	read_file("docs/configuration.md", &file);
	CHECK_SLICE(buf_slice(&file), buf_slice(&printed));
	buf_release(&printed);
	buf_release(&file);
}

/* ---- tests/cases/config: NAME.json and, if anything is wrong with it, NAME.expected ---- */

static void run_case(const char *name)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct config *config = config_new();
	struct buf text = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
	char *path = mem_printf("tests/cases/config/%s", name);
	char *expected = mem_printf("%s/tests/cases/config/%.*s.expected", top(), (int)strlen(name) - 5, name);
	struct err err = ERR_INIT;

	read_file(path, &text);
	file_read(expected, 1 << 20, &want, &err);
	config_load_text(config, buf_slice(&text), name, "/base", &problems);
	config_finish(config, &problems);
	config_problems_format(&problems, &got);
	if (!CHECK_SLICE(buf_slice(&got), buf_slice(&want)))
		tap_note("in %s", name);
	config_problems_release(&problems);
	config_free(config);
	buf_release(&text);
	buf_release(&want);
	buf_release(&got);
	free(path);
	free(expected);
}

static void cases_give_the_expected_problems(void)
{
	char *path = mem_printf("%s/tests/cases/config", top());
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned count = 0;

	while (dir && (entry = readdir(dir))) {
		if (!slice_ends_with(slice_of(entry->d_name), SLICE_LITERAL(".json")))
			continue;
		run_case(entry->d_name);
		count++;
	}
	CHECK(count >= 15);
	if (dir)
		closedir(dir);
	free(path);
}

/* ---- values ---- */

static void old_snappy_file_means_the_same(void)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct buf text = BUF_INIT;
	struct config *config;

	read_file("tests/cases/config/snappy-sample.json", &text);
	config = load(buf_text(&text), &problems);
	CHECK_TEXT(slice_of(config->disk_cache.cache_path), "/base/DiskCacheData");
	CHECK_TEXT(slice_of(config->general.cache_location), "/base/DiskCacheData/files");
	CHECK_TEXT(slice_of(config->disk_cache.log.path), "/base/DiskCache.log");
	CHECK_INT(config->disk_cache.max_size_mb, 200);
	CHECK_INT(config->disk_cache.retries, 15);
	CHECK_INT(config->disk_cache.retry_delay_ms, 250);
	CHECK_INT(config->disk_cache.local_symbol_dirs.count, 0);
	CHECK_INT(config->disk_cache.symbol_urls.count, 1);
	CHECK_TEXT(slice_of(config->disk_cache.symbol_urls.items[0]), "https://symbols.mozilla.org/");
	CHECK(config->quickstart.memcached.start && !config->quickstart.docker.enable);
	CHECK_INT(problems.errors, 0);
	config_free(config);
	config_problems_release(&problems);
	buf_release(&text);
}

static void old_pysymproxy_file_means_the_same(void)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct buf text = BUF_INIT;
	struct config *config;

	read_file("tests/cases/config/pysymproxy-default.json", &text);
	config = load(buf_text(&text), &problems);
	CHECK_INT(config->disk_cache.symbol_urls.count, 0);
	CHECK_INT(config->server_count, 2);
	CHECK_TEXT(slice_of(config->servers[0].remote), "");
	CHECK_TEXT(slice_of(config->servers[1].identifier), "Microsoft");
	CHECK_TEXT(slice_of(config->servers[1].cache_location), "/base/data/symbols");
	CHECK_INT(config->servers[1].retry_timeout_s, 600);
	CHECK_INT(config->servers[1].types, CONFIG_SYMSTORE);
	CHECK_INT(config->servers[1].transfer.connect_timeout_ms, 5000);
	CHECK(!config->servers[1].allow_private);
	CHECK_TEXT(slice_of(config->servers[1].whitelist.items[0]), ".*");
	CHECK_INT(problems.errors, 0);
	config_free(config);
	config_problems_release(&problems);
	buf_release(&text);
}

static void windows_paths_are_mapped(void)
{
	struct config *config = load_good(
		"{\"general\": {\"pathMap\": {\"\\\\\\\\Server\\\\share\": \"/mnt/a/\", \"c:\\\\\": \"/mnt/c\","
		" \"\\\\\\\\server\\\\share\\\\deep\": \"/mnt/b\"}},"
		" \"DiskCache\": {\"cachePath\": \"C:\\\\cache\","
		" \"localSymbolDirs\": [\"\\\\\\\\server\\\\SHARE\\\\x\\\\y\", \"z\", \"//server/share\"]},"
		" \"servers\": [{\"remote\": \"\\\\\\\\server\\\\share\\\\deep\\\\er\"}]}");
	struct buf path = BUF_INIT;

	CHECK_TEXT(slice_of(config->disk_cache.cache_path), "/mnt/c/cache");
	CHECK_TEXT(slice_of(config->disk_cache.local_symbol_dirs.items[0]), "/mnt/a/x/y");
	CHECK_TEXT(slice_of(config->disk_cache.local_symbol_dirs.items[1]), "/base/z");
	CHECK_TEXT(slice_of(config->disk_cache.local_symbol_dirs.items[2]), "//server/share");
	CHECK_TEXT(slice_of(config->servers[0].remote), "/mnt/b/er");
	CHECK(!config_map_path(config, SLICE_LITERAL("\\\\server\\sharer\\x"), &path));
	CHECK(!config_map_path(config, SLICE_LITERAL("\\\\server\\share\\..\\etc"), &path));
	CHECK(!config_map_path(config, SLICE_LITERAL("/plain/path"), &path));
	CHECK(config_map_path(config, SLICE_LITERAL("\\\\server\\share\\..a\\b"), &path));
	CHECK_TEXT(buf_slice(&path), "/mnt/a/..a/b");
	buf_release(&path);
	config_free(config);
}

static void machine_decides_the_rest(void)
{
	struct config *config = load_good("{\"process\": {\"maxWorkers\": 3, \"fetchers\": 1}}");

	CHECK(config->process.workers >= 1 && config->process.workers <= 3);
	CHECK_INT(config->process.reserved, 2);
	CHECK_INT(config->process.builders, sysconf(_SC_NPROCESSORS_ONLN));
	config_free(config);
	config = load_good("{\"process\": {\"workers\": 20}}");
	CHECK_INT(config->process.reserved, 10);
	config_free(config);
}

static void servers_are_named_apart(void)
{
	struct config *config = load_good(
		"{\"servers\": [{\"remote\": \"https://u:p@example.org/\", \"type\": [\"breakpad\", \"symstore\"]},"
		" {\"remote\": \"https://u:p@example.org/\"}, {\"remote\": \"sub\", \"allowPrivate\": true}]}");

	CHECK_TEXT(slice_of(config->servers[0].identifier), "https://***@example.org/");
	CHECK_TEXT(slice_of(config->servers[1].identifier), "https://***@example.org/ (2)");
	CHECK_TEXT(slice_of(config->servers[2].remote), "/base/sub");
	CHECK_INT(config->servers[0].types, CONFIG_SYMSTORE | CONFIG_BREAKPAD);
	CHECK(config->servers[0].allow_private && config->servers[2].allow_private);
	config_free(config);
}

/* ---- options ---- */

static void options_win(void)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct config *config = load_good("{\"SymServer\": {\"port\": 1}}");

	config_override(config, "SymServer.port=8081", &problems);
	config_override(config, "identity.name=123", &problems);
	config_override(config, "identity.host=a=b", &problems);
	config_override(config, "DiskCache.cachePath=/a b", &problems);
	config_override(config, "SymServer.memcachedServers=[]", &problems);
	config_override(config, "SymServer.lookup=nearest", &problems);
	config_override(config, "DiskCache={\"maxSizeMB\": 9}", &problems);
	CHECK_INT(problems.count, 0);
	CHECK_INT(config->sym_server.port, 8081);
	CHECK_TEXT(slice_of(config->identity.name), "123");
	CHECK_TEXT(slice_of(config->identity.host), "a=b");
	CHECK_TEXT(slice_of(config->disk_cache.cache_path), "/a b");
	CHECK_INT(config->sym_server.memcached_servers.count, 0);
	CHECK_INT(config->sym_server.lookup, CONFIG_LOOKUP_NEAREST);
	CHECK_INT(config->disk_cache.max_size_mb, 9);
	config_free(config);
}

static void wrong_options_are_named(void)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct config *config = config_new();
	struct buf said = BUF_INIT;

	config_override(config, "SymServer.port", &problems);
	config_override(config, "SymServer.port=many", &problems);
	config_override(config, "SymServer.prt=1", &problems);
	config_override(config, "servers=[{\"headers\": {\"Key\": 17}}]", &problems);
	config_problems_format(&problems, &said);
	CHECK_TEXT(buf_slice(&said),
		   "-o SymServer.port: error: must be KEY=VALUE\n"
		   "-o SymServer.port: error: SymServer.port must be a whole number from 0 to 65535, not \"many\"\n"
		   "-o SymServer.prt: warning: SymServer.prt: unknown key; is \"SymServer.port\" meant?\n"
		   "-o servers: error: servers[0].headers must be an object whose values are strings\n");
	CHECK_INT(problems.errors, 3);
	CHECK_INT(config->sym_server.port, 8080);
	buf_release(&said);
	config_problems_release(&problems);
	config_free(config);
}

static void old_options_work(void)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct config *config = config_new();

	CHECK(config_old_option(config, "symbolURL", "http://a/", true, &problems));
	CHECK(config_old_option(config, "symbolURL", "http://b/", false, &problems));
	CHECK(config_old_option(config, "logLevel", "10", true, &problems));
	CHECK(config_old_option(config, "memcachedServer", "None", true, &problems));
	CHECK(config_old_option(config, "maxSize", "300", true, &problems));
	CHECK(config_old_option(config, "cachePath", "/c", true, &problems));
	CHECK(config_old_option(config, "configJSON", "{\"SymServer\": {\"port\": 5}}", true, &problems));
	CHECK(!config_old_option(config, "verbose", "1", true, &problems));
	CHECK_INT(problems.count, 0);
	CHECK_INT(config->disk_cache.symbol_urls.count, 2);
	CHECK_TEXT(slice_of(config->disk_cache.symbol_urls.items[1]), "http://b/");
	CHECK_INT(config->sym_server.log.level, 10);
	CHECK_INT(config->disk_cache.log.level, 10);
	CHECK_INT(config->sym_server.memcached_servers.count, 0);
	CHECK_INT(config->disk_cache.max_size_mb, 300);
	CHECK_TEXT(slice_of(config->disk_cache.cache_path), "/c");
	CHECK_INT(config->sym_server.port, 5);
	config_problems_release(&problems);
	config_free(config);
}

static void log_words_are_no_paths(void)
{
	struct config *config = load_good("{\"DiskCache\": {\"log\": {\"path\": \"Journal\"}},"
					  " \"SymServer\": {\"log\": {\"path\": \"./syslog\"}}}");

	CHECK_TEXT(slice_of(config->disk_cache.log.path), "journal");
	CHECK_TEXT(slice_of(config->sym_server.log.path), "/base/syslog");
	config_free(config);
}

/* ---- printing ---- */

static bool has(struct buf *text, const char *part)
{
	return strstr(buf_text(text), part) != NULL;
}

static void secrets_are_not_printed(void)
{
	struct config *config = load_good(
		"{\"DiskCache\": {\"symbolURLs\": [\"https://me:hush@example.org/x@y\"]},"
		" \"logging\": {\"handlers\": {\"mail\": {\"credentials\": [\"me\", \"hush\"]}}},"
		" \"servers\": [{\"remote\": \"https://h@ush:hush@example.org\", \"proxy\": \"http://a:hush@p:1\","
		" \"headers\": {\"Authorization\": \"hush\"}}]}");
	struct buf printed = BUF_INIT, all = BUF_INIT;

	config_print(config, &printed, 0);
	CHECK(!has(&printed, "hush"));
	CHECK(has(&printed, "\"https://***@example.org/x@y\""));
	CHECK(has(&printed, "\"headers\": {\"Authorization\": \"***\"}"));
	config_print(config, &all, CONFIG_PRINT_SECRETS);
	CHECK(has(&all, "\"proxy\": \"http://a:hush@p:1\""));
	CHECK(has(&all, "\"credentials\":[\"me\",\"hush\"]"));
	buf_release(&printed);
	buf_release(&all);
	config_free(config);
}

static void printed_file_reads_as_the_same(void)
{
	struct config *config = load_good(
		"{\"general\": {\"pathMap\": {\"c:\\\\\": \"/mnt/c\"}}, \"servers\": [{\"remote\": \"http://a/\","
		" \"allowPrivate\": false}, {\"remote\": \"/b\", \"type\": [\"breakpad\"]}]}");
	struct buf first = BUF_INIT, second = BUF_INIT;

	config_print(config, &first, CONFIG_PRINT_SECRETS);
	config_free(config);
	config = load_good(buf_text(&first));
	config_print(config, &second, CONFIG_PRINT_SECRETS);
	CHECK_SLICE(buf_slice(&second), buf_slice(&first));
	config_free(config);
	buf_release(&first);
	buf_release(&second);
}

static void restart_keys_are_told(void)
{
	struct config *old = load_good("{}"), *fresh = load_good(
		"{\"process\": {\"maxWorkers\": 9, \"waitMs\": 1}, \"DiskCache\": {\"cachePath\": \"/x\"}}");
	struct buf keys = BUF_INIT;

	CHECK_INT(config_restart_keys(old, fresh, &keys), 2);
	CHECK_TEXT(buf_slice(&keys), "DiskCache.cachePath, process.maxWorkers");
	CHECK_INT(config_restart_keys(old, old, &keys), 0);
	buf_release(&keys);
	config_free(old);
	config_free(fresh);
}

static void files_are_opened(void)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	const char *overrides[] = {"SymServer.port=2"};
	struct config_args args = {"/nonexistent/file.json", overrides, 1};
	struct config *config;
	struct err err = ERR_INIT;
	char *path = mem_printf("%s/tests/cases/config/snappy-sample.json", top());

	CHECK_INT(config_open(&config, &args, &problems, &err), -1);
	CHECK_INT(err.code, ERR_NOT_FOUND);
	args.file = path;
	CHECK_INT(config_open(&config, &args, &problems, &err), 0);
	CHECK_INT(config->sym_server.port, 2);
	CHECK(slice_ends_with(slice_of(config->disk_cache.cache_path),
			      SLICE_LITERAL("/tests/cases/config/DiskCacheData")));
	CHECK(config->disk_cache.cache_path[0] == '/');
	config_problems_release(&problems);
	config_free(config);
	free(path);
}

int main(void)
{
	static const struct tap_case cases[] = {
		{"the shipped file is the defaults", shipped_file_is_the_defaults},
		{"the documentation is the table's", documentation_is_of_the_table},
		{"cases give the expected problems", cases_give_the_expected_problems},
		{"an old Snappy file means the same", old_snappy_file_means_the_same},
		{"an old pySymProxy file means the same", old_pysymproxy_file_means_the_same},
		{"Windows paths are mapped", windows_paths_are_mapped},
		{"the machine decides the rest", machine_decides_the_rest},
		{"servers are named apart", servers_are_named_apart},
		{"options win", options_win},
		{"wrong options are named", wrong_options_are_named},
		{"old options work", old_options_work},
		{"the words for log targets are no paths", log_words_are_no_paths},
		{"secrets are not printed", secrets_are_not_printed},
		{"a printed file reads as the same", printed_file_reads_as_the_same},
		{"restart keys are told", restart_keys_are_told},
		{"files are opened", files_are_opened},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
