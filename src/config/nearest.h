/* SPDX-License-Identifier: MIT */
/* Which known key may have been meant. */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include "config/table.h"

/* A key or section like the unknown one, or an empty slice.  `rows` as in config_row_find(). */
struct slice config_nearest(const struct config_row *rows, unsigned count, struct slice path);

#endif
