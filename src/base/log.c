/* SPDX-License-Identifier: MIT */
/* The log: what a line looks like, and where it goes. */
#include "base/log_internal.h"

#include "base/log_file.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

enum target {
	TO_STDERR,
	TO_STDERR_PREFIXED, /* read by systemd */
	TO_FILE,
	TO_SYSLOG,
	TO_JOURNAL,
};

static const char ident[] = "symbolicate", syslog_socket[] = "/dev/log";

static struct {
	enum target target;
	struct log_file file; /* TO_FILE */
	int level;
	char process[32];
	const char *request;
} the_log = {.level = LEVEL_WARNING};

/* ---- targets ---- */

static bool is(const char *path, const char *word)
{
	return path && strcmp(path, word) == 0;
}

static bool is_to_file(const char *path)
{
	return path && *path && !is(path, "stderr") && !is(path, "syslog") && !is(path, "journal");
}

const char *log_lacks(const char *path)
{
	if (is(path, "syslog"))
		return access(syslog_socket, F_OK) == 0 ? NULL : "there is no /dev/log";
	if (!is(path, "journal"))
		return NULL;
#ifdef HAVE_SYSTEMD
	return access("/run/systemd/journal/socket", F_OK) == 0 ? NULL : "systemd's journal does not run";
#else
	return "this build is without libsystemd";
#endif
}

/* systemd tells which device and inode are its own (systemd.exec(5)). */
static bool systemd_reads_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat info;

	if (stream == NULL || fstat(STDERR_FILENO, &info) < 0)
		return false;
	snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	return strcmp(stream, mine) == 0;
}

static enum target target_of(const char *path)
{
	if (log_lacks(path))
		return TO_STDERR_PREFIXED;
	if (is(path, "syslog"))
		return TO_SYSLOG;
	if (is(path, "journal"))
		return TO_JOURNAL;
	if (is_to_file(path))
		return TO_FILE;
	return systemd_reads_stderr() ? TO_STDERR_PREFIXED : TO_STDERR;
}

int log_open(const struct log_options *options, struct err *err)
{
	struct log_file file = {.fd = -1};

	if (is_to_file(options->path) && log_file_open(&file, options->path, err) < 0)
		return -1;
	log_close();
	the_log.target = target_of(options->path);
	if (the_log.target == TO_FILE) {
		the_log.file = file;
		the_log.file.max_bytes = options->max_file_bytes;
		the_log.file.max_files = options->max_files;
	} else if (the_log.target == TO_SYSLOG) {
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	}
	the_log.level = options->level;
	return 0;
}

int log_check(const char *path, struct err *err)
{
	struct log_file file = {.fd = -1};

	if (is_to_file(path) && log_file_open(&file, path, err) < 0)
		return -1;
	if (file.fd >= 0)
		log_file_close(&file);
	return 0;
}

int log_reopen(struct err *err)
{
	return the_log.target == TO_FILE ? log_file_reopen(&the_log.file, err) : 0;
}

void log_close(void)
{
	if (the_log.target == TO_FILE)
		log_file_close(&the_log.file);
	else if (the_log.target == TO_SYSLOG)
		closelog();
	the_log.target = TO_STDERR;
}

void log_set_process(const char *name)
{
	log_forget_left_out();
	snprintf(the_log.process, sizeof(the_log.process), "%s", name);
}

void log_set_request(const char *id)
{
	the_log.request = id;
}

bool log_enabled(int level)
{
	return level >= the_log.level;
}

/* ---- a line ---- */

static const struct {
	int level; /* and above */
	const char *name;
	int priority; /* of syslog, the journal and systemd */
} levels[] = {
	{LEVEL_CRITICAL, "CRITICAL", LOG_CRIT},
	{LEVEL_ERROR, "ERROR", LOG_ERR},
	{LEVEL_WARNING, "WARNING", LOG_WARNING},
	{LEVEL_INFO, "INFO", LOG_INFO},
	{INT32_MIN, "DEBUG", LOG_DEBUG},
};

static unsigned find_level(int level)
{
	unsigned i = 0;

	while (level < levels[i].level)
		i++;
	return i;
}

static size_t put_date(char *line)
{
	struct timeval now;
	struct tm local;
	size_t len;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &local);
	len = strftime(line, LOG_LINE_BYTES, "%Y-%m-%d %H:%M:%S", &local);
	return len + (size_t)snprintf(line + len, LOG_LINE_BYTES - len, ",%03d ", (int)(now.tv_usec / 1000));
}

/* The daemons add date, priority and process id themselves. */
static size_t put_head(char *line, unsigned level)
{
	const char *request = the_log.request ? the_log.request : "", *blank = the_log.request ? " " : "";
	size_t len = 0;

	if (the_log.target == TO_STDERR || the_log.target == TO_FILE) {
		len = put_date(line);
		return len + (size_t)snprintf(line + len, LOG_LINE_BYTES - len, "%-8s [%d %s] %s%s", levels[level].name,
					      (int)getpid(), the_log.process, request, blank);
	}
	if (the_log.target == TO_STDERR_PREFIXED)
		len = (size_t)snprintf(line, LOG_LINE_BYTES, "<%d>", levels[level].priority);
	return len + (size_t)snprintf(line + len, LOG_LINE_BYTES - len, "[%s] %s%s", the_log.process, request, blank);
}

/*
 * Outside text must not forge lines, drive a terminal or turn what is read around: control characters of
 * both kinds, separators of lines and paragraphs, and marks of direction.
 */
static bool is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == UINT32_MAX;
}

/* Leaves room for a line end and a NUL. */
static size_t put_escaped(char *line, size_t len, struct slice text)
{
	enum { ONE_ESCAPED = 4, LONGEST = 4 * ONE_ESCAPED };

	while (text.len && len < LOG_LINE_BYTES - LONGEST - 2) {
		uint32_t code;
		size_t taken = utf8_decode(text, &code);

		for (size_t i = 0; i < taken; i++) {
			if (is_harmful(code))
				len += (size_t)snprintf(line + len, ONE_ESCAPED + 1, "\\x%02x", (unsigned char)text.data[i]);
			else
				line[len++] = text.data[i];
		}
		text.data += taken;
		text.len -= taken;
	}
	return len;
}

static void write_stderr(const char *line, size_t len)
{
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nobody left to tell */
}

static void send_to_journal(unsigned level, const char *line)
{
#ifdef HAVE_SYSTEMD
	sd_journal_send("MESSAGE=%s", line, "PRIORITY=%d", levels[level].priority, "SYSLOG_IDENTIFIER=%s", ident,
			"SYMBOLICATE_REQUEST=%s", the_log.request ? the_log.request : "", NULL);
#else
	(void)level;
	(void)line;
#endif
}

/* `line` has room for a line end behind its `len` bytes. */
static void send_line(unsigned level, char *line, size_t len)
{
	line[len] = '\0';
	if (the_log.target == TO_SYSLOG) {
		syslog(levels[level].priority, "%s", line);
		return;
	}
	if (the_log.target == TO_JOURNAL) {
		send_to_journal(level, line);
		return;
	}
	line[len++] = '\n';
	/* a full disk must not hide what goes wrong */
	if (the_log.target != TO_FILE || !log_file_write(&the_log.file, line, len))
		write_stderr(line, len);
}

void log_write(int level, const char *fmt, ...)
{
	char line[LOG_LINE_BYTES], text[LOG_LINE_BYTES];
	int saved = errno;
	unsigned row = find_level(level);
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	send_line(row, line, put_escaped(line, put_head(line, row), slice_of(text)));
	errno = saved;
}
