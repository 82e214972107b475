/* SPDX-License-Identifier: MIT */
/* Buffered appending and reading back. */
#include "symbols/spill.h"

enum {
	PENDING_MAX = 256 * 1024,
	WINDOW_SEQUENTIAL = 64 * 1024,
	WINDOW_JUMP = 4 * 1024, /* most functions are smaller */
};

void spill_init(struct spill *spill, const struct table_build_io *io)
{
	*spill = (struct spill){.io = io};
}

void spill_release(struct spill *spill)
{
	buf_release(&spill->pending);
	buf_release(&spill->window);
}

static int flush(struct spill *spill, struct err *err)
{
	if (spill->io->spill_append(spill->io->ctx, spill->pending.data, spill->pending.len, err) < 0)
		return -1;
	spill->written += spill->pending.len;
	buf_clear(&spill->pending);
	return 0;
}

int spill_add(struct spill *spill, const void *data, size_t len, struct err *err)
{
	if (spill->pending.len + len > PENDING_MAX && spill->pending.len && flush(spill, err) < 0)
		return -1;
	buf_add(&spill->pending, data, len);
	return 0;
}

int spill_finish(struct spill *spill, struct err *err)
{
	if (spill->written == 0 || spill->pending.len == 0)
		return 0;
	return flush(spill, err);
}

static int read_window(struct spill *spill, uint64_t offset, size_t len, struct err *err)
{
	bool sequential = offset >= spill->window_at && offset <= spill->window_at + spill->window.len;
	size_t want = sequential ? WINDOW_SEQUENTIAL : WINDOW_JUMP;

	if (want < len)
		want = len;
	if (want > spill->written - offset)
		want = (size_t)(spill->written - offset);
	buf_clear(&spill->window);
	if (spill->io->spill_read(spill->io->ctx, offset, buf_reserve(&spill->window, want), want, err) < 0)
		return -1;
	spill->window.len = want;
	spill->window_at = offset;
	return 0;
}

int spill_read(struct spill *spill, uint64_t offset, size_t len, const char **ret, struct err *err)
{
	if (offset >= spill->written) {
		*ret = spill->pending.data + (offset - spill->written);
		return 0;
	}
	if (offset < spill->window_at || offset + len > spill->window_at + spill->window.len)
		if (read_window(spill, offset, len, err) < 0)
			return -1;
	*ret = spill->window.data + (offset - spill->window_at);
	return 0;
}
