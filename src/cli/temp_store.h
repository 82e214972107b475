/* SPDX-License-Identifier: MIT */
/* A directory for a store that ends with the command. */
#ifndef CLI_TEMP_STORE_H
#define CLI_TEMP_STORE_H

#include "base/err.h"

/* Makes it in $TMPDIR; the caller frees the path.  NULL with err. */
char *temp_store_new(struct err *err);

/* Removes the files of a store and the directory. */
void temp_store_remove(const char *dir);

/* $TMPDIR, else /tmp. */
const char *temp_dir(void);

#endif
