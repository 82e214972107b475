/* SPDX-License-Identifier: MIT */
/* The list of what is wrong with a configuration. */
#include "config/problems.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void __attribute__((format(printf, 5, 0)))
add(struct config_problems *problems, enum config_severity severity, const char *source, unsigned line,
    const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		text = mem_strdup(fmt);
	/* values of the file are in it: one problem stays one line */
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	if (problems->count == problems->cap) {
		problems->cap = problems->cap ? problems->cap * 2 : 8;
		problems->items = mem_realloc_array(problems->items, problems->cap, sizeof(*problems->items));
	}
	problems->items[problems->count] = (struct config_problem){
		.severity = severity,
		.source = mem_strdup(source ? source : ""),
		.line = line,
		.text = text,
		.order = problems->count,
	};
	problems->count++;
	problems->errors += severity == CONFIG_ERROR;
}

void config_problem(struct config_problems *problems, enum config_severity severity, const char *source,
		    unsigned line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(problems, severity, source, line, fmt, args);
	va_end(args);
}

void config_problem_at(struct config_problems *problems, enum config_severity severity,
		       const struct config_origin *origin, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(problems, severity, origin->source, origin->line, fmt, args);
	va_end(args);
}

static int compare(const void *a, const void *b)
{
	const struct config_problem *left = a, *right = b;
	int order = strcmp(left->source, right->source);

	if (order)
		return order;
	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return left->order < right->order ? -1 : 1;
}

void config_problems_sort(struct config_problems *problems)
{
	if (problems->count)
		qsort(problems->items, problems->count, sizeof(*problems->items), compare);
}

void config_problems_release(struct config_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++) {
		free(problems->items[i].source);
		free(problems->items[i].text);
	}
	free(problems->items);
	*problems = (struct config_problems)CONFIG_PROBLEMS_INIT;
}

void config_problems_format(const struct config_problems *problems, struct buf *buf)
{
	for (unsigned i = 0; i < problems->count; i++) {
		const struct config_problem *problem = &problems->items[i];

		if (problem->source[0])
			buf_addf(buf, "%s:", problem->source);
		if (problem->line)
			buf_addf(buf, "%u:", problem->line);
		buf_addf(buf, "%s%s: %s\n", problem->source[0] ? " " : "",
			 problem->severity == CONFIG_ERROR ? "error" : "warning", problem->text);
	}
}
