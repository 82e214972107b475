/* SPDX-License-Identifier: MIT */
/* The names in a directory. */
#include "upstream/names.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A directory's times are those of its last change to the precision of the file
 * system's clock, two seconds at worst: a name may come without a new time as
 * long as the last one is so young.
 */
enum { SETTLED_AFTER_MS = 2500 };

static const char magic[8] = "SYNAMES1";

struct entry {
	uint32_t hash, at;
};

static uint32_t hash_name(struct slice name)
{
	char folded[256];
	size_t len = name.len < sizeof(folded) ? name.len : sizeof(folded);

	for (size_t i = 0; i < len; i++) {
		char c = name.data[i];

		folded[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
	}
	return (uint32_t)hash_bytes(folded, len);
}

uint64_t names_stamp(const struct stat *info)
{
	uint64_t numbers[] = {
		(uint64_t)info->st_ino, (uint64_t)info->st_size, (uint64_t)info->st_nlink,
		(uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec,
		(uint64_t)info->st_ctim.tv_sec, (uint64_t)info->st_ctim.tv_nsec,
	};

	return hash_bytes(numbers, sizeof(numbers));
}

static uint64_t to_ms(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_nsec / 1000000;
}

/* A time that lies ahead says nothing: another machine's clock, or a file made for a later date. */
static bool is_settled(const struct stat *info, uint64_t now_ms)
{
	uint64_t changed_ms = to_ms(&info->st_mtim), status_ms = to_ms(&info->st_ctim);

	changed_ms = changed_ms > status_ms ? changed_ms : status_ms;
	return changed_ms + SETTLED_AFTER_MS < now_ms || changed_ms > now_ms + SETTLED_AFTER_MS;
}

static int by_hash(const void *a, const void *b)
{
	const struct entry *one = a, *two = b;

	return one->hash < two->hash ? -1 : one->hash > two->hash;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Entries get places from the start of `texts`. */
static int read_entries(DIR *dir, unsigned max_names, struct buf *entries, struct buf *texts, bool *ret_complete,
			struct err *err)
{
	struct dirent *found;
	unsigned count = 0;

	errno = 0;
	while ((found = readdir(dir)) != NULL && count < max_names) {
		struct entry entry = {hash_name(slice_of(found->d_name)), (uint32_t)texts->len};

		if (is_dot(found->d_name))
			continue;
		buf_add(entries, &entry, sizeof(entry));
		buf_add(texts, found->d_name, strlen(found->d_name) + 1);
		count++;
	}
	if (found == NULL && errno)
		return err_sys(err, "cannot read a directory");
	*ret_complete = found == NULL;
	return 0;
}

static void assemble(struct buf *ret, struct names_header *header, struct buf *entries, struct buf *texts)
{
	struct entry *list = (struct entry *)(void *)entries->data;
	uint32_t texts_at = (uint32_t)(sizeof(*header) + entries->len);

	header->count = (uint32_t)(entries->len / sizeof(*list));
	header->bytes = texts_at + texts->len;
	for (uint32_t i = 0; i < header->count; i++)
		list[i].at += texts_at;
	if (header->count)
		qsort(list, header->count, sizeof(*list), by_hash);
	buf_reserve(ret, header->bytes);
	buf_add(ret, header, sizeof(*header));
	buf_add_slice(ret, buf_slice(entries));
	buf_add_slice(ret, buf_slice(texts));
}

static int read_open(DIR *dir, const char *path, unsigned max_names, struct buf *ret, struct err *err)
{
	struct buf entries = BUF_INIT, texts = BUF_INIT;
	struct names_header header = {.taken_ms = (uint64_t)(clock_wall_exact_s() * 1000)};
	uint64_t start_us = clock_mono_us();
	bool complete = false;
	struct stat info;
	int result = fstat(dirfd(dir), &info) < 0 ? err_sys(err, "cannot examine a directory") : 0;

	buf_add(&texts, path, strlen(path) + 1);
	if (result == 0)
		result = read_entries(dir, max_names, &entries, &texts, &complete, err);
	if (result == 0) {
		memcpy(header.magic, magic, sizeof(magic));
		header.stamp = names_stamp(&info);
		header.settled = is_settled(&info, header.taken_ms);
		header.complete = complete;
		header.took_us = clock_mono_us() - start_us;
		assemble(ret, &header, &entries, &texts);
	}
	buf_release(&entries);
	buf_release(&texts);
	return result;
}

int names_read(const char *path, unsigned max_names, struct buf *ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int result;

	if (dir == NULL) {
		err_sys(err, "cannot open a directory");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	result = read_open(dir, path, max_names, ret, err);
	closedir(dir);
	return result;
}

static const struct entry *entries_of(struct slice block)
{
	return (const struct entry *)(const void *)(block.data + sizeof(struct names_header));
}

const struct names_header *names_check(struct slice block)
{
	const struct names_header *header = (const struct names_header *)(const void *)block.data;
	uint64_t texts_at;

	if (block.len < sizeof(*header) || memcmp(header->magic, magic, sizeof(magic)) != 0 ||
	    header->bytes != block.len)
		return NULL;
	texts_at = sizeof(*header) + (uint64_t)header->count * sizeof(struct entry);
	if (texts_at >= block.len || block.data[block.len - 1] != '\0')
		return NULL;
	for (uint32_t i = 0; i < header->count; i++)
		if (entries_of(block)[i].at < texts_at || entries_of(block)[i].at >= block.len)
			return NULL;
	return header;
}

static const struct names_header *header_of(struct slice block)
{
	return (const struct names_header *)(const void *)block.data;
}

const char *names_path(struct slice block)
{
	return block.data + sizeof(struct names_header) + header_of(block)->count * sizeof(struct entry);
}

/* The first entry with at least that hash. */
static uint32_t lower_bound(const struct entry *entries, uint32_t count, uint32_t hash)
{
	uint32_t low = 0;

	while (count) {
		uint32_t half = count / 2;

		if (entries[low + half].hash < hash) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

const char *names_find(struct slice block, struct slice name)
{
	const struct entry *entries = entries_of(block);
	uint32_t count = header_of(block)->count, hash = hash_name(name);
	const char *best = NULL;

	for (uint32_t i = lower_bound(entries, count, hash); i < count && entries[i].hash == hash; i++) {
		const char *text = block.data + entries[i].at;

		if (slice_is(name, text))
			return text;
		if (slice_equal_nocase(name, slice_of(text)) && (best == NULL || strcmp(text, best) < 0))
			best = text;
	}
	return best;
}
