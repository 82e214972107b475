/* SPDX-License-Identifier: MIT */
/* Adding to a list of problems. */
#ifndef CONFIG_PROBLEMS_H
#define CONFIG_PROBLEMS_H

#include "config/config.h"

void config_problem(struct config_problems *problems, enum config_severity severity, const char *source,
		    unsigned line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The same, placed where the key was set; a default has no place. */
void config_problem_at(struct config_problems *problems, enum config_severity severity,
		       const struct config_origin *origin, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* By source and line. */
void config_problems_sort(struct config_problems *problems);

#endif
