/* SPDX-License-Identifier: MIT */
/* Tables for churning: all their bytes follow from number, version and size, so that every value read can be checked. */
#ifndef TESTS_CHURN_TABLES_H
#define TESTS_CHURN_TABLES_H

#include "store/store.h"

struct churn_table {
	unsigned number, version;
	uint64_t bytes;
};

enum { CHURN_KEY_ROOM = 32 };

/* The module key of a table: text in `room`. */
struct slice churn_key(unsigned number, char room[CHURN_KEY_ROOM]);

/* A fast source of numbers; the state is any number. */
uint64_t churn_random(uint64_t *state);

/* As a searcher does: begin, values, publish.  *ret is the table as published. */
int churn_insert(struct store *store, struct churn_table table, struct store_table *ret, struct err *err);

/*
 * Checks `samples` values of a table that was found, chosen by *random, or all
 * values where it has no more: 1 all are as inserted, 0 not, -1 with err.  Inside a read.
 */
int churn_check(struct store *store, struct churn_table table, const struct store_table *found, unsigned samples,
		uint64_t *random, struct err *err);

#endif
