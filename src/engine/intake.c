/* SPDX-License-Identifier: MIT */
/* A symbol file's text between its download and its compaction. */
#include "engine/intake.h"

#include "base/file.h"
#include "base/mem.h"
#include "stats/state.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PLACE_POLL_US = 5000,
	SLICE_BYTES = 256 * 1024,
	SLICES_BETWEEN = 4, /* made up for between two pieces: a few milliseconds' work */
};

struct intake {
	struct intake_options options;
	struct compaction *compaction;
	int place;   /* -1: none */
	unsigned likely_place; /* the one had last */
	int kept_fd; /* -1 until text is kept */
	uint64_t kept_from, kept_to; /* the part of that file still to be compacted */
	char *slice;
};

struct intake *intake_new(const struct intake_options *options)
{
	struct intake *intake = mem_zalloc(sizeof(*intake));

	intake->options = *options;
	intake->compaction = compaction_new(&options->compaction);
	intake->place = intake->kept_fd = -1;
	intake->likely_place = options->places ? (unsigned)getpid() % options->places : 0;
	return intake;
}

/* ---- places ---- */

static int try_place(struct intake *intake, unsigned place, struct err *err)
{
	int got = file_lock(intake->options.lock_fd, STATE_LOCK_BUILDER + (off_t)place, 1, FILE_LOCK_EXCLUSIVE, false,
			    err);

	if (got == 1)
		intake->place = (int)(intake->likely_place = place);
	return got;
}

/* 1, 0 when all are taken, -1. */
static int take_place(struct intake *intake, struct err *err)
{
	unsigned places = intake->options.places;
	int got = places == 0;

	for (unsigned i = 0; i < places && got == 0; i++)
		got = try_place(intake, (intake->likely_place + i) % places, err);
	return got;
}

static void leave_place(struct intake *intake)
{
	if (intake->place >= 0)
		file_unlock(intake->options.lock_fd, STATE_LOCK_BUILDER + intake->place, 1);
	intake->place = -1;
}

static int wait_for_place(struct intake *intake, struct err *err)
{
	int got;

	while ((got = take_place(intake, err)) == 0) {
		if (intake->options.cancelled && intake->options.cancelled(intake->options.ctx))
			return err_set(err, ERR_BUSY, "stopped while all builders were busy");
		usleep(PLACE_POLL_US);
	}
	return got < 0 ? -1 : 0;
}

/* ---- text that is kept ---- */

static int keep(struct intake *intake, const char *data, size_t len, struct err *err)
{
	if (intake->kept_fd < 0)
		intake->kept_fd = file_open_unlinked(intake->options.compaction.temp_dir, err);
	if (intake->kept_fd < 0 || file_write_all(intake->kept_fd, data, len, err) < 0)
		return err_prefix(err, "cannot keep the text until a builder is free");
	intake->kept_to += len;
	return 0;
}

/* All is made up for: the disk space is given back, the next text starts the file anew. */
static int restart_kept(struct intake *intake, struct err *err)
{
	intake->kept_from = intake->kept_to = 0;
	if (ftruncate(intake->kept_fd, 0) < 0 || lseek(intake->kept_fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot empty a temporary file");
	return 0;
}

static int make_up_slice(struct intake *intake, struct err *err)
{
	uint64_t left = intake->kept_to - intake->kept_from;
	size_t len = left < SLICE_BYTES ? (size_t)left : SLICE_BYTES;

	if (intake->slice == NULL)
		intake->slice = mem_alloc(SLICE_BYTES);
	if (file_pread_all(intake->kept_fd, intake->slice, len, (off_t)intake->kept_from, err) < 0 ||
	    compaction_feed(intake->compaction, intake->slice, len, err) < 0)
		return -1;
	intake->kept_from += len;
	return intake->kept_from == intake->kept_to ? restart_kept(intake, err) : 0;
}

static int make_up(struct intake *intake, unsigned max_slices, struct err *err)
{
	for (unsigned i = 0; i < max_slices && intake->kept_from < intake->kept_to; i++)
		if (make_up_slice(intake, err) < 0)
			return -1;
	return 0;
}

/* ---- both ---- */

static int feed_in_place(struct intake *intake, const char *data, size_t len, struct err *err)
{
	if (make_up(intake, SLICES_BETWEEN, err) < 0)
		return -1;
	if (intake->kept_from < intake->kept_to)
		return keep(intake, data, len, err);
	return compaction_feed(intake->compaction, data, len, err);
}

int intake_feed(struct intake *intake, const char *data, size_t len, struct err *err)
{
	int got = take_place(intake, err), result;

	if (got < 0)
		return -1;
	if (got == 0)
		return keep(intake, data, len, err);
	result = feed_in_place(intake, data, len, err);
	leave_place(intake);
	return result;
}

int intake_publish(struct intake *intake, struct store *store, struct slice key, const struct store_table *info,
		   struct compaction_result *ret, struct err *err)
{
	int result;

	if (wait_for_place(intake, err) < 0)
		return -1;
	result = make_up(intake, UINT_MAX, err);
	if (result == 0)
		result = compaction_publish(intake->compaction, store, key, info, ret, err);
	leave_place(intake);
	return result;
}

bool intake_was_deferred(const struct intake *intake)
{
	return intake->kept_fd >= 0;
}

void intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	leave_place(intake);
	compaction_free(intake->compaction);
	if (intake->kept_fd >= 0)
		close(intake->kept_fd);
	free(intake->slice);
	free(intake);
}
