/* SPDX-License-Identifier: MIT */
/* What the janitor does for the database: its limit, and what crashes left beside it. */
#include "engine/environment.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char *env_path(const struct environment *env, uint32_t ahead)
{
	return mem_printf("%s/db-%u", env->state->dir, env->number + ahead);
}

/* ---- the limit ---- */

/* What others published since the copy was begun is searched for again; it does no harm elsewhere. */
static int switch_to(struct environment *env, const char *copy, struct err *err)
{
	struct state *state = env->state;
	char *next = env_path(env, 1);
	int result = 0;

	if (file_lock(state->lock_fd, STATE_LOCK_INIT, 1, FILE_LOCK_EXCLUSIVE, true, err) < 0) {
		free(next);
		return -1;
	}
	if (!environment_is_replaced(env)) {
		if (store_remove(next, err) < 0)
			result = -1;
		else if (copy && rename(copy, next) < 0)
			result = err_sys(err, "cannot rename %s", copy);
		if (result == 0)
			atomic_store(&state->map->env_number, env->number + 1);
	}
	file_unlock(state->lock_fd, STATE_LOCK_INIT, 1);
	free(next);
	return result;
}

/* 0 where there is a copy, 1 where there is no room for one. */
static int make_copy(struct environment *env, const char *copy, struct err *err)
{
	struct err ignored;

	if (store_copy(env->store, copy, err) == 0)
		return 0;
	store_remove(copy, &ignored);
	return err->sys_errno == ENOSPC || err->sys_errno == EDQUOT ? 1 : -1;
}

static int replace(struct environment *env, const char *old, const char *copy, struct err *err)
{
	int made = make_copy(env, copy, err);

	if (made < 0 || switch_to(env, made == 0 ? copy : NULL, err) < 0)
		return -1;
	if (made == 0)
		log_info("database %s was larger than its limit and is replaced by a copy", old);
	else
		log_warning("database %s was larger than its limit and is begun anew: no room for a copy", old);
	environment_close(env);
	return store_remove(old, err) < 0 ? -1 : environment_refresh(env, err);
}

static int replace_file(struct environment *env, struct err *err)
{
	char *old = env_path(env, 0), *copy = mem_printf("%s.copy", old);
	int result = replace(env, old, copy, err);
	char why[sizeof(err->msg)];

	free(old);
	free(copy);
	if (result == 0 || err->code != ERR_CORRUPT || env->store == NULL)
		return result;
	snprintf(why, sizeof(why), "%s", err->msg);
	return environment_condemn(env, why, err);
}

int environment_keep_limit(struct environment *env, struct err *err)
{
	enum store_fit fit;

	if (store_fit(env->store, &fit, err) < 0)
		return -1;
	switch (fit) {
	case STORE_HOLDS_TOO_MUCH:
		return store_trim(env->store, UINT64_MAX, err) < 0 ? -1 : 1;
	case STORE_FILE_TOO_LARGE:
		return replace_file(env, err) < 0 ? -1 : 1;
	case STORE_FITS:
		break;
	}
	return 0;
}

/* ---- leftovers ---- */

static bool cut_start(struct slice *name, struct slice start)
{
	if (name->len < start.len || memcmp(name->data, start.data, start.len) != 0)
		return false;
	*name = slice_make(name->data + start.len, name->len - start.len);
	return true;
}

static bool cut_end(struct slice *name, struct slice end)
{
	if (name->len < end.len || memcmp(name->data + name->len - end.len, end.data, end.len) != 0)
		return false;
	*name = slice_make(name->data, name->len - end.len);
	return true;
}

/* "db-N" and "oversize-N" below the current ones, "db-N.copy": nobody else's file is ever deleted. */
static bool is_leftover(const struct environment *env, struct slice name)
{
	uint64_t number, current = env->number;
	bool is_copy = false;

	if (cut_start(&name, SLICE_LITERAL("db-")))
		is_copy = cut_end(&name, SLICE_LITERAL(".copy"));
	else if (cut_start(&name, SLICE_LITERAL("oversize-")))
		current = atomic_load(&env->state->map->oversize_number);
	else
		return false;
	return num_parse_dec(name, UINT32_MAX, &number) && (is_copy || number < current);
}

void environment_tidy(struct environment *env)
{
	DIR *dir = opendir(env->state->dir);
	struct dirent *entry;
	struct err err = ERR_INIT;

	while (dir && (entry = readdir(dir)) != NULL) {
		char *path = mem_printf("%s/%s", env->state->dir, entry->d_name);

		if (is_leftover(env, slice_of(entry->d_name)) && store_remove(path, &err) < 0)
			log_error("cannot delete a leftover: %s", err.msg);
		free(path);
	}
	if (dir)
		closedir(dir);
}
