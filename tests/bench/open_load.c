/* SPDX-License-Identifier: MIT */
/* Offers HTTP requests at fixed times, whether earlier ones are answered or not, and tells how long each took. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/*
 * open_load RATE SECONDS CONNECTIONS PORT PATH BODIES: posts the lines of BODIES
 * in turn to 127.0.0.1.  Request i is due i / RATE seconds after the start; it
 * goes out by the first connection that is free then or later, and its time is
 * counted from when it was due.  A closed loop, in which a slow answer delays
 * the next question, would leave out just those that had to wait.
 *
 * RATE 0: each connection asks again as soon as it has its answer, which tells
 * the capacity.
 *
 * Prints: figures ANSWERED PER_SECOND FAILED P50 P99 P99.9 LONGEST, times in us.
 * Failed are other statuses than 200 and what was not answered at the end.
 */
enum {
	BODIES_MAX_BYTES = 256 << 20,
	CONNECTIONS_MAX = 1000,
	RATE_MAX = 1000000,
	SECONDS_MAX = 3600,
	LAST_ANSWERS_US = 2000000, /* how long the end waits for them */
	READ_BYTES = 256 << 10,
};

struct connection {
	int fd; /* -1: to be made */
	bool busy;
	uint64_t due_us;
	const struct buf *request;
	size_t sent;
	struct buf reply;
	size_t head_len;  /* 0: not all of it is there */
	size_t whole_len; /* of head and body; 0: chunked */
};

struct load {
	uint64_t rate, seconds, connection_count, port;
	struct buf *requests;
	size_t request_count;
	struct connection *connections;
	int epoll_fd;
	uint64_t start_us;
	uint64_t issued, failed;
	uint32_t *times_us;
	size_t answered, room;
};

/* ---- requests ---- */

static void add_request(struct load *load, const char *path, struct slice body)
{
	struct buf *request;

	load->requests = mem_realloc_array(load->requests, load->request_count + 1, sizeof(*load->requests));
	request = &load->requests[load->request_count++];
	buf_init(request);
	buf_addf(request,
		 "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 path, body.len);
	buf_add_slice(request, body);
}

static bool read_bodies(struct load *load, const char *path, const char *file)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	size_t at = 0;

	if (file_read(file, BODIES_MAX_BYTES, &text, &err) < 0) {
		fprintf(stderr, "open_load: %s\n", err.msg);
		return false;
	}
	while (at < text.len) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;

		add_request(load, path, slice_make(text.data + at, len));
		at += len + 1;
	}
	buf_release(&text);
	return load->request_count > 0;
}

/* ---- connections ---- */

static bool open_connection(struct load *load, struct connection *connection)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connection->fd = fd;
	return true;
}

static void close_connection(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
}

static void note_time(struct load *load, uint64_t took_us)
{
	if (load->answered == load->room) {
		load->room = load->room ? load->room * 2 : 65536;
		load->times_us = mem_realloc_array(load->times_us, load->room, sizeof(*load->times_us));
	}
	load->times_us[load->answered++] = took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
}

static void finish(struct load *load, struct connection *connection, bool good)
{
	if (good)
		note_time(load, clock_mono_us() - connection->due_us);
	else
		load->failed++;
	connection->busy = false;
}

static void give_up(struct load *load, struct connection *connection)
{
	close_connection(connection);
	if (connection->busy)
		finish(load, connection, false);
}

static void send_more(struct load *load, struct connection *connection)
{
	while (connection->busy && connection->sent < connection->request->len) {
		ssize_t done = send(connection->fd, connection->request->data + connection->sent,
				    connection->request->len - connection->sent, MSG_NOSIGNAL);

		if (done < 0 && errno == EAGAIN)
			return;
		if (done < 0) {
			give_up(load, connection);
			return;
		}
		connection->sent += (size_t)done;
	}
}

static void ask(struct load *load, struct connection *connection, uint64_t due_us)
{
	connection->busy = true;
	connection->due_us = due_us;
	connection->request = &load->requests[load->issued++ % load->request_count];
	connection->sent = connection->head_len = connection->whole_len = 0;
	buf_clear(&connection->reply);
	if (connection->fd < 0 && !open_connection(load, connection)) {
		finish(load, connection, false);
		return;
	}
	send_more(load, connection);
}

/* ---- replies ---- */

/* The value behind "\r\nNAME: ", as nginx writes it. */
static struct slice header(struct slice head, const char *name)
{
	const char *found = memmem(head.data, head.len, name, strlen(name));
	const char *value = found ? found + strlen(name) : NULL;
	size_t left = value ? head.len - (size_t)(value - head.data) : 0;
	const char *end = value ? memchr(value, '\r', left) : NULL;

	return end ? slice_make(value, (size_t)(end - value)) : slice_make(NULL, 0);
}

static void take_head(struct connection *connection)
{
	struct slice reply = buf_slice(&connection->reply);
	const char *end = memmem(reply.data, reply.len, "\r\n\r\n", 4);
	uint64_t body_len;

	if (end == NULL)
		return;
	connection->head_len = (size_t)(end - reply.data) + 4;
	if (num_parse_dec(header(slice_make(reply.data, connection->head_len), "\r\nContent-Length: "),
			  UINT32_MAX, &body_len))
		connection->whole_len = connection->head_len + body_len;
}

/* JSON text holds no CR: the last chunk's mark is found at the end only. */
static bool is_whole(const struct connection *connection)
{
	static const char last_chunk[] = "\r\n0\r\n\r\n";
	const struct buf *reply = &connection->reply;
	size_t mark_len = sizeof(last_chunk) - 1;

	if (connection->head_len == 0)
		return false;
	if (connection->whole_len)
		return reply->len >= connection->whole_len;
	return reply->len >= connection->head_len + mark_len &&
	       memcmp(reply->data + reply->len - mark_len, last_chunk, mark_len) == 0;
}

static void take_reply(struct load *load, struct connection *connection)
{
	struct slice head;

	if (connection->head_len == 0)
		take_head(connection);
	if (!is_whole(connection))
		return;
	head = slice_make(connection->reply.data, connection->head_len);
	if (slice_is(header(head, "\r\nConnection: "), "close"))
		close_connection(connection);
	finish(load, connection, slice_starts_with(head, SLICE_LITERAL("HTTP/1.1 200 ")));
}

static void receive(struct load *load, struct connection *connection)
{
	while (connection->fd >= 0) {
		ssize_t got = recv(connection->fd, buf_reserve(&connection->reply, READ_BYTES), READ_BYTES, 0);

		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			give_up(load, connection);
			return;
		}
		connection->reply.len += (size_t)got;
		if (connection->busy)
			take_reply(load, connection);
	}
}

/* ---- the loop ---- */

static uint64_t due_us(const struct load *load, uint64_t number)
{
	return load->start_us + number * 1000000 / load->rate;
}

static bool is_over(const struct load *load, uint64_t now_us)
{
	return now_us >= load->start_us + load->seconds * 1000000;
}

/* What is due goes out as far as connections are free. */
static void ask_due(struct load *load)
{
	uint64_t now_us = clock_mono_us();

	for (uint64_t i = 0; i < load->connection_count; i++) {
		struct connection *connection = &load->connections[i];

		if (connection->busy)
			continue;
		if (load->rate == 0 ? is_over(load, now_us) :
				      due_us(load, load->issued) > now_us || is_over(load, due_us(load, load->issued)))
			return;
		ask(load, connection, load->rate ? due_us(load, load->issued) : now_us);
	}
}

static void wait_and_serve(struct load *load, uint64_t until_us)
{
	struct epoll_event events[64];
	uint64_t now_us = clock_mono_us(), left_us = until_us > now_us ? until_us - now_us : 0;
	struct timespec timeout = {(time_t)(left_us / 1000000), (long)(left_us % 1000000) * 1000};
	int count = epoll_pwait2(load->epoll_fd, events, 64, &timeout, NULL);

	for (int i = 0; i < count; i++) {
		struct connection *connection = events[i].data.ptr;

		if (events[i].events & EPOLLOUT)
			send_more(load, connection);
		receive(load, connection);
	}
}

static bool any_busy(const struct load *load)
{
	for (uint64_t i = 0; i < load->connection_count; i++)
		if (load->connections[i].busy)
			return true;
	return false;
}

static void run(struct load *load)
{
	uint64_t end_us;

	load->start_us = clock_mono_us();
	end_us = load->start_us + load->seconds * 1000000;
	for (uint64_t now_us = load->start_us; now_us < end_us; now_us = clock_mono_us()) {
		uint64_t next_us;

		ask_due(load);
		next_us = load->rate ? due_us(load, load->issued) : end_us;
		/* overdue: nothing can go out before an answer comes */
		wait_and_serve(load, next_us > now_us && next_us < end_us ? next_us : end_us);
	}
	while (any_busy(load) && clock_mono_us() < end_us + LAST_ANSWERS_US)
		wait_and_serve(load, end_us + LAST_ANSWERS_US);
	for (uint64_t i = 0; i < load->connection_count; i++)
		give_up(load, &load->connections[i]);
	/* never sent: they waited longest of all */
	if (load->rate && load->issued < load->rate * load->seconds)
		load->failed += load->rate * load->seconds - load->issued;
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return one < two ? -1 : one > two;
}

static uint32_t percentile(const struct load *load, double share)
{
	size_t at = (size_t)(share * (double)load->answered);

	return load->times_us[at < load->answered ? at : load->answered - 1];
}

static void print(const struct load *load)
{
	qsort(load->times_us, load->answered, sizeof(*load->times_us), by_size);
	printf("figures %zu %.1f %llu %u %u %u %u\n", load->answered, (double)load->answered / (double)load->seconds,
	       (unsigned long long)load->failed, percentile(load, 0.5), percentile(load, 0.99),
	       percentile(load, 0.999), percentile(load, 1));
}

static bool take_arguments(struct load *load, char **argv)
{
	return num_parse_dec(slice_of(argv[1]), RATE_MAX, &load->rate) &&
	       num_parse_dec(slice_of(argv[2]), SECONDS_MAX, &load->seconds) && load->seconds &&
	       num_parse_dec(slice_of(argv[3]), CONNECTIONS_MAX, &load->connection_count) &&
	       load->connection_count && num_parse_dec(slice_of(argv[4]), UINT16_MAX, &load->port);
}

int main(int argc, char **argv)
{
	struct load load = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};

	if (argc != 7 || !take_arguments(&load, argv)) {
		fputs("Usage: open_load RATE SECONDS CONNECTIONS PORT PATH BODIES\n", stderr);
		return EX_USAGE;
	}
	if (load.epoll_fd < 0 || !read_bodies(&load, argv[5], argv[6]))
		return EX_NOINPUT;
	prctl(PR_SET_TIMERSLACK, 1UL); /* requests go out when they are due */
	load.connections = mem_calloc(load.connection_count, sizeof(*load.connections));
	for (uint64_t i = 0; i < load.connection_count; i++)
		load.connections[i].fd = -1;
	run(&load);
	if (load.answered == 0)
		return EX_UNAVAILABLE;
	print(&load);
	return EX_OK;
}
