/* SPDX-License-Identifier: MIT */
/* The one error type. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct {
	const char *name;
	int exit_code;
} codes[] = {
	[ERR_NONE] = {"none", EX_OK},
	[ERR_INPUT] = {"input", EX_DATAERR},
	[ERR_LIMIT] = {"limit", EX_DATAERR},
	[ERR_NOT_FOUND] = {"not-found", EX_NOINPUT},
	[ERR_UPSTREAM] = {"upstream", EX_UNAVAILABLE},
	[ERR_TIMEOUT] = {"timeout", EX_TEMPFAIL},
	[ERR_BUSY] = {"busy", EX_TEMPFAIL},
	[ERR_CORRUPT] = {"corrupt", EX_SOFTWARE},
	[ERR_SYSTEM] = {"system", EX_OSERR},
};

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list args;

	err->code = code;
	err->sys_errno = 0;
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	size_t used;
	va_list args;

	err->code = ERR_SYSTEM;
	err->sys_errno = saved;
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	used = strlen(err->msg);
	snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", strerror(saved));
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char rest[sizeof(err->msg)];
	size_t used;
	va_list args;

	memcpy(rest, err->msg, sizeof(rest));
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	used = strlen(err->msg);
	snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", rest);
	return -1;
}

const char *err_code_name(enum err_code code)
{
	return codes[code].name;
}

/* Of ERR_SYSTEM: what an operator can do something about has a code of its own. */
static int system_exit_code(int sys_errno)
{
	switch (sys_errno) {
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return EX_UNAVAILABLE;
	case EEXIST:
	case ENOTDIR:
	case EROFS:
	case ENOSPC:
	case EDQUOT:
		return EX_CANTCREAT;
	case EIO:
		return EX_IOERR;
	default:
		return EX_OSERR;
	}
}

int err_exit_code(const struct err *err)
{
	return err->code == ERR_SYSTEM ? system_exit_code(err->sys_errno) : codes[err->code].exit_code;
}
