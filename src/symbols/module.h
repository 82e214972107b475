/* SPDX-License-Identifier: MIT */
/* A module: the debug file and debug id that a stack names, and the one key under which it is kept. */
#ifndef SYMBOLS_MODULE_H
#define SYMBOLS_MODULE_H

#include "base/buf.h"

enum {
	MODULE_NAME_MAX = 255, /* bytes of a debug file's name */
	MODULE_ID_MAX = 64,    /* hexadecimal digits of a debug id: 40 are in use */
	MODULE_KEY_MAX = MODULE_NAME_MAX * 3 + 1 + MODULE_ID_MAX,
};

/* As asked for: borrowed. */
struct module_name {
	struct slice debug_file, debug_id;
};

/*
 * Whether such a module can exist: a name of 1..MODULE_NAME_MAX bytes that is
 * not "." or "..", and an id of 1..MODULE_ID_MAX hexadecimal digits (dashes are
 * not counted).  Others are never looked up.
 */
bool module_is_askable(struct module_name module);

/*
 * Appends the module's key: "<name>/<ID>", the name in ASCII lower case, the id
 * in upper case without dashes.  Every byte of the name but a-z 0-9 . _ + -
 * is written %XX (a dot at its start too), so that different modules never
 * share a key, and a key is a relative path, a memcached key and a log word as
 * it stands.  Undefined for a module that is not askable.
 */
void module_add_key(struct buf *buf, struct module_name module);

/*
 * Appends the key with the name's letters as they are: under it a module is
 * remembered as absent.  A symbol server that minds the case must not make a
 * module unfindable because somebody misspelt it.
 */
void module_add_spelling(struct buf *buf, struct module_name module);

/* Appends the id as keys and upstream URLs have it: upper case, no dashes. */
void module_add_id(struct buf *buf, struct slice debug_id);

/* The Breakpad file name: "xul.pdb" -> "xul.sym" (suffix in any case), "libc.so.6" -> "libc.so.6.sym". */
void module_add_sym_name(struct buf *buf, struct slice debug_file);

/* Whether two ids are the same without case and dashes (rule R34). */
bool module_id_equal(struct slice a, struct slice b);

#endif
