/* SPDX-License-Identifier: MIT */
/* src/store with damaged and foreign files: ERR_CORRUPT, and out of the way. */
#include "store_fixture.h"
#include "tap.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MB = 1024 * 1024 };

static char *filled_dir(void)
{
	char *dir = fixture_dir();
	struct store *store = fixture_open(dir, 4 * MB);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "a/1", 1, 20, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_insert(store, "b/1", 2, 20, FIXTURE_VALUE_MAX, &err), 0);
	store_close(store);
	return dir;
}

static char *data_file(const char *dir)
{
	return mem_printf("%s/data.mdb", dir);
}

static off_t size_of(const char *path)
{
	struct stat info;

	return stat(path, &info) < 0 ? -1 : info.st_size;
}

static void check_corrupt(const char *dir)
{
	struct store_options options = {.dir = dir, .max_bytes = 4 * MB};
	struct store *store = NULL;
	struct err err = ERR_INIT;

	CHECK_INT(store_open(&store, &options, &err), -1);
	CHECK_INT(err.code, ERR_CORRUPT);
	CHECK(store == NULL);
}

static void a_zeroed_header(void)
{
	char *dir = filled_dir(), *path = data_file(dir);
	char zeros[FIXTURE_PAGE] = {0};
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK_INT(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	close(fd);
	check_corrupt(dir);
	free(path);
	free(dir);
}

static void a_foreign_file(void)
{
	char *dir = filled_dir(), *path = data_file(dir);
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	struct err err;

	CHECK_INT(file_write_all(fd, "not a database", 14, &err), 0);
	close(fd);
	check_corrupt(dir);
	free(path);
	free(dir);
}

static void a_cut_file(void)
{
	for (int pages = 1; pages < 170; pages += 24) {
		char *dir = filled_dir(), *path = data_file(dir);

		CHECK_INT(truncate(path, size_of(path) - pages * FIXTURE_PAGE), 0);
		check_corrupt(dir);
		free(path);
		free(dir);
	}
}

/* LMDB itself leaves such files: the page was taken and given back in one transaction. */
static void a_file_without_its_free_last_page(void)
{
	char *dir = filled_dir(), *path = data_file(dir);
	struct store *store = fixture_open(dir, 4 * MB);
	struct err err = ERR_INIT;

	CHECK_INT(store_delete(store, SLICE_LITERAL("b/1"), &err), 1);
	store_close(store);
	CHECK_INT(truncate(path, size_of(path) - FIXTURE_PAGE), 0);
	store = fixture_open(dir, 4 * MB);
	CHECK_INT(store_recover(store, NULL, NULL, &err), 0);
	CHECK_INT(fixture_read(store, "a/1", 20, FIXTURE_VALUE_MAX), 1);
	CHECK_INT(fixture_insert(store, "c/1", 3, 20, FIXTURE_VALUE_MAX, &err), 0);
	CHECK_INT(fixture_read(store, "c/1", 20, FIXTURE_VALUE_MAX), 3);
	store_close(store);
	free(path);
	free(dir);
}

/* Overwrites a record of a database behind the store's back. */
static void overwrite(const char *dir, const char *database, MDB_val key, MDB_val value)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	CHECK_INT(mdb_env_create(&env), 0);
	mdb_env_set_maxdbs(env, 8);
	CHECK_INT(mdb_env_open(env, dir, 0, 0640), 0);
	CHECK_INT(mdb_txn_begin(env, NULL, 0, &txn), 0);
	CHECK_INT(mdb_dbi_open(txn, database, 0, &dbi), 0);
	CHECK_INT(value.mv_data ? mdb_put(txn, dbi, &key, &value, 0) : mdb_del(txn, dbi, &key, NULL), 0);
	CHECK_INT(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void another_schema_version(void)
{
	char *dir = filled_dir(), key[] = "meta";
	uint32_t meta[14] = {99, FIXTURE_PAGE};

	overwrite(dir, "meta", (MDB_val){sizeof(key), key}, (MDB_val){sizeof(meta), meta});
	check_corrupt(dir);
	overwrite(dir, "meta", (MDB_val){sizeof(key), key}, (MDB_val){8, meta});
	check_corrupt(dir);
	free(dir);
}

static void a_recount_that_fails(void)
{
	unsigned char value_key[17] = {[7] = 1, [8] = 1};
	char *dir = filled_dir();
	struct store *store;
	struct err err = ERR_INIT;

	overwrite(dir, "seg", (MDB_val){sizeof(value_key), value_key}, (MDB_val){0, NULL});
	store = fixture_open(dir, 4 * MB);
	CHECK_INT(store_recover(store, NULL, NULL, &err), -1);
	CHECK_INT(err.code, ERR_CORRUPT);
	CHECK_INT(fixture_read(store, "a/1", 20, FIXTURE_VALUE_MAX), -2); /* its reader finds out */
	CHECK_INT(fixture_read(store, "b/1", 20, FIXTURE_VALUE_MAX), 2);
	store_close(store);
	free(dir);
}

static void a_record_without_its_table(void)
{
	unsigned char id[8] = {[7] = 1};
	char *dir = filled_dir();
	struct store *store;
	struct store_table table;
	struct err err = ERR_INIT;

	overwrite(dir, "tab", (MDB_val){sizeof(id), id}, (MDB_val){0, NULL});
	store = fixture_open(dir, 4 * MB);
	CHECK_INT(store_read_begin(store, &err), 0);
	CHECK_INT(store_find(store, SLICE_LITERAL("a/1"), &table, &err), -1);
	CHECK_INT(err.code, ERR_CORRUPT);
	store_read_end(store);
	CHECK_INT(store_recover(store, NULL, NULL, &err), -1);
	CHECK_INT(err.code, ERR_CORRUPT);
	store_close(store);
	free(dir);
}

static void too_small_a_limit(void)
{
	char *dir = fixture_dir();
	struct store_options options = {.dir = dir, .max_bytes = MB - 1};
	struct store *store = NULL;
	struct err err = ERR_INIT;

	CHECK_INT(store_open(&store, &options, &err), -1);
	CHECK_INT(err.code, ERR_INPUT);
	free(dir);
}

static void a_lower_limit_evicts(void)
{
	char *dir = filled_dir();
	struct store *store = fixture_open(dir, MB);
	struct err err = ERR_INIT;

	CHECK_INT(fixture_insert(store, "c/1", 3, 45, FIXTURE_VALUE_MAX, &err), 0);
	CHECK(!fixture_has(store, "a/1") && !fixture_has(store, "b/1") && fixture_has(store, "c/1"));
	store_close(store);
	free(dir);
}

/* ---- aside ---- */

static bool exists(const char *dir, const char *suffix)
{
	char *path = mem_printf("%s%s", dir, suffix);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void one_bad_environment_is_kept(void)
{
	char *dir = filled_dir(), *next;
	struct err err = ERR_INIT;

	CHECK_INT(store_move_aside(dir, &err), 0);
	CHECK(!exists(dir, "") && exists(dir, ".bad/data.mdb"));
	CHECK_INT(store_move_aside(dir, &err), 0); /* another process was quicker */
	CHECK(exists(dir, ".bad/data.mdb"));
	next = mem_printf("%.*sdb-2", (int)(strlen(dir) - 4), dir);
	store_close(fixture_open(next, MB));
	CHECK_INT(store_move_aside(next, &err), 0);
	CHECK(exists(next, ".bad/data.mdb") && !exists(dir, ".bad"));
	free(next);
	free(dir);
}

static void what_is_not_ours_stays(void)
{
	char *dir = filled_dir(), *foreign = mem_printf("%.*sdb-x.bad", (int)(strlen(dir) - 4), dir);
	struct err err = ERR_INIT;

	CHECK_INT(file_make_dirs(foreign, &err), 0);
	CHECK_INT(store_move_aside(dir, &err), 0);
	CHECK_INT(access(foreign, F_OK), 0);
	free(foreign);
	free(dir);
}

static const struct tap_case cases[] = {
	{"a zeroed header", a_zeroed_header},
	{"a foreign file", a_foreign_file},
	{"a cut file", a_cut_file},
	{"a file without its free last page is whole", a_file_without_its_free_last_page},
	{"another schema version", another_schema_version},
	{"a recount that fails", a_recount_that_fails},
	{"a name without its table", a_record_without_its_table},
	{"too small a limit", too_small_a_limit},
	{"a lower limit evicts", a_lower_limit_evicts},
	{"one bad environment is kept", one_bad_environment_is_kept},
	{"what is not ours stays", what_is_not_ours_stays},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
