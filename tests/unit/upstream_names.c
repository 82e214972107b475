/* SPDX-License-Identifier: MIT */
/* src/upstream: what is known of the names in directories of symbol files. */
#include "tap.h"

#include "base/file.h"
#include "base/mem.h"
#include "upstream/local.h"
#include "upstream/names.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tree of symbol files, the index that builds (a fetcher's) and one that does not (a worker's). */
struct fixture {
	char *dir, *names_dir;
	struct local_index *fetcher, *worker;
};

static struct local_index *new_index(const char *names_dir, bool builds)
{
	struct local_index_options options = {.shared_dir = names_dir, .builds = builds};

	return local_index_new(&options);
}

static struct fixture fixture_new(const char *name)
{
	struct fixture f = {
		.dir = mem_printf("%s/%s", tap_temp_dir(), name),
		.names_dir = mem_printf("%s/%s.names", tap_temp_dir(), name),
	};

	CHECK_INT(mkdir(f.dir, 0755), 0);
	f.fetcher = new_index(f.names_dir, true);
	f.worker = new_index(f.names_dir, false);
	return f;
}

static void fixture_release(struct fixture *f)
{
	local_index_free(f->fetcher);
	local_index_free(f->worker);
	free(f->dir);
	free(f->names_dir);
}

/* <dir>/<name>, made; the last one's path is good until the next. */
static const char *path_in(const char *dir, const char *name)
{
	static char *path;

	free(path);
	path = mem_printf("%s/%s", dir, name);
	return path;
}

static void put(const char *dir, const char *name)
{
	char *path = mem_strdup(path_in(dir, name));
	struct err err = ERR_INIT;
	int fd;

	*strrchr(path, '/') = '\0';
	CHECK_INT(file_make_dirs(path, &err), 0);
	fd = open(path_in(dir, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0 && write(fd, "MODULE", 6) == 6);
	close(fd);
	free(path);
}

/* Modules that nobody asks for, as many as make the directory a large one, and `more`. */
static void fill(const char *dir, int more)
{
	char *inside = mem_strdup(dir); /* which may be path_in()'s */
	char name[32];

	for (int i = 0; i < LOCAL_INDEX_SMALL + more; i++) {
		snprintf(name, sizeof(name), "Other%d.so", i);
		CHECK_INT(mkdir(path_in(inside, name), 0755), 0);
	}
	free(inside);
}

static void empty(const char *dir)
{
	char name[32];

	for (int i = 0; i < LOCAL_INDEX_SMALL; i++) {
		snprintf(name, sizeof(name), "Other%d.so", i);
		CHECK_INT(rmdir(path_in(dir, name)), 0);
	}
}

/* 1 found, 0 not, -1: as a new round of that process sees it. */
static int look(struct local_index *index, const char *dir, const char *file, const char *id)
{
	struct module_name module = {slice_of(file), slice_of(id)};
	struct local_file found;
	struct err err = ERR_INIT;
	int result;

	local_index_begin(index);
	result = local_find(&found, index, dir, module, &err);
	local_close(&found);
	return result;
}

/* Asks again, the builder refreshing as a fetcher does, until the answer is that or five seconds have passed. */
static int look_until(struct fixture *f, const char *file, const char *id, int want)
{
	const char *dirs[] = {f->dir};
	int got = -2;

	for (int i = 0; i < 100 && got != want; i++) {
		local_index_refresh(f->fetcher, dirs, 1);
		got = look(f->worker, f->dir, file, id);
		if (got != want)
			usleep(50 * 1000);
	}
	return got;
}

static const char *find_name(struct buf *block, const char *name)
{
	const char *found = names_find(buf_slice(block), slice_of(name));

	return found ? found : "";
}

static void names_are_found_without_case(void)
{
	struct fixture f = fixture_new("case");
	struct buf block = BUF_INIT;
	struct err err = ERR_INIT;

	put(f.dir, "xul.pdb");
	put(f.dir, "XUL.pdb");
	put(f.dir, "Xul.PDB");
	put(f.dir, "Only.so");
	put(f.dir, "\xc3\x84.so");
	CHECK_INT(names_read(f.dir, 100, &block, &err), 0);
	CHECK(names_check(buf_slice(&block)) != NULL);
	CHECK_TEXT(slice_of(names_path(buf_slice(&block))), f.dir);
	CHECK_TEXT(slice_of(find_name(&block, "xul.pdb")), "xul.pdb");
	CHECK_TEXT(slice_of(find_name(&block, "xul.PDB")), "XUL.pdb");
	CHECK_TEXT(slice_of(find_name(&block, "only.SO")), "Only.so");
	CHECK_TEXT(slice_of(find_name(&block, "\xc3\xa4.so")), "");
	CHECK_TEXT(slice_of(find_name(&block, "xul.pd")), "");
	CHECK_TEXT(slice_of(find_name(&block, "..")), "");
	buf_clear(&block);
	CHECK_INT(names_read(f.dir, 2, &block, &err), 0);
	CHECK_INT(names_check(buf_slice(&block))->count, 2);
	CHECK(!names_check(buf_slice(&block))->complete);
	buf_release(&block);
	fixture_release(&f);
}

static void damaged_names_are_refused(void)
{
	struct fixture f = fixture_new("damage");
	struct buf block = BUF_INIT;
	struct err err = ERR_INIT;
	int refused = 0;

	put(f.dir, "a");
	put(f.dir, "b");
	CHECK_INT(names_read(f.dir, 100, &block, &err), 0);
	for (size_t len = 0; len < block.len; len++) {
		char *copy = mem_alloc(len + !len); /* sanitizers watch the end of each */

		memcpy(copy, block.data, len);
		CHECK(names_check(slice_make(copy, len)) == NULL);
		free(copy);
	}
	for (size_t i = 0; i < block.len; i++) {
		block.data[i] ^= '\x80';
		if (names_check(buf_slice(&block)))
			find_name(&block, "A");
		else
			refused++;
		block.data[i] ^= '\x80';
	}
	CHECK(refused > 16);
	buf_release(&block);
	fixture_release(&f);
}

static void small_directories_need_no_help(void)
{
	struct fixture f = fixture_new("small");

	CHECK_INT(look(f.worker, f.dir, "XUL.pdb", "AB"), 0);
	for (int i = 0; i < 20; i++) { /* within one tick of the file system's clock */
		put(f.dir, "xul.pdb/ab/XUL.sym");
		CHECK_INT(look(f.worker, f.dir, "XUL.pdb", "AB"), 1);
		CHECK_INT(unlink(path_in(f.dir, "xul.pdb/ab/XUL.sym")), 0);
		CHECK_INT(look(f.worker, f.dir, "XUL.pdb", "AB"), 0);
	}
	put(f.dir, "xul.pdb/ab/xul.sym.gz");
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 1);
	CHECK_INT(rename(path_in(f.dir, "xul.pdb"), f.names_dir), 0);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 0);
	CHECK_INT(rename(f.names_dir, path_in(f.dir, "XUL.PDB")), 0);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 1);
	fixture_release(&f);
}

static void one_round_looks_once(void)
{
	struct fixture f = fixture_new("round");
	char *path = mem_printf("%s/xul.pdb/AB", f.dir);

	put(f.dir, "xul.pdb/AB/other");
	local_index_begin(f.worker);
	CHECK(local_index_get(f.worker, path)->exists);
	put(f.dir, "xul.pdb/AB/xul.sym");
	CHECK(names_find(local_index_get(f.worker, path)->names, SLICE_LITERAL("xul.sym")) == NULL);
	local_index_begin(f.worker);
	CHECK(names_find(local_index_get(f.worker, path)->names, SLICE_LITERAL("xul.sym")) != NULL);
	free(path);
	fixture_release(&f);
}

static void large_directories_are_listed_by_fetchers(void)
{
	struct fixture f = fixture_new("large");

	fill(f.dir, 10);
	put(f.dir, "XUL.pdb/AB/xul.sym");
	put(f.dir, "exact.so/AB/exact.so.sym");
	CHECK_INT(look(f.worker, f.dir, "exact.so", "AB"), 1);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 0); /* nobody has listed them yet */
	CHECK_INT(look(f.fetcher, f.dir, "xul.pdb", "AB"), 1);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 1);
	/* exact names count at once, others when the list is made anew */
	put(f.dir, "new.so/AB/new.so.sym");
	CHECK_INT(look(f.worker, f.dir, "new.so", "AB"), 1);
	put(f.dir, "NEWER.so/AB/newer.so.sym");
	CHECK_INT(look_until(&f, "newer.so", "AB", 1), 1);
	/* and outrank what an old list has */
	put(f.dir, "xul.pdb/cd/xul.sym");
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "CD"), 1);
	CHECK_INT(unlink(path_in(f.dir, "xul.pdb/cd/xul.sym")), 0);
	CHECK_INT(rmdir(path_in(f.dir, "xul.pdb/cd")), 0);
	CHECK_INT(rmdir(path_in(f.dir, "xul.pdb")), 0);
	/* what the list still has is looked at before it is believed */
	CHECK_INT(unlink(path_in(f.dir, "XUL.pdb/AB/xul.sym")), 0);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 0);
	CHECK_INT(rmdir(path_in(f.dir, "XUL.pdb/AB")), 0);
	CHECK_INT(rmdir(path_in(f.dir, "XUL.pdb")), 0);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 0);
	fixture_release(&f);
}

static void large_directories_may_lie_below(void)
{
	struct fixture f = fixture_new("below");

	CHECK_INT(mkdir(path_in(f.dir, "xul.pdb"), 0755), 0);
	fill(path_in(f.dir, "xul.pdb"), 1);
	put(f.dir, "xul.pdb/ab/xul.sym");
	put(f.dir, "xul.pdb/CD/xul.sym");
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "CD"), 1);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 0);
	CHECK_INT(look(f.fetcher, f.dir, "xul.pdb", "AB"), 1);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 1);
	put(f.dir, "xul.pdb/ef/xul.sym"); /* without a search: it has a list, which is kept up */
	CHECK_INT(look_until(&f, "xul.pdb", "EF", 1), 1);
	fixture_release(&f);
}

static unsigned count_shared(const struct fixture *f)
{
	struct buf block = BUF_INIT;
	struct err err = ERR_INIT;
	unsigned count = 0;

	if (names_read(f->names_dir, 100, &block, &err) == 0)
		count = names_check(buf_slice(&block))->count;
	buf_release(&block);
	return count;
}

static void a_directory_may_become_another(void)
{
	struct fixture f = fixture_new("become");
	char *aside = mem_printf("%s.aside", f.dir);
	const char *dirs[] = {f.dir};

	fill(f.dir, 0);
	put(f.dir, "XUL.pdb/AB/xul.sym");
	put(aside, "XUL.pdb/CD/xul.sym");
	CHECK_INT(look(f.fetcher, f.dir, "xul.pdb", "AB"), 1);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 1);
	CHECK_INT(count_shared(&f), 2); /* and the lock */
	/* small: everybody reads it */
	empty(f.dir);
	CHECK_INT(look_until(&f, "XUL.PDB", "AB", 1), 1);
	for (int i = 0; i < 100 && count_shared(&f) != 1; i++, usleep(50 * 1000))
		local_index_refresh(f.fetcher, dirs, 1);
	CHECK_INT(count_shared(&f), 1);
	put(f.dir, "NEW.so/AB/new.so.sym");
	CHECK_INT(look(f.worker, f.dir, "new.so", "AB"), 1);
	/* exchanged by a rename, then by a link */
	CHECK_INT(rename(f.dir, path_in(tap_temp_dir(), "become.old")), 0);
	CHECK_INT(look(f.worker, f.dir, "XUL.pdb", "AB"), 0);
	CHECK_INT(rename(aside, f.dir), 0);
	CHECK_INT(look(f.worker, f.dir, "XUL.pdb", "AB"), 0);
	CHECK_INT(look(f.worker, f.dir, "xul.PDB", "CD"), 1);
	CHECK_INT(rename(f.dir, aside), 0);
	CHECK_INT(symlink(path_in(tap_temp_dir(), "become.old"), f.dir), 0);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 1);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "CD"), 0);
	free(aside);
	fixture_release(&f);
}

static void lists_of_directories_that_are_gone_go(void)
{
	struct fixture f = fixture_new("gone");
	const char *dirs[] = {tap_temp_dir()};

	fill(f.dir, 1);
	CHECK_INT(look(f.fetcher, f.dir, "xul.pdb", "AB"), 0);
	CHECK_INT(count_shared(&f), 2);
	CHECK_INT(rename(f.dir, path_in(tap_temp_dir(), "gone.old")), 0);
	local_index_refresh(f.fetcher, dirs, 1);
	CHECK_INT(count_shared(&f), 1);
	fixture_release(&f);
}

/* The name of the only list. */
static char *list_path(const struct fixture *f)
{
	char name[32];
	FILE *ls;
	char *command = mem_printf("ls '%s' | grep -v lock", f->names_dir);

	ls = popen(command, "r");
	CHECK(ls && fscanf(ls, "%31s", name) == 1);
	pclose(ls);
	free(command);
	return mem_printf("%s/%s", f->names_dir, name);
}

static void a_damaged_list_is_made_anew(void)
{
	struct fixture f = fixture_new("anew");
	char *list;
	int fd;

	fill(f.dir, 1);
	put(f.dir, "XUL.pdb/AB/xul.sym");
	CHECK_INT(look(f.fetcher, f.dir, "xul.pdb", "AB"), 1);
	list = list_path(&f);
	fd = open(path_in(f.names_dir, "other"), O_WRONLY | O_CREAT, 0644);
	CHECK(write(fd, "SYNAMES1 this is none", 21) == 21);
	close(fd);
	CHECK_INT(rename(path_in(f.names_dir, "other"), list), 0);
	CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 0);
	CHECK_INT(look_until(&f, "xul.pdb", "AB", 1), 1);
	free(list);
	fixture_release(&f);
}

/* As somebody who is not root, if need be. */
static void what_cannot_be_listed_has_exact_names(void)
{
	struct fixture f = fixture_new("unlisted");

	CHECK_INT(chmod(tap_temp_dir(), 0755), 0);
	put(f.dir, "xul.pdb/AB/xul.sym");
	CHECK_INT(chmod(f.dir, 0711), 0);
	CHECK_INT(chmod(path_in(f.dir, "xul.pdb"), 0755), 0);
	CHECK_INT(chmod(path_in(f.dir, "xul.pdb/AB"), 0755), 0);
	if (geteuid() == 0 && seteuid(65534) < 0) {
		tap_skip("cannot become another user");
	} else {
		if (geteuid() == getuid())
			CHECK_INT(chmod(f.dir, 0311), 0);
		CHECK_INT(look(f.worker, f.dir, "xul.pdb", "AB"), 1);
		CHECK_INT(look(f.worker, f.dir, "XUL.pdb", "AB"), -1);
		CHECK_INT(look(f.worker, f.dir, "other.pdb", "AB"), -1);
		if (getuid() == 0)
			CHECK_INT(seteuid(0), 0);
		CHECK_INT(chmod(f.dir, 0755), 0);
	}
	fixture_release(&f);
}

/* More directories than places, more names than memory: all are found, time after time. */
static void many_directories_take_turns(void)
{
	struct fixture f = fixture_new("turns");
	char name[64], lower[16];

	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "D%d/AB/D%d.sym", i, i);
		put(f.dir, name);
	}
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1500; i++) {
			snprintf(lower, sizeof(lower), "d%d", i);
			if (!CHECK_INT(look(f.fetcher, f.dir, lower, "ab"), 1))
				return;
		}
	fixture_release(&f);
}

static const struct tap_case cases[] = {
	{"names are found without case", names_are_found_without_case},
	{"damaged names are refused", damaged_names_are_refused},
	{"small directories need no help", small_directories_need_no_help},
	{"one round looks once", one_round_looks_once},
	{"large directories are listed by fetchers", large_directories_are_listed_by_fetchers},
	{"large directories may lie below", large_directories_may_lie_below},
	{"a directory may become another", a_directory_may_become_another},
	{"lists of directories that are gone go", lists_of_directories_that_are_gone_go},
	{"a damaged list is made anew", a_damaged_list_is_made_anew},
	{"what cannot be listed has exact names", what_cannot_be_listed_has_exact_names},
	{"many directories take turns", many_directories_take_turns},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
