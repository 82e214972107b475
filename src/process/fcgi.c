/* SPDX-License-Identifier: MIT */
/*
 * FastCGI by libfcgi.  The library starves and hangs in ways that only its
 * caller can prevent: connections are accepted here, with limits on the time that
 * reading and writing may take; its error state is asked after every reading, because
 * it takes an interrupted read for the end of the data.
 */
#include "process/fcgi.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "process/signals.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	RECORD_BYTES = 65528, /* the longest content that needs no padding */
	FASTCGI_VERSION = 1,  /* FastCGI 1.0, section 8 */
	RECORD_END_REQUEST = 3,
	RECORD_STDOUT = 6,
	RECORDS_PER_WRITE = 16,
	HEADER_BYTES = 8,
	READ_STEP = 64 * 1024,
	OVER_CAP_SEND_S = 1,
};

struct server {
	const struct fcgi_options *options;
	struct web *web;
	FCGX_Request request;
	struct buf body;
	struct web_response response;
	struct buf head;
};

static struct slice parameter(void *ctx, const char *name)
{
	struct server *server = ctx;

	return slice_of(FCGX_GetParam(name, server->request.envp));
}

/* ---- accepting ---- */

/* Out of descriptors or memory: the next try would fail as quickly, and spin. */
static void back_off(void)
{
	poll(NULL, 0, 100);
}

/* A connection, -1 to look around and try again, -2 when the socket cannot be used. */
static int accept_connection(int listen_fd)
{
	int fd, saved;

	signals_allow();
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	saved = errno;
	signals_block();
	if (fd >= 0)
		return fd;
	if (saved == EBADF || saved == EINVAL || saved == ENOTSOCK || saved == EOPNOTSUPP)
		return -2;
	if (saved != EINTR && saved != EAGAIN && saved != ECONNABORTED) {
		static struct log_limit limit;

		log_limited(&limit, LEVEL_ERROR, "cannot accept a connection: %s", strerror(saved));
		back_off();
	}
	return -1;
}

/* Reads BEGIN and PARAMS.  False: there is no request in this connection. */
static bool begin_request(struct server *server, int fd)
{
	FCGX_Request *request = &server->request;

	if (FCGX_InitRequest(request, -1, 0) != 0)
		return false;
	request->ipcFd = fd;
	request->keepConnection = 1; /* so that the library's implicit finish leaves the descriptor alone */
	if (FCGX_Accept_r(request) < 0)
		return false;
	request->keepConnection = 0; /* one request per connection: a kept one would starve all others */
	return FCGX_GetError(request->in) == 0;
}

/* ---- reading ---- */

static const char *check_length(struct slice announced, size_t got)
{
	uint64_t length;

	if (announced.len == 0)
		return NULL; /* a chunked request: the body follows all the same */
	if (!num_parse_dec(announced, UINT64_MAX, &length))
		return "Content-Length is not a number";
	return length == got ? NULL : "the body does not have the length that Content-Length says";
}

/* False: the connection broke. */
static bool read_body(struct server *server, struct web_request *request)
{
	FCGX_Stream *in = server->request.in;
	size_t max = server->options->max_body_bytes;
	int got;

	buf_clear(&server->body);
	do {
		got = FCGX_GetStr(buf_reserve(&server->body, READ_STEP), READ_STEP, in);
		server->body.len += got > 0 ? (size_t)got : 0;
		if (server->body.len > max) {
			request->body_too_large = true;
			return true;
		}
	} while (got == READ_STEP);
	if (FCGX_GetError(in) != 0)
		return false;
	request->body = buf_slice(&server->body);
	request->body_error = check_length(parameter(server, "CONTENT_LENGTH"), server->body.len);
	return true;
}

static bool read_request(struct server *server, uint64_t begun_us, struct web_request *request)
{
	bool whole;

	*request = (struct web_request){
		.method = parameter(server, "REQUEST_METHOD"),
		.uri = parameter(server, "REQUEST_URI"),
		.remote_addr = parameter(server, "REMOTE_ADDR"),
		.role = parameter(server, "SYMBOLICATE_ROLE"),
		.header = parameter,
		.ctx = server,
		.begun_us = begun_us,
		.client_fd = server->request.ipcFd,
	};
	whole = read_body(server, request);
	return whole;
}

/* ---- answering ---- */

/* Records on their way out, several to a call. */
struct output {
	const struct fcgi_options *options;
	int fd;
	unsigned max_held_up; /* workers that others may hold up */
	unsigned char id[2];
	struct iovec parts[2 * RECORDS_PER_WRITE];
	unsigned char heads[RECORDS_PER_WRITE][HEADER_BYTES];
	int records;
	bool held_up; /* by the client */
	bool failed;
};

/* Of each blocking call from now on. */
static void limit_sending(int fd, unsigned limit_ms)
{
	struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = (suseconds_t)(limit_ms % 1000) * 1000};

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* The client is slow.  Where too many workers are held up already, it gets little time: the rest are for others. */
static void be_held_up(struct output *output)
{
	const struct fcgi_options *options = output->options;
	unsigned limit_ms = options->send_timeout_ms;

	output->held_up = true;
	if (!state_enter_held_up(options->state, options->slot, PHASE_SENDING, output->max_held_up) &&
	    limit_ms > OVER_CAP_SEND_S * 1000)
		limit_ms = OVER_CAP_SEND_S * 1000;
	limit_sending(output->fd, limit_ms);
	options->held_up(options->ctx);
}

static ssize_t send_parts(struct output *output, struct iovec *parts, int count)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
	ssize_t done;

	if (!output->held_up) {
		done = sendmsg(output->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done >= 0 || errno != EAGAIN)
			return done;
		be_held_up(output);
	}
	/* a record at a time, each a sign of life */
	message.msg_iovlen = (size_t)(count < 2 ? count : 2);
	done = sendmsg(output->fd, &message, MSG_NOSIGNAL);
	state_slot_alive(&output->options->state->map->slots[output->options->slot]);
	return done;
}

static bool write_vector(struct output *output, struct iovec *parts, int count)
{
	while (count) {
		ssize_t done = send_parts(output, parts, count);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		while (count && (size_t)done >= parts->iov_len) {
			done -= (ssize_t)parts->iov_len;
			parts++;
			count--;
		}
		if (count) {
			parts->iov_base = (char *)parts->iov_base + done;
			parts->iov_len -= (size_t)done;
		}
	}
	return true;
}

static void flush_output(struct output *output)
{
	if (!output->failed && !write_vector(output, output->parts, 2 * output->records))
		output->failed = true;
	output->records = 0;
}

static void add_record(struct output *output, unsigned char type, const char *data, size_t len)
{
	unsigned char head[HEADER_BYTES] = {FASTCGI_VERSION, type, output->id[0], output->id[1],
					    (unsigned char)(len >> 8), (unsigned char)len};
	struct iovec *parts;

	if (output->records == RECORDS_PER_WRITE)
		flush_output(output);
	parts = &output->parts[2 * output->records];
	memcpy(output->heads[output->records], head, sizeof(head));
	parts[0] = (struct iovec){output->heads[output->records++], sizeof(head)};
	parts[1] = (struct iovec){(char *)(uintptr_t)data, len};
}

/* Whole records straight from the buffer: the library would cut them into 8 KB writes. */
static void add_stdout(struct output *output, struct slice text)
{
	for (size_t at = 0; at < text.len; at += RECORD_BYTES)
		add_record(output, RECORD_STDOUT, text.data + at,
			   text.len - at < RECORD_BYTES ? text.len - at : RECORD_BYTES);
}

/*
 * The records that end the request go out together with the answer: by
 * themselves, as FCGX_Finish_r() would write them, they wake the web server anew.
 */
static void add_end(struct output *output)
{
	static const char complete[8]; /* application and protocol status 0 */

	add_record(output, RECORD_STDOUT, NULL, 0);
	add_record(output, RECORD_END_REQUEST, complete, sizeof(complete));
}

static void send_response(struct server *server, bool head_only)
{
	struct web_response *response = &server->response;
	int id = server->request.requestId;
	struct output output = {
		.options = server->options,
		.fd = server->request.ipcFd,
		.max_held_up = server->web->resolver->options.max_waiting,
		.id = {(unsigned char)(id >> 8), (unsigned char)id},
	};
	struct buf *head = &server->head;

	buf_clear(head);
	buf_addf(head, "Status: %d %s\r\n", response->status, response->reason);
	buf_add_slice(head, buf_slice(&response->headers));
	buf_add_text(head, "\r\n");
	if (!head_only && response->body.len + head->len <= RECORD_BYTES) {
		buf_add_slice(head, buf_slice(&response->body));
		head_only = true;
	}
	add_stdout(&output, buf_slice(head));
	if (!head_only)
		add_stdout(&output, buf_slice(&response->body));
	add_end(&output);
	flush_output(&output);
	if (output.failed) {
		counter_add(server->web->resolver->slot, COUNTER_clients_gone, 1);
		log_info("the client did not take its answer: %s", strerror(errno));
	}
}

/* ---- the loop ---- */

/* Somebody looked whether the socket is there, or left, or was too slow. */
static void note_broken(struct server *server)
{
	static struct log_limit limit;
	int error = server->request.in ? FCGX_GetError(server->request.in) : 0;

	counter_add(server->web->resolver->slot, COUNTER_requests_broken, 1);
	log_limited(&limit, LEVEL_INFO, "a connection did not hold a whole request: %s",
		    error > 0 ? strerror(error) : error < 0 ? "not FastCGI" : "it ended, or took too long");
}

static void serve_connection(struct server *server, int fd)
{
	const struct fcgi_options *options = server->options;
	uint64_t begun_us = clock_mono_us();
	struct web_request request;
	bool whole, answered;

	state_slot_phase(options->state, options->slot, PHASE_BUSY);
	signals_alarm(options->read_timeout_ms);
	whole = begin_request(server, fd) && read_request(server, begun_us, &request);
	signals_alarm(0);
	if (whole)
		web_handle(server->web, &request, &server->response);
	else
		note_broken(server);
	answered = whole && !server->response.no_answer;
	if (answered)
		send_response(server, slice_is(request.method, "HEAD"));
	if (server->request.ipcFd >= 0 && !answered) {
		limit_sending(fd, options->send_timeout_ms);
		FCGX_Finish_r(&server->request);
	} else {
		FCGX_Free(&server->request, 1); /* closes, too, and adds nothing to what was written */
	}
	if (whole)
		web_after_answer(server->web);
	state_slot_phase(options->state, options->slot, PHASE_IDLE);
}

static int serve_loop(struct server *server, struct err *err)
{
	const struct fcgi_options *options = server->options;
	uint64_t served = 0;

	while (!signals_stopping() && (options->max_requests == 0 || served < options->max_requests)) {
		int fd = accept_connection(options->listen_fd);

		log_tell_left_out();
		if (fd == -2)
			return err_set(err, ERR_SYSTEM, "the listening socket cannot be used");
		if (fd < 0) {
			if (options->idle && options->idle(options->ctx))
				break;
			continue;
		}
		serve_connection(server, fd);
		served++;
	}
	return 0;
}

int fcgi_serve(const struct fcgi_options *options, struct web *web, struct err *err)
{
	struct server server = {.options = options, .web = web};
	int result;

	/* how long the library waits for a peer to close, and for a unix peer to say something */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "50", 1);
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "200", 1);
	if (FCGX_Init() != 0)
		return err_set(err, ERR_SYSTEM, "libfcgi does not start");
	web_response_init(&server.response);
	result = serve_loop(&server, err);
	web_response_release(&server.response);
	buf_release(&server.body);
	buf_release(&server.head);
	return result;
}
