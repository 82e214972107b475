/* SPDX-License-Identifier: MIT */
/* The scripted upstream as a child process. */
#include "upstream_server.h"

#include "tap.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MS = 20000, READ_MAX = 16 << 20 };

static pid_t pid;
static int port;
static char *root, *port_file, *log_file, *details_file;

static void run_server(void)
{
	const char *source = getenv("top_srcdir");
	char *script = mem_printf("%s/tests/tools/scripted_upstream.py", source ? source : "..");

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execlp("python3", "python3", script, "--root", root, "--port-file", port_file, "--log", log_file,
	       (char *)NULL);
	_exit(127);
}

static struct slice read_file(const char *path, struct buf *buf)
{
	struct err err;

	buf_clear(buf);
	if (file_read(path, READ_MAX, buf, &err) < 0)
		buf_clear(buf);
	return buf_slice(buf);
}

/* The port once the server has written it, 0 if it ended without. */
static int wait_for_port(void)
{
	uint64_t end_ms = clock_mono_ms() + START_MS, value = 0;
	struct buf buf = BUF_INIT;

	while (value == 0 && clock_mono_ms() < end_ms && waitpid(pid, NULL, WNOHANG) == 0) {
		struct slice text = read_file(port_file, &buf);

		if (text.len == 0)
			usleep(5000);
		else
			num_parse_dec(slice_make(text.data, text.len - 1), 65535, &value);
	}
	buf_release(&buf);
	return (int)value;
}

bool server_start(void)
{
	struct err err;

	root = mem_printf("%s/root", tap_temp_dir());
	port_file = mem_printf("%s/port", tap_temp_dir());
	log_file = mem_printf("%s/log", tap_temp_dir());
	details_file = mem_printf("%s/log.details", tap_temp_dir());
	if (file_make_dirs(root, &err) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		run_server();
	port = wait_for_port();
	return port != 0;
}

void server_stop(void)
{
	if (port) {
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	free(root);
	free(port_file);
	free(log_file);
	free(details_file);
}

int server_port(void)
{
	return port;
}

static void write_file(const char *path, struct slice content)
{
	char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	struct err err = ERR_INIT;
	int fd;

	CHECK_INT(file_make_dirs(dir, &err), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CHECK_INT(file_write_all(fd, content.data, content.len, &err), 0);
	close(fd);
	free(dir);
}

void server_put(const char *path, struct slice content)
{
	char *name = mem_printf("%s%s", root, path);

	write_file(name, content);
	free(name);
}

void server_behave(const char *path, const char *behaviour)
{
	char *name = mem_printf("%s%s.behaviour", root, path);

	if (behaviour)
		write_file(name, slice_of(behaviour));
	else
		unlink(name);
	free(name);
}

/* Calls `each` with every line of a file; the number of lines for which it was true. */
static int count_lines(const char *path, bool (*each)(struct slice line, void *ctx), void *ctx)
{
	struct buf buf = BUF_INIT;
	struct slice rest = read_file(path, &buf);
	const char *end;
	int count = 0;

	while (rest.len && (end = memchr(rest.data, '\n', rest.len)) != NULL) {
		size_t len = (size_t)(end - rest.data);

		count += each(slice_make(rest.data, len), ctx);
		rest = slice_make(end + 1, rest.len - len - 1);
	}
	buf_release(&buf);
	return count;
}

static bool is_line(struct slice line, void *ctx)
{
	return slice_is(line, ctx);
}

int server_requests(const char *path)
{
	char *line = mem_printf("GET %s", path);
	int count = count_lines(log_file, is_line, line);

	free(line);
	return count;
}

static bool is_newer_connection(struct slice line, void *ctx)
{
	static const struct slice start = SLICE_LITERAL("{\"connection\": ");
	uint64_t number, *last = ctx;
	const char *comma = memchr(line.data, ',', line.len);

	if (!slice_starts_with(line, start) || comma == NULL)
		return false;
	line = slice_make(line.data + start.len, (size_t)(comma - line.data) - start.len);
	if (!num_parse_dec(line, UINT64_MAX, &number) || number <= *last)
		return false;
	*last = number;
	return true;
}

int server_connections(void)
{
	uint64_t last = 0;

	return count_lines(details_file, is_newer_connection, &last);
}

struct header_search {
	char *path, *header;
	const char *text;
};

static bool has_header(struct slice line, void *ctx)
{
	const struct header_search *search = ctx;
	char *copy = mem_strndup(line.data, line.len);
	char *header = strstr(copy, search->header);
	bool found = strstr(copy, search->path) && header && strstr(header, search->text);

	free(copy);
	return found;
}

bool server_saw_header(const char *path, const char *header, const char *text)
{
	struct header_search search = {
		mem_printf("\"path\": \"%s\"", path), mem_printf("\"%s\": ", header), text,
	};
	int count = count_lines(details_file, has_header, &search);

	free(search.path);
	free(search.header);
	return count > 0;
}
