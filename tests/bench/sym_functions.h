/* SPDX-License-Identifier: MIT */
/* Addresses that a .sym file has names for: random ones in its FUNCs, or its PUBLICs where there are none. */
#ifndef BENCH_SYM_FUNCTIONS_H
#define BENCH_SYM_FUNCTIONS_H

#include "../naive/random.h"
#include "base/err.h"
#include "symbols/module.h"

struct sym_function {
	uint64_t start;
	uint64_t end_byte; /* bytes of all functions up to this one's end: where a random byte falls */
};

struct sym_functions {
	char *module_line;
	struct module_name module; /* views into module_line */
	struct sym_function *items;
	size_t count, cap;
};

/* A file without MODULE line or without symbols is ERR_INPUT. */
int sym_functions_read(struct sym_functions *functions, const char *path, struct err *err);
void sym_functions_release(struct sym_functions *functions);

/* An address inside a function, each byte of code being as likely as the other. */
uint64_t sym_functions_pick(const struct sym_functions *functions, struct random *random);

#endif
