/* SPDX-License-Identifier: MIT */
/* src/engine: raw files and their tables: written whole or not at all, bounded, dropped when the file is gone. */
#include "tap.h"

#include "base/file.h"
#include "base/mem.h"
#include "engine/kept.h"
#include "engine/raw_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BYTES = 1000 };

static struct state *state;
static struct environment env;

static void open_cache(void)
{
	char *dir = mem_strdup("/tmp/symbolicate-raw.XXXXXX");
	struct err err = ERR_INIT;

	if (mkdtemp(dir) == NULL || state_open(&state, dir, &err) < 0 ||
	    environment_open(&env, state, NULL, 4 << 20, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
	free(dir);
}

static void close_cache(void)
{
	char *command = mem_printf("rm -rf '%s'", state->dir);

	environment_close(&env);
	CHECK_INT(system(command), 0);
	free(command);
	state_close(state);
}

static char *text_of(size_t len)
{
	char *text = mem_alloc(len + 1);

	memset(text, 'x', len);
	text[len] = '\0';
	return text;
}

/* Returns its identity, 0 where it did not come to be. */
static uint64_t add_raw(const char *key, size_t len)
{
	struct raw_writer writer;
	struct err err = ERR_INIT;
	char *text = text_of(len);
	uint64_t identity = 0;

	if (raw_begin(&writer, state, slice_of(key), MAX_BYTES, &err) < 0 || raw_write(&writer, text, len, &err) < 0 ||
	    raw_finish(&writer, &identity, &err) < 0 || raw_commit(&writer, &err) < 0)
		identity = 0;
	raw_release(&writer);
	free(text);
	return identity;
}

/* When it was used last, in seconds. */
static void set_used(const char *key, long when)
{
	char *path = raw_path(state, slice_of(key));
	const struct timespec times[2] = {{.tv_sec = when}, {.tv_nsec = UTIME_OMIT}};

	CHECK_INT(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static bool has_raw(const char *key)
{
	return raw_identity(state, slice_of(key)) != 0;
}

static bool add_table(const char *key, uint64_t source, uint64_t generation)
{
	struct store_table info = {.source = source, .generation = generation}, table;
	struct store_insert *insert;
	struct err err = ERR_INIT;

	return store_insert_begin(&insert, env.store, slice_of(key), &err) == 0 &&
	       store_insert_value(insert, 1, 1, SLICE_LITERAL("value"), &err) == 0 &&
	       store_insert_publish(insert, &info, &table, &err) == 0;
}

static bool has_table(const char *key, uint64_t source)
{
	struct err err = ERR_INIT;

	return kept_table(&env, slice_of(key), source, &err) == 1;
}

static int append(void *ctx, const char *data, size_t len, struct err *err)
{
	(void)err;
	buf_add(ctx, data, len);
	return 0;
}

static void what_is_written_is_read(void)
{
	struct slice key = SLICE_LITERAL("a.pdb/A1");
	struct buf got = BUF_INIT;
	struct err err = ERR_INIT;
	uint64_t identity, read;

	open_cache();
	CHECK(!has_raw("a.pdb/A1"));
	CHECK_INT(raw_read(state, key, append, &got, &read, &err), 0);
	identity = add_raw("a.pdb/A1", 300);
	CHECK(identity != 0);
	CHECK(raw_identity(state, key) == identity);
	CHECK_INT(raw_read(state, key, append, &got, &read, &err), 1);
	CHECK(read == identity);
	CHECK_INT(got.len, 300);
	set_used("a.pdb/A1", 1000);
	CHECK(raw_use(state, key) == identity);
	CHECK_INT(raw_remove(state, key, &err), 1);
	CHECK_INT(raw_remove(state, key, &err), 0);
	CHECK(!has_raw("a.pdb/A1"));
	CHECK(add_raw("a.pdb/A1", 300) != identity);
	buf_release(&got);
	close_cache();
}

static unsigned count_files(void)
{
	char *command = mem_printf("find '%s/raw' -type f | wc -l", state->dir);
	FILE *pipe = popen(command, "r");
	unsigned count = 0;

	CHECK_INT(fscanf(pipe, "%u", &count), 1);
	pclose(pipe);
	free(command);
	return count;
}

static void unfinished_files_leave_nothing(void)
{
	struct raw_writer writer = {.fd = -1};
	struct err err = ERR_INIT;

	open_cache();
	raw_release(&writer);
	CHECK_INT(add_raw("a.pdb/A1", MAX_BYTES + 1), 0);
	CHECK(!has_raw("a.pdb/A1"));
	CHECK_INT(raw_begin(&writer, state, SLICE_LITERAL("b.pdb/B1"), MAX_BYTES, &err), 0);
	CHECK_INT(raw_write(&writer, "text", 4, &err), 0);
	CHECK_INT(count_files(), 1);
	raw_release(&writer);
	CHECK_INT(count_files(), 0);
	close_cache();
}

/* The key's lock tells whether somebody still writes. */
static void sweep_leaves_who_writes(void)
{
	struct slice key = SLICE_LITERAL("b.pdb/B1");
	struct raw_writer writer;
	struct state *other;
	struct err err = ERR_INIT;

	open_cache();
	CHECK_INT(state_open(&other, state->dir, &err), 0);
	CHECK_INT(file_lock(other->fetch_fd, environment_key_offset(key), 1, FILE_LOCK_EXCLUSIVE, false, &err), 1);
	CHECK_INT(raw_begin(&writer, other, key, MAX_BYTES, &err), 0);
	CHECK_INT(raw_write(&writer, "text", 4, &err), 0);
	CHECK_INT(raw_sweep(state, MAX_BYTES, &err), 0);
	CHECK_INT(count_files(), 1);
	file_unlock(other->fetch_fd, environment_key_offset(key), 1);
	CHECK_INT(raw_sweep(state, MAX_BYTES, &err), 0);
	CHECK_INT(count_files(), 0);
	raw_release(&writer);
	state_close(other);
	close_cache();
}

static void used_longest_ago_goes_first(void)
{
	struct err err = ERR_INIT;

	open_cache();
	CHECK(add_raw("a.pdb/A1", 300));
	CHECK(add_raw("a.pdb/A2", 300));
	CHECK(add_raw("b.pdb/A1", 300));
	set_used("a.pdb/A1", 3000);
	set_used("a.pdb/A2", 1000);
	set_used("b.pdb/A1", 2000);
	CHECK(add_raw("c.pdb/A1", 400));
	CHECK(has_raw("a.pdb/A1") && !has_raw("a.pdb/A2") && has_raw("b.pdb/A1") && has_raw("c.pdb/A1"));
	raw_use(state, SLICE_LITERAL("b.pdb/A1"));
	CHECK_INT(raw_sweep(state, 700, &err), 2);
	CHECK(!has_raw("a.pdb/A1") && has_raw("b.pdb/A1") && has_raw("c.pdb/A1"));
	CHECK_INT(raw_sweep(state, 0, &err), 0);
	CHECK_INT(atomic_load(&state->map->raw_files), 0);
	CHECK_INT(count_files(), 0);
	close_cache();
}

static void tables_without_their_file_are_dropped(void)
{
	struct err err = ERR_INIT;
	uint64_t a, b;

	open_cache();
	a = add_raw("a.pdb/A1", 300);
	b = add_raw("b.pdb/B1", 300);
	CHECK(add_table("a.pdb/A1", a, RAW_GENERATION) && add_table("b.pdb/B1", b, RAW_GENERATION));
	CHECK(add_table("c.pdb/C1", 5, 5) && add_table("d.pdb/D1", 0, 0));
	CHECK_INT(kept_drop_orphans(&env, &err), 0);
	CHECK(has_table("a.pdb/A1", a) && !has_table("a.pdb/A1", 0));
	CHECK_INT(raw_remove(state, SLICE_LITERAL("a.pdb/A1"), &err), 1);
	CHECK_INT(kept_drop_orphans(&env, &err), 1);
	CHECK(!has_table("a.pdb/A1", a) && has_table("b.pdb/B1", b));
	CHECK(has_table("c.pdb/C1", 5) && has_table("d.pdb/D1", 0));
	close_cache();
}

static void all_of_a_module_is_forgotten(void)
{
	struct module_name module = {SLICE_LITERAL("A.pdb"), SLICE_LITERAL("a1")};
	struct slice key = SLICE_LITERAL("a.pdb/A1");
	struct store_absent said = {.source = 7, .made_s = 1, .lasts_s = 600}, known[STORE_ABSENT_SOURCES];
	struct err err = ERR_INIT;
	uint64_t raw;

	open_cache();
	raw = add_raw("a.pdb/A1", 300);
	CHECK(add_table("a.pdb/A1", raw, RAW_GENERATION));
	CHECK_INT(store_absent_put(env.store, SLICE_LITERAL("A.pdb/A1"), &said, 1, &err), 0);
	CHECK_INT(kept_forget(&env, module, key, &err), 0);
	CHECK(!has_raw("a.pdb/A1") && !has_table("a.pdb/A1", raw));
	CHECK_INT(store_read_begin(env.store, &err), 0);
	CHECK_INT(store_absent_get(env.store, SLICE_LITERAL("A.pdb/A1"), 2, known, &err), 0);
	store_read_end(env.store);
	CHECK_INT(kept_forget(&env, module, key, &err), 0);
	close_cache();
}

int main(void)
{
	static const struct tap_case cases[] = {
		{"what is written is read", what_is_written_is_read},
		{"unfinished files leave nothing", unfinished_files_leave_nothing},
		{"a sweep leaves who writes", sweep_leaves_who_writes},
		{"what was used longest ago goes first", used_longest_ago_goes_first},
		{"tables without their file are dropped", tables_without_their_file_are_dropped},
		{"all of a module is forgotten", all_of_a_module_is_forgotten},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
