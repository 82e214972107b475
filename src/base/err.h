/* SPDX-License-Identifier: MIT */
/* The one error type: owned by the caller, always the last argument. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * A function that can fail returns 0 / -1, or 1 / 0 / -1 for found / absent /
 * failed, and fills *err only when it returns -1.  A code tells the caller what
 * to do; the message is for the log or the client and names the cause.  What is
 * an expected outcome (a cache miss, a 404, a filtered module) is a value, not
 * an error.  Errors are logged once, by whoever decides what happens next.
 */
enum err_code {
	ERR_NONE,
	ERR_INPUT,     /* what came from outside is wrong: tell whoever sent it */
	ERR_LIMIT,     /* what came from outside is too large */
	ERR_NOT_FOUND, /* what was named does not exist */
	ERR_UPSTREAM,  /* a symbol server misbehaved */
	ERR_TIMEOUT,   /* a deadline passed */
	ERR_BUSY,      /* a bounded resource is taken: try again later */
	ERR_CORRUPT,   /* data of our own is damaged: drop and rebuild it */
	ERR_SYSTEM,    /* the operating system or a library refused */
};

struct err {
	enum err_code code;
	int sys_errno; /* 0 unless the cause is a system call */
	char msg[480];
};

#define ERR_INIT { .code = ERR_NONE }

/* Sets code and message; always returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with ERR_SYSTEM, the current errno, and its text appended. */
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts context in front of an error that is already set; always returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "input", "limit", ...: a name for logs and tests. */
const char *err_code_name(enum err_code code);

/* The sysexits.h code with which a command ends for such an error. */
int err_exit_code(const struct err *err);

#endif
