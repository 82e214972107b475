/* SPDX-License-Identifier: MIT */
/* hello_fcgi WORKERS: the least a FastCGI server can do, on descriptor 0; what ours is measured against. */
#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * Reads the body and answers thirty bytes, or as many as the path says:
 * "POST /16000000" sets what passing a large answer on costs.
 */
enum { HELLO_BYTES = 30, ANSWER_MAX = 256 << 20, WORKERS_MAX = 256, CHUNK_BYTES = 64 << 10 };

static char chunk[CHUNK_BYTES];

/* A number within 0..max, or `otherwise`. */
static int number_of(const char *text, int max, int otherwise)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	return end == text || *end || errno || number < 0 || number > max ? otherwise : (int)number;
}

static int answer_bytes(FCGX_Request *request)
{
	const char *path = FCGX_GetParam("REQUEST_URI", request->envp);

	return path && *path == '/' ? number_of(path + 1, ANSWER_MAX, HELLO_BYTES) : HELLO_BYTES;
}

static void read_body(FCGX_Request *request)
{
	static char body[CHUNK_BYTES];

	while (FCGX_GetStr(body, sizeof(body), request->in) > 0)
		;
}

static void answer(FCGX_Request *request)
{
	int left = answer_bytes(request);

	FCGX_FPrintF(request->out, "Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n", left);
	while (left > 0) {
		int size = left < CHUNK_BYTES ? left : CHUNK_BYTES;

		if (FCGX_PutStr(chunk, size, request->out) < 0)
			return;
		left -= size;
	}
}

static void serve(void)
{
	FCGX_Request request;

	/* as symbolicate-fcgi sets it: waiting 2 s for a peer to close is no yardstick */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "50", 1);
	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
		_exit(EX_OSERR);
	memset(chunk, 'x', sizeof(chunk));
	while (FCGX_Accept_r(&request) == 0) {
		read_body(&request);
		answer(&request);
		FCGX_Finish_r(&request);
	}
	_exit(EX_OK);
}

static pid_t start_worker(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EX_OK);
	serve();
	return 0;
}

/* Workers end with their parent, which does nothing but wait for its own end. */
int main(int argc, char **argv)
{
	int workers = argc == 2 ? number_of(argv[1], WORKERS_MAX, 0) : 0;

	if (workers < 1) {
		fputs("Usage: hello_fcgi WORKERS (listens on descriptor 0)\n", stderr);
		return EX_USAGE;
	}
	for (int i = 0; i < workers; i++) {
		if (start_worker() < 0) {
			perror("hello_fcgi");
			return EX_OSERR;
		}
	}
	while (wait(NULL) > 0)
		;
	return EX_SOFTWARE; /* all workers are gone */
}
