/* SPDX-License-Identifier: MIT */
/* src/upstream: symbol files in local directories. */
#include "tap.h"

#include "base/file.h"
#include "base/mem.h"
#include "upstream/upstream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static struct buf text; /* what the sink got */
static int begun;

static int sink_begin(void *ctx, struct err *err)
{
	(void)ctx, (void)err;
	begun++;
	buf_clear(&text);
	return 0;
}

static int sink_data(void *ctx, const char *data, size_t len, struct err *err)
{
	(void)ctx, (void)err;
	buf_add(&text, data, len);
	return 0;
}

static struct module_name module_of(const char *debug_file, const char *debug_id)
{
	return (struct module_name){slice_of(debug_file), slice_of(debug_id)};
}

/* A directory of the case's own. */
static struct upstream_source source_in(const char *name)
{
	static char *path;

	free(path);
	path = mem_printf("%s/%s", tap_temp_dir(), name);
	return (struct upstream_source){.kind = SOURCE_DIRECTORY, .location = path};
}

static void put(const struct upstream_source *source, const char *name, struct slice content)
{
	char *path = mem_printf("%s/%s", source->location, name), *dir = mem_strdup(path);
	struct err err = ERR_INIT;
	int fd;

	*strrchr(dir, '/') = '\0';
	CHECK_INT(file_make_dirs(dir, &err), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CHECK_INT(file_write_all(fd, content.data, content.len, &err), 0);
	close(fd);
	free(dir);
	free(path);
}

static const struct upstream_options unlimited;

static enum upstream_outcome fetch_with(const struct upstream_options *options,
					const struct upstream_source *source, struct module_name module,
					struct upstream_result *ret, struct err *err)
{
	struct upstream_sink sink = {NULL, sink_begin, sink_data};
	struct upstream *upstream;
	enum upstream_outcome outcome;

	*err = (struct err)ERR_INIT;
	begun = 0;
	buf_clear(&text);
	if (!CHECK_INT(upstream_open(&upstream, options, err), 0))
		exit(99);
	outcome = upstream_fetch_symbols(upstream, source, module, &sink, ret, err);
	upstream_close(upstream);
	return outcome;
}

static enum upstream_outcome fetch(const struct upstream_source *source, struct module_name module)
{
	struct upstream_result result;
	struct err err;
	enum upstream_outcome outcome = fetch_with(&unlimited, source, module, &result, &err);

	if (outcome == UPSTREAM_UNKNOWN)
		tap_note("%s: %s", err_code_name(err.code), err.msg);
	return outcome;
}

static void a_file_is_found(void)
{
	struct upstream_source source = source_in("found");
	struct upstream_result result;
	struct err err;
	uint64_t identity = 0;

	put(&source, "xul.pdb/AB12/xul.sym", SLICE_LITERAL("MODULE xul"));
	CHECK_INT(fetch_with(&unlimited, &source, module_of("xul.pdb", "ab-12"), &result, &err),
		  UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE xul");
	CHECK_INT(begun, 1);
	CHECK_INT(result.text_bytes, 10);
	CHECK_INT(result.wire_bytes, 10);
	CHECK_INT(result.http_status, 0);
	CHECK_INT(upstream_local_identity(&source, module_of("xul.pdb", "AB12"), &identity), 1);
	CHECK(identity != 0 && identity == result.identity);
	CHECK_INT(fetch(&source, module_of("xul.pdb", "AB13")), UPSTREAM_ABSENT);
	CHECK_INT(fetch(&source, module_of("mozglue.pdb", "AB12")), UPSTREAM_ABSENT);
	CHECK_INT(upstream_local_identity(&source, module_of("xul.pdb", "AB13"), &identity), 0);
	source.location = "/nonexistent/directory";
	CHECK_INT(fetch(&source, module_of("xul.pdb", "AB12")), UPSTREAM_ABSENT);
}

/* gzip and zstd of "MODULE gz\n" and "MODULE zst\n". */
static const char gzipped[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xf3\xf5\x77\x09\xf5\x71\x55\x48\xaf"
			      "\xe2\x02\x00\x60\x35\xf9\x65\x0a\x00\x00\x00";
static const char zstd_stored[] = "\x28\xb5\x2f\xfd\x20\x0b\x59\x00\x00MODULE zst\n";

static void compressed_files_are_found(void)
{
	struct upstream_source source = source_in("compressed");

	put(&source, "a/1/a.sym.gz", slice_make(gzipped, sizeof(gzipped) - 1));
	CHECK_INT(fetch(&source, module_of("a", "1")), UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE gz\n");
	put(&source, "b/1/b.sym.zst", slice_make(zstd_stored, sizeof(zstd_stored) - 1));
	CHECK_INT(fetch(&source, module_of("b", "1")), UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE zst\n");
	/* the plain one is preferred, and the content decides, not the name */
	put(&source, "b/1/b.sym", slice_make(gzipped, sizeof(gzipped) - 1));
	CHECK_INT(fetch(&source, module_of("b", "1")), UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE gz\n");
	put(&source, "c/1/c.sym.gz", slice_make(gzipped, sizeof(gzipped) - 9));
	CHECK_INT(fetch(&source, module_of("c", "1")), UPSTREAM_UNKNOWN);
}

static void case_does_not_matter(void)
{
	struct upstream_source source = source_in("case");

	put(&source, "XUL.pdb/ab12/Xul.SYM", SLICE_LITERAL("MODULE any case"));
	CHECK_INT(fetch(&source, module_of("xul.PDB", "AB12")), UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE any case");
	put(&source, "Xul.pdb/AB12/xul.sym", SLICE_LITERAL("MODULE second in byte order"));
	CHECK_INT(fetch(&source, module_of("xul.pdb", "AB12")), UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE any case");
	put(&source, "xul.pdb/AB12/xul.sym", SLICE_LITERAL("MODULE exact"));
	CHECK_INT(fetch(&source, module_of("xul.pdb", "AB12")), UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE exact");
}

static void names_stay_in_the_directory(void)
{
	static const struct slice names[] = {
		SLICE_LITERAL(".."), SLICE_LITERAL("."), SLICE_LITERAL(""), SLICE_LITERAL("../secret"),
		SLICE_LITERAL("a/b"), SLICE_LITERAL("a\\b"), SLICE_LITERAL("a\0b"), SLICE_LITERAL("/etc"),
		SLICE_LITERAL("a\nb"),
	};
	struct upstream_source source = source_in("names/inner");

	put(&source, "../secret/1/secret.sym", SLICE_LITERAL("MODULE secret"));
	put(&source, "../1/...sym", SLICE_LITERAL("MODULE secret"));
	put(&source, "a/b/1/b.sym", SLICE_LITERAL("MODULE b"));
	put(&source, "a/1/a.sym", SLICE_LITERAL("MODULE a"));
	for (size_t i = 0; i < TAP_COUNT(names); i++) {
		struct module_name module = {names[i], SLICE_LITERAL("1")};

		CHECK_INT(fetch(&source, module), UPSTREAM_ABSENT);
		CHECK_INT(begun, 0);
	}
	CHECK_INT(fetch(&source, module_of("a", "1")), UPSTREAM_FOUND);
	CHECK_INT(fetch(&source, module_of("a", "../1")), UPSTREAM_ABSENT);
	CHECK_INT(fetch(&source, module_of("a", "")), UPSTREAM_ABSENT);
}

static void only_regular_files_count(void)
{
	struct upstream_source source = source_in("kinds");
	char *fifo = mem_printf("%s/a/1/a.sym", source.location);
	char *link_path = mem_printf("%s/c/1/c.sym", source.location);
	char *target = mem_printf("%s/d/1/d.sym", source.location);

	put(&source, "a/1/other", SLICE_LITERAL(""));
	CHECK_INT(mkfifo(fifo, 0644), 0);
	CHECK_INT(fetch(&source, module_of("a", "1")), UPSTREAM_ABSENT);
	put(&source, "b/1/b.sym/file", SLICE_LITERAL(""));
	CHECK_INT(fetch(&source, module_of("b", "1")), UPSTREAM_ABSENT);
	put(&source, "d/1/d.sym", SLICE_LITERAL("MODULE linked"));
	put(&source, "c/1/other", SLICE_LITERAL(""));
	CHECK_INT(symlink(target, link_path), 0);
	CHECK_INT(fetch(&source, module_of("c", "1")), UPSTREAM_FOUND);
	CHECK_TEXT(buf_slice(&text), "MODULE linked");
	put(&source, "e", SLICE_LITERAL("a file where a directory should be"));
	CHECK_INT(fetch(&source, module_of("e", "1")), UPSTREAM_ABSENT);
	free(fifo);
	free(link_path);
	free(target);
}

static void what_cannot_be_read_is_unknown(void)
{
	struct upstream_source source = source_in("unreadable");
	struct upstream_result result;
	struct err err;
	char *path = mem_printf("%s/a/1/a.sym", source.location);

	/* a link to itself is out of even root's reach */
	put(&source, "a/1/other", SLICE_LITERAL(""));
	CHECK_INT(symlink("a.sym", path), 0);
	CHECK_INT(fetch_with(&unlimited, &source, module_of("a", "1"), &result, &err), UPSTREAM_UNKNOWN);
	CHECK_INT(err.code, ERR_SYSTEM);
	CHECK_INT(err.sys_errno, ELOOP);
	CHECK(strstr(err.msg, source.location));
	CHECK_INT(upstream_local_identity(&source, module_of("a", "1"), &result.identity), 0);
	free(path);
}

static void empty_and_large_files_are_unknown(void)
{
	struct upstream_source source = source_in("sizes");
	struct upstream_options options = {.max_text_bytes = 10};
	struct upstream_result result;
	struct err err;

	put(&source, "a/1/a.sym", SLICE_LITERAL(""));
	CHECK_INT(fetch_with(&options, &source, module_of("a", "1"), &result, &err), UPSTREAM_UNKNOWN);
	CHECK_INT(err.code, ERR_INPUT);
	put(&source, "b/1/b.sym", SLICE_LITERAL("MODULE long"));
	CHECK_INT(fetch_with(&options, &source, module_of("b", "1"), &result, &err), UPSTREAM_UNKNOWN);
	CHECK_INT(err.code, ERR_LIMIT);
}

static void a_changed_file_has_another_identity(void)
{
	struct upstream_source source = source_in("identity");
	char *path = mem_printf("%s/a/1/a.sym", source.location);
	uint64_t first = 0, second = 0, third = 0;

	put(&source, "a/1/a.sym", SLICE_LITERAL("MODULE a"));
	CHECK_INT(upstream_local_identity(&source, module_of("a", "1"), &first), 1);
	CHECK_INT(utime(path, &(struct utimbuf){1000, 1000}), 0);
	CHECK_INT(upstream_local_identity(&source, module_of("a", "1"), &second), 1);
	put(&source, "a/1/a.sym", SLICE_LITERAL("MODULE ab"));
	CHECK_INT(utime(path, &(struct utimbuf){1000, 1000}), 0);
	CHECK_INT(upstream_local_identity(&source, module_of("a", "1"), &third), 1);
	CHECK(first != second && second != third && first != third);
	free(path);
}

/* Somebody else appends to the file, once, while it is read. */
static int append_to_file(void *ctx, const char *data, size_t len, struct err *err)
{
	int fd, result;

	if (text.len)
		return 0;
	buf_add(&text, data, len);
	fd = open(ctx, O_WRONLY | O_APPEND);
	result = file_write_all(fd, "more", 4, err);
	close(fd);
	return result;
}

static void a_file_that_is_being_written_is_unknown(void)
{
	struct upstream_source source = source_in("torn");
	char *path = mem_printf("%s/a/1/a.sym", source.location);
	struct upstream_sink sink = {path, sink_begin, append_to_file};
	struct upstream_result result;
	struct upstream *upstream;
	struct err err = ERR_INIT;

	put(&source, "a/1/a.sym", SLICE_LITERAL("MODULE a"));
	CHECK_INT(upstream_open(&upstream, &unlimited, &err), 0);
	CHECK_INT(upstream_fetch_symbols(upstream, &source, module_of("a", "1"), &sink, &result, &err),
		  UPSTREAM_UNKNOWN);
	upstream_close(upstream);
	free(path);
}

static const struct tap_case cases[] = {
	{"a file is found", a_file_is_found},
	{"compressed files are found", compressed_files_are_found},
	{"case does not matter, the exact name goes first", case_does_not_matter},
	{"names stay in the directory", names_stay_in_the_directory},
	{"only regular files count", only_regular_files_count},
	{"what cannot be read is unknown", what_cannot_be_read_is_unknown},
	{"empty and large files are unknown", empty_and_large_files_are_unknown},
	{"a changed file has another identity", a_changed_file_has_another_identity},
	{"a file that is being written is unknown", a_file_that_is_being_written_is_unknown},
};

int main(void)
{
	int result = tap_run(cases, TAP_COUNT(cases));

	buf_release(&text);
	return result;
}
