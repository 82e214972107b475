/* SPDX-License-Identifier: MIT */
/* Writing names: sorted, front-coded in groups, each group a zstd frame with one dictionary for all. */
#ifndef SYMBOLS_NAMES_WRITE_H
#define SYMBOLS_NAMES_WRITE_H

#include "symbols/name_pool.h"
#include "symbols/value_write.h"

/* Emits TABLE_NAMES, then TABLE_NAME_DICTIONARY.  `sorted` as name_pool_sort() gives it. */
int names_write(struct value_writer *values, const struct name_pool *pool, const uint32_t *sorted,
		uint32_t count, struct err *err);

#endif
