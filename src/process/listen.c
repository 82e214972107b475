/* SPDX-License-Identifier: MIT */
/* The listening socket. */
#include "process/listen.h"

#include "base/num.h"
#include "process/fcgi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, SYSTEMD_FIRST_FD = 3 };

static const char unix_prefix[] = "unix:";

static bool is_listening(int fd)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes;
}

/* systemd's protocol: LISTEN_PID is us, LISTEN_FDS how many follow descriptor 2. */
static bool systemd_passed_one(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	uint64_t for_pid, passed;

	return num_parse_dec(slice_of(pid), INT32_MAX, &for_pid) && num_parse_dec(slice_of(count), INT32_MAX, &passed) &&
	       for_pid == (uint64_t)getpid() && passed >= 1;
}

static int inherited(struct err *err)
{
	if (is_listening(STDIN_FILENO))
		return STDIN_FILENO;
	if (systemd_passed_one() && is_listening(SYSTEMD_FIRST_FD))
		return SYSTEMD_FIRST_FD;
	return err_set(err, ERR_INPUT,
		       "no listening socket on descriptor 0: start with spawn-fcgi, or give --listen unix:/PATH");
}

/* A socket that nobody listens on is left over from a crash. */
static int remove_stale(const struct sockaddr_un *address, struct err *err)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool in_use = probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0;
	struct stat info;

	if (probe >= 0)
		close(probe);
	if (in_use) {
		errno = EADDRINUSE;
		return err_sys(err, "cannot listen on %s", address->sun_path);
	}
	if (lstat(address->sun_path, &info) == 0 && S_ISSOCK(info.st_mode))
		unlink(address->sun_path);
	return 0;
}

static int listen_unix(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_INPUT, "socket path longer than %zu bytes: %s", sizeof(address.sun_path) - 1, path);
	memcpy(address.sun_path, path, strlen(path));
	if (remove_stale(&address, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "cannot make a socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0660) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		err_sys(err, "cannot listen on %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int listen_on(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
	int yes = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int listen_tcp(const char *address, struct err *err)
{
	const char *colon = strrchr(address, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found;
	char host[256] = "";
	int fd, status;

	if (colon == NULL || (size_t)(colon - address) >= sizeof(host))
		return err_set(err, ERR_INPUT, "cannot listen on '%s': give unix:/PATH or HOST:PORT", address);
	memcpy(host, address, (size_t)(colon - address));
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	status = getaddrinfo(*host ? host : NULL, colon + 1, &hints, &found);
	if (status != 0)
		return err_set(err, ERR_INPUT, "cannot listen on '%s': %s", address, gai_strerror(status));
	fd = listen_on(found);
	if (fd < 0)
		err_sys(err, "cannot listen on %s", address);
	freeaddrinfo(found);
	return fd;
}

/* Blocking, so that one connection wakes one worker; with a pause, so that idle workers look around. */
static void prepare(int fd)
{
	struct timeval pause = {.tv_sec = FCGI_ACCEPT_PAUSE_S};
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
}

int listen_open(const char *address, struct err *err)
{
	int fd;

	if (*address == '\0')
		fd = inherited(err);
	else if (strncmp(address, unix_prefix, strlen(unix_prefix)) == 0)
		fd = listen_unix(address + strlen(unix_prefix), err);
	else
		fd = listen_tcp(address, err);
	if (fd >= 0)
		prepare(fd);
	return fd;
}

void listen_remove(const char *address)
{
	if (strncmp(address, unix_prefix, strlen(unix_prefix)) == 0)
		unlink(address + strlen(unix_prefix));
}
