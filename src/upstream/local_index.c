/* SPDX-License-Identifier: MIT */
/* What the directories of symbol files hold. */
#include "upstream/local_index.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "upstream/local.h"
#include "upstream/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WAYS = 4,
	SETS = 256,
	NAMES_MAX = 1000000,        /* of one directory; what exceeds it is found by its exact name only */
	OWN_BYTES_MAX = 4 << 20,    /* of names read by this process, shared directories apart */
	SHARED_FILES_MAX = 256,
	LOOK_AGAIN_MS = 1000,       /* a directory that goes on changing is read so often at most */
	TIMES_COST = 20,            /* and for a twentieth of the time */
	MAX_AGE_MS = 60 * 1000,     /* clocks of other machines cannot be trusted for ever */
	FILE_BYTES_MAX = 512 << 20,
};

/* One directory. */
struct place {
	char *path; /* NULL: an empty place */
	uint64_t round; /* in which it was last looked at */
	struct local_listing seen;
	struct buf own;      /* names read by this process */
	struct slice mapped; /* names of the shared file */
	struct stat shared;  /* that file, as it was mapped */
	bool big;            /* its names are, or will be, in a shared file */
	uint64_t read_ms;    /* clock_mono_ms() of the last attempt to read it here */
};

struct local_index {
	char *shared_dir;
	bool builds;
	bool refreshing; /* in nobody's service: no waiting, and one large directory will do */
	bool built;
	int lock_fd; /* of builders */
	uint64_t round;
	size_t own_bytes;
	struct place places[SETS][WAYS];
};

struct local_index *local_index_new(const struct local_index_options *options)
{
	struct local_index *index = mem_zalloc(sizeof(*index));

	index->shared_dir = options->shared_dir ? mem_strdup(options->shared_dir) : NULL;
	index->builds = options->builds;
	index->lock_fd = -1;
	index->round = 1;
	return index;
}

static void drop_own(struct local_index *index, struct place *place)
{
	index->own_bytes -= place->own.len;
	buf_release(&place->own);
}

static void drop_mapped(struct place *place)
{
	if (place->mapped.len)
		munmap((void *)(uintptr_t)place->mapped.data, place->mapped.len);
	place->mapped = (struct slice){NULL, 0};
}

static void clear_place(struct local_index *index, struct place *place)
{
	drop_own(index, place);
	drop_mapped(place);
	free(place->path);
	*place = (struct place){.path = NULL};
}

static void clear_all(struct local_index *index)
{
	for (int set = 0; set < SETS; set++)
		for (int way = 0; way < WAYS; way++)
			clear_place(index, &index->places[set][way]);
}

void local_index_free(struct local_index *index)
{
	if (index == NULL)
		return;
	clear_all(index);
	if (index->lock_fd >= 0)
		close(index->lock_fd);
	free(index->shared_dir);
	free(index);
}

void local_index_begin(struct local_index *index)
{
	index->round++;
}

bool local_index_reads_all(const struct local_index *index)
{
	return index->builds || index->shared_dir == NULL;
}

/* The directory's place, if need be that of the one in its set that was not asked for longest. */
static struct place *find_place(struct local_index *index, const char *path)
{
	struct place *set = index->places[hash_bytes(path, strlen(path)) % SETS], *oldest = set;

	for (int way = 0; way < WAYS; way++) {
		if (set[way].path && strcmp(set[way].path, path) == 0)
			return &set[way];
		if (set[way].round < oldest->round)
			oldest = &set[way];
	}
	clear_place(index, oldest);
	oldest->path = mem_strdup(path);
	return oldest;
}

static uint64_t wall_ms(void)
{
	return (uint64_t)(clock_wall_exact_s() * 1000);
}

/* Since the names were taken; a clock that was set back makes them old. */
static uint64_t age_ms(const struct names_header *header)
{
	uint64_t now_ms = wall_ms();

	return now_ms >= header->taken_ms ? now_ms - header->taken_ms : UINT64_MAX;
}

static const struct names_header *header_of(struct slice block)
{
	return (const struct names_header *)(const void *)block.data;
}

/* Whether every change since would have shown. */
static bool is_current(struct slice block, uint64_t stamp)
{
	return block.len && header_of(block)->stamp == stamp && header_of(block)->settled;
}

/* ---- the shared files ---- */

static char *shared_path(const struct local_index *index, const char *path)
{
	return mem_printf("%s/%016llx", index->shared_dir, (unsigned long long)hash_bytes(path, strlen(path)));
}

/* Empty where there is none that can be used. */
static struct slice map_file(const char *file, struct stat *ret_info)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct slice block = {NULL, 0};
	void *data = MAP_FAILED;

	if (fd < 0)
		return block;
	if (fstat(fd, ret_info) == 0 && S_ISREG(ret_info->st_mode) && ret_info->st_size > 0 &&
	    ret_info->st_size <= FILE_BYTES_MAX)
		data = mmap(NULL, (size_t)ret_info->st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return block;
	block = slice_make(data, (size_t)ret_info->st_size);
	if (names_check(block))
		return block;
	munmap(data, block.len);
	return (struct slice){NULL, 0};
}

static bool is_mapped_file(const struct place *place, const char *file)
{
	struct stat info;

	return place->mapped.len && stat(file, &info) == 0 && info.st_ino == place->shared.st_ino &&
	       info.st_mtim.tv_sec == place->shared.st_mtim.tv_sec &&
	       info.st_mtim.tv_nsec == place->shared.st_mtim.tv_nsec;
}

/* Two directories with one hash would share a file: the path tells. */
static void map_shared(struct place *place, const char *file)
{
	if (is_mapped_file(place, file))
		return;
	drop_mapped(place);
	place->mapped = map_file(file, &place->shared);
	if (place->mapped.len && strcmp(names_path(place->mapped), place->path) != 0)
		drop_mapped(place);
}

static bool is_due(const struct place *place, uint64_t stamp)
{
	const struct names_header *header;
	uint64_t age, pause_ms;

	if (place->mapped.len == 0)
		return true;
	header = header_of(place->mapped);
	age = age_ms(header);
	pause_ms = header->took_us / 1000 * TIMES_COST;
	if (is_current(place->mapped, stamp))
		return age > MAX_AGE_MS && age > pause_ms;
	return age > LOOK_AGAIN_MS && age > pause_ms;
}

static int write_shared(const char *file, struct slice block, struct err *err)
{
	char *temporary = mem_printf("%s.new", file); /* ours: we hold the file's lock */
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640), result;

	if (fd < 0) {
		result = err_sys(err, "cannot make %s", temporary);
	} else {
		result = file_write_all(fd, block.data, block.len, err);
		close(fd);
		if (result == 0 && rename(temporary, file) < 0)
			result = err_sys(err, "cannot rename %s", temporary);
		if (result < 0)
			unlink(temporary);
	}
	free(temporary);
	return result;
}

/* A directory that has become small, or cannot be read, is looked at by everybody for himself again. */
static int rebuild(struct place *place, const char *file, struct err *err)
{
	struct buf block = BUF_INIT;
	int result = names_read(place->path, NAMES_MAX, &block, err);

	if (result == 0 && header_of(buf_slice(&block))->count > LOCAL_INDEX_SMALL)
		result = write_shared(file, buf_slice(&block), err);
	else
		unlink(file);
	buf_release(&block);
	return result;
}

/* Where other fetchers are at it, what there is will do; only a search waits for the very first list. */
static void build_if_due(struct local_index *index, struct place *place, const char *file, uint64_t stamp)
{
	off_t at = (off_t)(hash_bytes(file, strlen(file)) >> 2);
	struct err err = ERR_INIT;
	bool wait;

	map_shared(place, file);
	wait = place->mapped.len == 0 && !index->refreshing;
	if (!is_due(place, stamp) || file_lock(index->lock_fd, at, 1, FILE_LOCK_EXCLUSIVE, wait, &err) != 1)
		return;
	map_shared(place, file); /* by who had the lock */
	if (is_due(place, stamp)) {
		index->built = true;
		if (rebuild(place, file, &err) < 0)
			log_warning("cannot list the names in %s: %s", place->path, err.msg);
	}
	file_unlock(index->lock_fd, at, 1);
}

static bool can_build(struct local_index *index)
{
	char *lock;

	if (!index->builds || index->lock_fd >= 0)
		return index->builds;
	lock = mem_printf("%s/lock", index->shared_dir);
	if (mkdir(index->shared_dir, 0750) == 0 || errno == EEXIST)
		index->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (index->lock_fd < 0)
		log_warning("cannot open %s: %s", lock, strerror(errno));
	free(lock);
	index->builds = index->lock_fd >= 0;
	return index->builds;
}

static void update_mapped(struct local_index *index, struct place *place, uint64_t stamp)
{
	char *file = shared_path(index, place->path);

	if (can_build(index))
		build_if_due(index, place, file, stamp);
	map_shared(place, file);
	free(file);
}

/* False: there is no shared file. */
static bool use_shared(struct local_index *index, struct place *place, uint64_t stamp)
{
	drop_own(index, place);
	if (!is_current(place->mapped, stamp) || age_ms(header_of(place->mapped)) > MAX_AGE_MS)
		update_mapped(index, place, stamp);
	place->seen.names = place->mapped;
	place->seen.current = is_current(place->mapped, stamp) && header_of(place->mapped)->complete;
	return place->mapped.len != 0;
}

/* ---- one directory ---- */

static void read_own(struct local_index *index, struct place *place)
{
	struct err err = ERR_INIT;

	drop_own(index, place);
	drop_mapped(place);
	place->read_ms = clock_mono_ms();
	if (names_read(place->path, index->shared_dir ? LOCAL_INDEX_SMALL : NAMES_MAX, &place->own, &err) < 0) {
		place->seen.error = err.sys_errno;
		return;
	}
	index->own_bytes += place->own.len;
	place->seen.names = buf_slice(&place->own);
	place->seen.current = header_of(place->seen.names)->complete;
	place->big = index->shared_dir && !place->seen.current;
}

/* What is read in this round is current in it, however young the directory's times are. */
static void look_at_names(struct local_index *index, struct place *place, uint64_t stamp)
{
	struct slice own = buf_slice(&place->own);

	if (place->big && use_shared(index, place, stamp))
		return;
	if (place->big && clock_mono_ms() - place->read_ms < LOOK_AGAIN_MS)
		return;
	place->big = false;
	if (is_current(own, stamp) && age_ms(header_of(own)) < MAX_AGE_MS) {
		place->seen.names = own;
		place->seen.current = header_of(own)->complete;
		return;
	}
	read_own(index, place);
	if (place->big)
		use_shared(index, place, stamp);
}

static void look(struct local_index *index, struct place *place)
{
	struct stat info;

	place->seen = (struct local_listing){.exists = true};
	if (stat(place->path, &info) < 0)
		place->seen = (struct local_listing){.error = local_is_absence(errno) ? 0 : errno};
	else if (!S_ISDIR(info.st_mode))
		place->seen = (struct local_listing){.exists = false};
	if (place->seen.exists) {
		look_at_names(index, place, names_stamp(&info));
		return;
	}
	drop_own(index, place);
	drop_mapped(place);
	place->big = false;
}

const struct local_listing *local_index_get(struct local_index *index, const char *path)
{
	struct place *place;

	if (index->own_bytes > OWN_BYTES_MAX)
		clear_all(index);
	place = find_place(index, path);
	if (place->round != index->round) {
		look(index, place);
		place->round = index->round;
	}
	return &place->seen;
}

/* ---- keeping up ---- */

static bool is_shared_name(const char *name)
{
	return strlen(name) == 16 && strspn(name, "0123456789abcdef") == 16;
}

/* The directory that a shared file is about, or NULL with the file removed. */
static char *shared_directory(const char *file)
{
	struct stat info, dir;
	struct slice block = map_file(file, &info);
	char *path = NULL;

	if (block.len && stat(names_path(block), &dir) == 0 && S_ISDIR(dir.st_mode))
		path = mem_strdup(names_path(block));
	else
		unlink(file);
	if (block.len)
		munmap((void *)(uintptr_t)block.data, block.len);
	return path;
}

static void refresh_shared(struct local_index *index)
{
	DIR *dir = opendir(index->shared_dir);
	struct dirent *entry;
	unsigned count = 0;

	while (dir && !index->built && (entry = readdir(dir)) != NULL) {
		char *file, *path;

		if (!is_shared_name(entry->d_name))
			continue;
		file = mem_printf("%s/%s", index->shared_dir, entry->d_name);
		if (++count > SHARED_FILES_MAX)
			unlink(file);
		else if ((path = shared_directory(file)) != NULL) {
			local_index_get(index, path);
			free(path);
		}
		free(file);
	}
	if (dir)
		closedir(dir);
}

void local_index_refresh(struct local_index *index, const char *const *dirs, unsigned count)
{
	if (!index->builds || count == 0)
		return;
	local_index_begin(index);
	index->refreshing = true;
	index->built = false;
	for (unsigned i = 0; i < count && !index->built; i++)
		local_index_get(index, dirs[i]);
	refresh_shared(index);
	index->refreshing = false;
}
