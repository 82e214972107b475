/* SPDX-License-Identifier: MIT */
/* Lines that may repeat without end: a few a minute, and how many there were besides. */
#include "base/log_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>

/* Those that have something to tell. */
static struct log_limit *pending;

static bool is_over(const struct log_limit *limit, uint64_t now_ms)
{
	return now_ms - limit->begun_ms >= LOG_LIMIT_S * 1000;
}

static void tell(struct log_limit *limit)
{
	unsigned left_out = limit->left_out;

	limit->left_out = 0;
	log_write(limit->level, "%u more within %d s were left out like: %s", left_out, LOG_LIMIT_S, limit->sample);
}

void log_tell_left_out(void)
{
	uint64_t now_ms = pending ? clock_mono_ms() : 0;

	for (struct log_limit **at = &pending; *at;) {
		struct log_limit *limit = *at;

		if (!is_over(limit, now_ms)) {
			at = &limit->next;
			continue;
		}
		*at = limit->next;
		limit->next = NULL;
		tell(limit);
	}
}

void log_forget_left_out(void)
{
	while (pending) {
		struct log_limit *limit = pending;

		pending = limit->next;
		*limit = (struct log_limit){.level = 0};
	}
}

static void leave_out(struct log_limit *limit)
{
	if (limit->left_out++)
		return;
	limit->next = pending;
	pending = limit;
}

/* A new minute begins with this line. */
static void begin(struct log_limit *limit, uint64_t now_ms, int level, const char *text)
{
	limit->begun_ms = now_ms;
	limit->written = 0;
	limit->level = level;
	snprintf(limit->sample, sizeof(limit->sample), "%.*s", LOG_LIMIT_SAMPLE_BYTES - 1, text);
}

void log_limited(struct log_limit *limit, int level, const char *fmt, ...)
{
	char text[LOG_LINE_BYTES];
	int saved = errno;
	uint64_t now_ms;
	va_list args;

	if (!log_enabled(level))
		return;
	log_tell_left_out();
	now_ms = clock_mono_ms();
	if (limit->written == LOG_LIMIT_LINES && !is_over(limit, now_ms)) {
		leave_out(limit);
		errno = saved;
		return;
	}
	errno = saved;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (limit->written == 0 || is_over(limit, now_ms))
		begin(limit, now_ms, level, text);
	limit->written++;
	log_write(level, "%s", text);
}
