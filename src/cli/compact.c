/* SPDX-License-Identifier: MIT */
/* symbolicate compact. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/cache_args.h"
#include "cli/sym_file.h"
#include "cli/temp_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
	"Usage: symbolicate compact [OPTION]... FILE.sym\n\n"
	"Makes the table of a Breakpad symbol file (\"-\": standard input), publishes it in a\n"
	"store, and says what it took.\n\n"
	"      --json              one JSON object\n"
	"      --store DIR         the store; otherwise a temporary one.  It may be the database\n"
	"                          of a cache (CACHE/db-N) that is in use: a search for the\n"
	"                          same module is waited for, a minute at most\n";

enum { OPTION_JSON = 1000, OPTION_STORE };

enum { LOCK_WAIT_MS = 60000 };

/* A store of the cache is opened with its own limit; this one is for tables put there by hand. */
static const uint64_t store_max_bytes = (uint64_t)64 << 30;

struct report {
	struct compaction_result result;
	uint64_t page_bytes;
	uint64_t started_us;
};

/* ---- the report ---- */

struct usage_figures {
	double cpu_s, wall_s;
	uint64_t peak_rss_bytes;
};

static double seconds(uint64_t us)
{
	return (double)us / 1e6;
}

static struct usage_figures usage_since(uint64_t started_us)
{
	struct rusage rusage;

	getrusage(RUSAGE_SELF, &rusage);
	return (struct usage_figures){
		.cpu_s = seconds(clock_cpu_us()),
		.wall_s = seconds(clock_mono_us() - started_us),
		.peak_rss_bytes = (uint64_t)rusage.ru_maxrss * 1024,
	};
}

static void add_skipped_json(struct buf *buf, const struct table_summary *summary)
{
	const char *between = "";

	buf_add_text(buf, ",\"skipped\":{");
	for (unsigned i = 0; i < SKIP_REASONS; i++) {
		if (!summary->skipped[i])
			continue;
		buf_addf(buf, "%s\"%s\":%" PRIu64, between, sym_skip_names[i], summary->skipped[i]);
		between = ",";
	}
	buf_add_byte(buf, '}');
}

static void add_json(struct buf *buf, const struct report *report)
{
	const struct table_summary *summary = &report->result.summary;
	struct usage_figures figures = usage_since(report->started_us);

	buf_addf(buf, "{\"text_bytes\":%" PRIu64 ",\"stored_bytes\":%" PRIu64, summary->text_bytes,
		 report->result.table.pages * report->page_bytes);
	buf_addf(buf, ",\"functions\":%" PRIu64 ",\"publics\":%" PRIu64 ",\"lines\":%" PRIu64
		 ",\"inline_ranges\":%" PRIu64, summary->functions, summary->publics, summary->lines,
		 summary->inline_ranges);
	add_skipped_json(buf, summary);
	buf_addf(buf, ",\"scan_s\":%.6f,\"build_s\":%.6f,\"insert_s\":%.6f", seconds(summary->scan_us),
		 seconds(summary->build_us), seconds(report->result.insert_us));
	buf_addf(buf, ",\"cpu_s\":%.6f,\"wall_s\":%.6f,\"peak_rss_bytes\":%" PRIu64 "}\n", figures.cpu_s,
		 figures.wall_s, figures.peak_rss_bytes);
}

static void add_text(struct buf *buf, const struct report *report)
{
	const struct table_summary *summary = &report->result.summary;
	struct usage_figures figures = usage_since(report->started_us);
	uint64_t stored = report->result.table.pages * report->page_bytes;

	buf_addf(buf, "text    %" PRIu64 " bytes\n", summary->text_bytes);
	buf_addf(buf, "stored  %" PRIu64 " bytes, %.1f %% of the text\n", stored,
		 100.0 * (double)stored / (double)summary->text_bytes);
	buf_addf(buf,
		 "records %" PRIu64 " functions, %" PRIu64 " publics, %" PRIu64 " lines, %" PRIu64
		 " inline ranges\n",
		 summary->functions, summary->publics, summary->lines, summary->inline_ranges);
	for (unsigned i = 0; i < SKIP_REASONS; i++)
		if (summary->skipped[i])
			buf_addf(buf, "skipped %" PRIu64 " records: %s\n", summary->skipped[i],
				 sym_skip_names[i]);
	buf_addf(buf, "time    %.3f s (scan %.3f, build %.3f, insert %.3f), %.3f s of CPU\n", figures.wall_s,
		 seconds(summary->scan_us), seconds(summary->build_us), seconds(report->result.insert_us),
		 figures.cpu_s);
	buf_addf(buf, "memory  %" PRIu64 " bytes at most\n", figures.peak_rss_bytes);
}

static int print_report(const struct report *report, bool is_json)
{
	struct buf out = BUF_INIT;
	int status;

	if (is_json)
		add_json(&out, report);
	else
		add_text(&out, report);
	status = cli_flush(&out) ? EX_OK : EX_IOERR;
	buf_release(&out);
	return status;
}

/* ---- the work ---- */

static int publish_in(struct store *store, struct compaction *compaction, struct module_name module,
		      struct report *report, struct err *err)
{
	struct store_table info = {.made_s = clock_wall_s()};
	struct buf key = BUF_INIT;
	struct store_stat stat;
	int result;

	module_add_key(&key, module);
	result = compaction_publish(compaction, store, buf_slice(&key), &info, &report->result, err);
	if (result == 0)
		result = store_stat(store, &stat, err);
	if (result == 0)
		report->page_bytes = stat.page_bytes;
	buf_release(&key);
	return result;
}

/* The temporary directory goes as soon as its files are open: nothing is left however the command ends. */
static int open_store(struct store **ret, const char *dir, struct err *err)
{
	char *path = dir ? mem_strdup(dir) : temp_store_new(err);
	struct store_options options = {.dir = path, .max_bytes = store_max_bytes};
	int result = path ? store_open(ret, &options, err) : -1;

	if (path && !dir)
		temp_store_remove(path);
	free(path);
	return result;
}

/* The keys' locks: a cache's, where the store is one's, otherwise those of the store's other users. */
static int open_locks(const char *dir, struct err *err)
{
	char *of_cache = mem_printf("%s/../fetch.lock", dir), *own = mem_printf("%s/fetch.lock", dir);
	int fd = open(of_cache, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		fd = open(own, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		err_sys(err, "cannot open the locks of %s", dir);
	free(of_cache);
	free(own);
	return fd;
}

/* A pending table of a key whose lock is not held counts as a dead process's, and would be deleted under us. */
static int publish_locked(struct store *store, struct compaction *compaction, struct module_name module,
			  const char *dir, struct report *report, struct err *err)
{
	struct buf key = BUF_INIT;
	int locks = open_locks(dir, err), result = -1;

	if (locks < 0)
		return -1;
	module_add_key(&key, module);
	if (cache_lock(locks, buf_slice(&key), LOCK_WAIT_MS, err) == 0)
		result = publish_in(store, compaction, module, report, err);
	close(locks); /* which unlocks */
	buf_release(&key);
	return result;
}

static int publish(struct compaction *compaction, const struct buf *module_line, const char *dir,
		   struct report *report, struct err *err)
{
	struct module_name module;
	struct store *store;
	int result;

	if (!sym_file_module(buf_slice(module_line), &module) || !module_is_askable(module))
		return err_set(err, ERR_INPUT, "its MODULE line names no module");
	if (open_store(&store, dir, err) < 0)
		return -1;
	result = dir ? publish_locked(store, compaction, module, dir, report, err)
		     : publish_in(store, compaction, module, report, err);
	store_close(store);
	return result;
}

static int compact_descriptor(int fd, const char *dir, struct report *report, struct err *err)
{
	struct buf module_line = BUF_INIT;
	struct compaction *compaction;
	int result;

	if (dir && file_make_dirs(dir, err) < 0)
		return -1;
	result = sym_file_compact(fd, dir ? dir : temp_dir(), (struct slice){NULL, 0}, &module_line,
				  &compaction, err);
	if (result == 0) {
		result = publish(compaction, &module_line, dir, report, err);
		compaction_free(compaction);
	}
	buf_release(&module_line);
	return result;
}

static int compact(const char *path, const char *dir, struct report *report, struct err *err)
{
	int fd = sym_file_open(path, err), result;

	if (fd < 0)
		return -1;
	result = compact_descriptor(fd, dir, report, err);
	close(fd);
	return result < 0 ? err_prefix(err, "%s", path) : 0;
}

int command_compact(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, OPTION_JSON},
		{"store", required_argument, NULL, OPTION_STORE},
		{NULL, 0, NULL, 0},
	};
	struct cli cli = {argc, argv, "", options, usage, EX_OK};
	struct report report = {.started_us = clock_mono_us()};
	struct err err = ERR_INIT;
	const char *store_dir = NULL;
	bool is_json = false;
	int letter;

	while ((letter = cli_next_option(&cli)) >= 0) {
		if (letter == OPTION_JSON)
			is_json = true;
		else
			store_dir = optarg;
	}
	if (letter == CLI_END)
		return cli.status;
	if (optind + 1 != argc)
		return cli_usage_error(&cli, "one FILE.sym is wanted");
	mem_give_back();
	if (compact(argv[optind], store_dir, &report, &err) < 0)
		return cli_fail(&cli, &err);
	return print_report(&report, is_json);
}
