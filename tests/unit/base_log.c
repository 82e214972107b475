/* SPDX-License-Identifier: MIT */
/* src/base: the log. */
#include "tap.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_lines(const char *path, int process)
{
	struct log_options options = {.path = path, .level = LEVEL_INFO, .max_file_bytes = 20000, .max_files = 50};
	struct err err = ERR_INIT;

	if (log_open(&options, &err) < 0)
		_exit(1);
	for (int i = 0; i < 1000; i++)
		log_info("process %d line %d\nforged", process, i);
	log_close();
}

static size_t count_lines(const char *path)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	size_t lines = 0;

	if (file_read(path, 1 << 20, &text, &err) == 0)
		for (size_t i = 0; i < text.len; i++)
			lines += text.data[i] == '\n';
	buf_release(&text);
	return lines;
}

static void rotation_loses_no_line(void)
{
	enum { PROCESSES = 4, KEPT = 50 };
	char *path = mem_printf("%s/log", tap_temp_dir());
	size_t lines;

	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			write_lines(path, i);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		CHECK(wait(NULL) > 0);
	lines = count_lines(path);
	for (unsigned n = 1; n <= KEPT; n++) {
		char *old = mem_printf("%s.%u", path, n);

		lines += count_lines(old);
		free(old);
	}
	CHECK_INT(lines, PROCESSES * 1000);
	free(path);
}

static void old_logs_are_bounded(void)
{
	char *path = mem_printf("%s/bounded", tap_temp_dir()), *third = mem_printf("%s.3", path);
	struct log_options options = {.path = path, .level = LEVEL_INFO, .max_file_bytes = 1000, .max_files = 2};
	struct err err = ERR_INIT;

	CHECK_INT(log_open(&options, &err), 0);
	for (int i = 0; i < 200; i++)
		log_info("line %d", i);
	log_close();
	CHECK(access(path, F_OK) == 0);
	CHECK(access(third, F_OK) != 0);
	CHECK(count_lines(path) < 20);
	free(third);
	free(path);
}

/* ---- what lines look like ---- */

static char *log_path(const char *name)
{
	return mem_printf("%s/%s", tap_temp_dir(), name);
}

/* Standard error goes to this file until restore_stderr(). */
static int redirect_stderr(const char *path)
{
	int saved = dup(STDERR_FILENO), fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	dup2(fd, STDERR_FILENO);
	close(fd);
	return saved;
}

static void restore_stderr(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static char *text_of(const char *path)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	char *copy;

	CHECK_INT(file_read(path, 1 << 20, &text, &err), 0);
	copy = mem_strdup(buf_text(&text));
	buf_release(&text);
	return copy;
}

static unsigned occurrences(const char *text, const char *word)
{
	unsigned count = 0;

	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

static void open_at(const char *path, int level)
{
	struct log_options options = {.path = path, .level = level};
	struct err err = ERR_INIT;

	CHECK_INT(log_open(&options, &err), 0);
}

static void outside_text_stays_text(void)
{
	char *path = log_path("escaped"), *text;

	open_at(path, LEVEL_INFO);
	log_set_process("worker 3");
	log_set_request("abc-1");
	log_warning("a\r\nb\x1b[31m\x7f|\xc3\xa4|\xc2\x9b|\xff|\xe2\x80\xa8|\xe2\x80\xae|\xe2\x82|");
	log_set_request(NULL);
	log_warning("%0*d", 10000, 7);
	log_warning("%.*s", 4090, "\xf0\x9f\x98\x80\xf0\x9f\x98");
	log_close();
	text = text_of(path);
	CHECK(strstr(text, "WARNING  [") && strstr(text, " worker 3] abc-1 a\\x0d\\x0ab\\x1b[31m\\x7f|\xc3\xa4|\\xc2\\x9b|\\xff|"
		     "\\xe2\\x80\\xa8|\\xe2\\x80\\xae|\\xe2\\x82|\n"));
	CHECK_INT(occurrences(text, "\n"), 3);
	CHECK(strlen(text) < 3 * 4096);
	free(text);
	free(path);
}

static void levels_are_pythons(void)
{
	static const char *const names[] = {"DEBUG ", "INFO ", "WARNING ", "ERROR ", "CRITICAL "};
	char *path = log_path("levels"), *text;

	for (int level = 0; level <= 50; level += 5) {
		open_at(path, level);
		for (int line = 10; line <= 50; line += 10)
			log_write(line, "line");
		log_close();
		text = text_of(path);
		for (int line = 10; line <= 50; line += 10)
			CHECK_INT(occurrences(text, names[line / 10 - 1]), line >= level);
		free(text);
		CHECK_INT(truncate(path, 0), 0);
	}
	free(path);
}

/* ---- where they go ---- */

static void a_full_disk_stops_nothing(void)
{
	char *path = log_path("spill"), *text;
	int saved;

	saved = redirect_stderr(path);
	open_at("/dev/full", LEVEL_INFO);
	log_info("not lost");
	log_close();
	restore_stderr(saved);
	text = text_of(path);
	CHECK_INT(occurrences(text, "not lost\n"), 1);
	free(text);
	free(path);
}

static void a_pipe_that_nobody_reads(void)
{
	char *path = log_path("pipe"), *spill = log_path("pipe.spill"), *text;
	struct log_options options = {.path = path, .level = LEVEL_INFO};
	struct err err = ERR_INIT;
	int reader, saved = redirect_stderr(spill);

	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_INT(log_open(&options, &err), -1); /* does not wait for a reader */
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK_INT(log_open(&options, &err), 0);
	for (int i = 0; i < 2000; i++)
		log_info("line %04d of what fills the pipe", i);
	log_close();
	close(reader);
	restore_stderr(saved);
	text = text_of(spill);
	CHECK_INT(occurrences(text, "line 1999"), 1);
	free(text);
	free(spill);
	free(path);
}

static void standard_error_is_known_to_be_the_journal(void)
{
	char *path = log_path("journal"), *text, *stream;
	int saved = redirect_stderr(path);
	struct stat info;

	CHECK_INT(fstat(STDERR_FILENO, &info), 0);
	stream = mem_printf("%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	open_at("", LEVEL_DEBUG);
	log_set_process("worker 3");
	log_write(LEVEL_CRITICAL, "a");
	log_write(LEVEL_DEBUG, "b");
	setenv("JOURNAL_STREAM", "1:1", 1);
	open_at("stderr", LEVEL_DEBUG);
	log_write(LEVEL_ERROR, "c");
	unsetenv("JOURNAL_STREAM");
	restore_stderr(saved);
	text = text_of(path);
	CHECK(strncmp(text, "<2>[worker 3] a\n<7>[worker 3] b\n2", 33) == 0);
	CHECK(strstr(text, " ERROR    [") != NULL);
	free(stream);
	free(text);
	free(path);
}

/* The word is only a word where it stands alone. */
static void a_file_may_be_called_syslog(void)
{
	char *path = log_path("syslog"), *text;

	open_at(path, LEVEL_INFO);
	log_info("to the file");
	log_close();
	text = text_of(path);
	CHECK_INT(occurrences(text, "to the file"), 1);
	free(text);
	free(path);
}

/* ---- limits ---- */

static void storm(struct log_limit *limit, int lines)
{
	for (int i = 0; i < lines; i++)
		log_limited(limit, LEVEL_ERROR, "storm %d", i);
}

static void storms_are_counted(void)
{
	static struct log_limit limit, other;
	char *path = log_path("storm"), *text;

	open_at(path, LEVEL_INFO);
	storm(&limit, 1000);
	log_limited(&other, LEVEL_ERROR, "something else");
	log_limited(&other, LEVEL_DEBUG, "nothing");
	log_tell_left_out();
	text = text_of(path);
	CHECK_INT(occurrences(text, "storm"), LOG_LIMIT_LINES);
	CHECK_INT(occurrences(text, "something else"), 1);
	CHECK_INT(occurrences(text, "left out"), 0);
	free(text);
	limit.begun_ms -= LOG_LIMIT_S * 1000; /* a minute later */
	log_tell_left_out();
	log_tell_left_out();
	text = text_of(path);
	CHECK_INT(occurrences(text, "995 more within 60 s were left out like: storm 0\n"), 1);
	CHECK_INT(occurrences(text, "left out"), 1);
	free(text);
	storm(&limit, 10);
	other.begun_ms -= LOG_LIMIT_S * 1000;
	limit.begun_ms -= LOG_LIMIT_S * 1000;
	storm(&limit, 1);
	log_close();
	text = text_of(path);
	CHECK_INT(occurrences(text, "] storm"), 2 * LOG_LIMIT_LINES + 1);
	CHECK_INT(occurrences(text, "5 more within 60 s were left out like: storm 0\n"), 2);
	CHECK_INT(occurrences(text, "left out"), 2);
	free(text);
	free(path);
}

/* What the parent left out is the parent's to tell. */
static void a_child_begins_anew(void)
{
	static struct log_limit limit;
	char *path = log_path("child"), *text;

	open_at(path, LEVEL_INFO);
	storm(&limit, 10);
	limit.begun_ms -= LOG_LIMIT_S * 1000;
	if (fork() == 0) {
		log_set_process("child");
		log_tell_left_out();
		storm(&limit, 1);
		_exit(0);
	}
	CHECK(wait(NULL) > 0);
	log_tell_left_out();
	log_close();
	text = text_of(path);
	CHECK_INT(occurrences(text, "left out"), 1);
	CHECK_INT(occurrences(text, " child] storm"), 1);
	free(text);
	free(path);
}

/* errno of the failure that is told about is still there for the caller. */
static void errno_is_kept(void)
{
	static struct log_limit limit;

	open_at("/dev/null", LEVEL_INFO);
	for (int i = 0; i < 2 * LOG_LIMIT_LINES; i++) {
		errno = EMFILE;
		log_limited(&limit, LEVEL_ERROR, "no");
		CHECK_INT(errno, EMFILE);
	}
	log_close();
}

static const struct tap_case cases[] = {
	{"rotation by several processes loses no line", rotation_loses_no_line},
	{"old logs are bounded", old_logs_are_bounded},
	{"outside text stays text", outside_text_stays_text},
	{"levels are Python's", levels_are_pythons},
	{"a full disk stops nothing", a_full_disk_stops_nothing},
	{"a pipe that nobody reads stops nothing", a_pipe_that_nobody_reads},
	{"standard error is known to be the journal", standard_error_is_known_to_be_the_journal},
	{"a file may be called syslog", a_file_may_be_called_syslog},
	{"storms are counted", storms_are_counted},
	{"a child begins anew", a_child_begins_anew},
	{"errno is kept", errno_is_kept},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
