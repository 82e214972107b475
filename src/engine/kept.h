/* SPDX-License-Identifier: MIT */
/* What the cache keeps of one module: its table, its raw file, the memory of there being neither. */
#ifndef ENGINE_KEPT_H
#define ENGINE_KEPT_H

#include "engine/environment.h"
#include "symbols/module.h"

/* Forgets all of it.  What a search under way finds is kept anew. */
int kept_forget(struct environment *env, struct module_name module, struct slice key, struct err *err);

/* 1 where the module's published table was made of the source of that identity (0: a server's), 0, -1. */
int kept_table(struct environment *env, struct slice key, uint64_t source, struct err *err);

/* Deletes the tables whose raw file is gone or changed.  Returns how many, or -1. */
int kept_drop_orphans(struct environment *env, struct err *err);

#endif
