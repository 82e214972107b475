/* SPDX-License-Identifier: MIT */
/* Symbol files in local directories. */
#include "upstream/local.h"

#include "base/hash.h"
#include "base/mem.h"
#include "upstream/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024 };

/* What a symbol file may be called behind its name, best first. */
static const char *const suffixes[] = {"", ".gz", ".zst"};

bool local_is_file_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.data[i];

		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
			return false;
	}
	return name.len && !slice_is(name, ".") && !slice_is(name, "..");
}

bool local_is_absence(int code)
{
	return code == ENOENT || code == ENOTDIR || code == ENAMETOOLONG;
}

/* A search on its way down: `path` is what was found so far. */
struct finding {
	struct local_index *index;
	struct buf path;
	int error; /* errno of what could not be looked at; 0: nothing */
};

/* 1 a regular file, 0 there is none, -1. */
static int examine(struct buf *path, struct stat *ret, struct err *err)
{
	if (stat(buf_text(path), ret) == 0)
		return S_ISREG(ret->st_mode);
	return local_is_absence(errno) ? 0 : err_sys(err, "cannot examine %s", buf_text(path));
}

static const struct local_listing *listing(struct finding *finding)
{
	const struct local_listing *seen = local_index_get(finding->index, buf_text(&finding->path));

	if (seen->error)
		finding->error = seen->error;
	return seen;
}

/* The spelling that a directory has for a name; the name itself where that has to be tried. */
static bool spell(const struct local_listing *seen, const char *name, struct buf *ret)
{
	const char *spelling = seen->names.len ? names_find(seen->names, slice_of(name)) : NULL;

	buf_clear(ret);
	if (spelling == NULL && seen->current)
		return false;
	buf_add_text(ret, spelling ? spelling : name);
	return true;
}

static bool step_to(struct finding *finding, const char *name)
{
	size_t len = finding->path.len;

	buf_addf(&finding->path, "/%s", name);
	if (listing(finding)->exists)
		return true;
	finding->path.len = len;
	return false;
}

/* Goes down into the directory of that name, in any case. */
static bool descend(struct finding *finding, const char *name)
{
	const struct local_listing *seen = listing(finding);
	bool current = seen->current, found;
	struct buf spelling = BUF_INIT;

	found = seen->exists && spell(seen, name, &spelling);
	/* names that may be outdated do not outrank the name itself */
	if (found && !current && step_to(finding, name))
		found = true;
	else
		found = found && step_to(finding, buf_text(&spelling));
	buf_release(&spelling);
	return found;
}

/* NAME.sym in any case before NAME.sym.gz in any case; 1 with the file's path, 0, -1. */
static int find_any_suffix(struct finding *finding, const char *name, struct stat *ret, struct err *err)
{
	struct buf wanted = BUF_INIT, spelling = BUF_INIT;
	size_t len = finding->path.len;
	int result = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && result == 0; i++) {
		finding->path.len = len;
		buf_clear(&wanted);
		buf_addf(&wanted, "%s%s", name, suffixes[i]);
		if (!spell(listing(finding), buf_text(&wanted), &spelling))
			continue;
		buf_addf(&finding->path, "/%s", buf_text(&spelling));
		result = examine(&finding->path, ret, err);
	}
	buf_release(&wanted);
	buf_release(&spelling);
	return result;
}

/* The names that a module has below a directory. */
struct steps {
	struct buf file, id, name;
};

static void steps_init(struct steps *steps, struct module_name module)
{
	*steps = (struct steps){.file = BUF_INIT};
	buf_add_slice(&steps->file, module.debug_file);
	module_add_id(&steps->id, module.debug_id);
	module_add_sym_name(&steps->name, module.debug_file);
}

static void steps_release(struct steps *steps)
{
	buf_release(&steps->file);
	buf_release(&steps->id);
	buf_release(&steps->name);
}

/* Nearly every file that is there has the very names that are asked for. */
static int try_exact(struct finding *finding, struct steps *steps, struct stat *ret, struct err *err)
{
	size_t len = finding->path.len;
	int result;

	buf_addf(&finding->path, "/%s/%s/%s", buf_text(&steps->file), buf_text(&steps->id), buf_text(&steps->name));
	result = examine(&finding->path, ret, err);
	if (result == 0)
		finding->path.len = len;
	return result;
}

/* What is to be read at length is not read before the exact names were tried. */
static bool may_have(struct finding *finding, struct steps *steps)
{
	const struct local_listing *seen;

	if (local_index_reads_all(finding->index))
		return true;
	seen = listing(finding);
	return seen->exists && !(seen->current && names_find(seen->names, buf_slice(&steps->file)) == NULL);
}

static int find_steps(struct finding *finding, struct steps *steps, struct stat *ret, struct err *err)
{
	int result = 0;

	if (may_have(finding, steps)) {
		result = try_exact(finding, steps, ret, err);
		if (result == 0 && descend(finding, buf_text(&steps->file)) && descend(finding, buf_text(&steps->id)))
			result = find_any_suffix(finding, buf_text(&steps->name), ret, err);
	}
	if (result == 0 && finding->error) {
		errno = finding->error;
		return err_sys(err, "cannot look into a directory");
	}
	return result;
}

/* Without the device: network and layered file systems have another number after every mount. */
static uint64_t identity_of(const char *path, const struct stat *info)
{
	uint64_t numbers[] = {
		(uint64_t)info->st_ino, (uint64_t)info->st_size,
		(uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec,
	};

	return hash_seeded(hash_bytes(path, strlen(path)), numbers, sizeof(numbers));
}

int local_find(struct local_file *ret, struct local_index *index, const char *dir, struct module_name module,
	       struct err *err)
{
	struct finding finding = {.index = index, .path = BUF_INIT};
	struct steps steps;
	int result;

	*ret = (struct local_file){.fd = -1};
	if (!module_is_askable(module) || !local_is_file_name(module.debug_file))
		return 0;
	steps_init(&steps, module);
	buf_add_text(&finding.path, dir);
	result = find_steps(&finding, &steps, &ret->info, err);
	if (result == 1) {
		ret->path = mem_strdup(buf_text(&finding.path));
		ret->identity = identity_of(ret->path, &ret->info);
	}
	steps_release(&steps);
	buf_release(&finding.path);
	return result < 0 ? err_prefix(err, "in %s", dir) : result;
}

/* 1 open, 0 it is no regular file any more, -1.  A FIFO that took its place does not hold us up. */
static int open_found(struct local_file *file, struct err *err)
{
	file->fd = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0)
		return local_is_absence(errno) || errno == ENXIO ? 0 : err_sys(err, "cannot open %s", file->path);
	if (fstat(file->fd, &file->info) < 0)
		return err_sys(err, "cannot examine %s", file->path);
	file->identity = identity_of(file->path, &file->info);
	return S_ISREG(file->info.st_mode);
}

int local_open(struct local_file *ret, struct local_index *index, const char *dir, struct module_name module,
	       struct err *err)
{
	int result = local_find(ret, index, dir, module, err);

	if (result == 1) {
		result = open_found(ret, err);
		if (result != 1)
			local_close(ret);
	}
	return result;
}

void local_close(struct local_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	*file = (struct local_file){.fd = -1};
}

/* A file that is written while it is read may be torn, though every read succeeds. */
static int check_unchanged(const struct local_file *file, struct err *err)
{
	struct stat now;

	if (fstat(file->fd, &now) < 0)
		return err_sys(err, "cannot examine the file");
	if (identity_of(file->path, &now) != file->identity)
		return err_set(err, ERR_UPSTREAM, "the file changed while it was read");
	return 0;
}

int local_read(const struct local_file *file, local_output *output, void *ctx, struct err *err)
{
	char *block = mem_alloc(READ_BYTES);
	ssize_t got;
	int result = 0;

	while (result == 0 && (got = read(file->fd, block, READ_BYTES)) != 0) {
		if (got > 0)
			result = output(ctx, block, (size_t)got, err);
		else if (errno != EINTR)
			result = err_sys(err, "cannot read");
	}
	free(block);
	return result < 0 ? -1 : check_unchanged(file, err);
}
