/* SPDX-License-Identifier: MIT */
/* Values of a table that wait in an unlinked file until it is known how many they are. */
#include "store/store_internal.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

enum { WRITE_BYTES = 1024 * 1024, SPOOL_VALUE_MAX = 16368 };

struct store_spool {
	char *dir;
	int fd;
	struct buf waiting;
	uint64_t written;
};

/* Of each value in the file, which is this process's alone. */
struct spooled {
	uint64_t key;
	uint32_t kind, len;
};

struct store_spool *store_spool_new(const char *dir)
{
	struct store_spool *spool = mem_zalloc(sizeof(*spool));

	spool->dir = mem_strdup(dir);
	spool->fd = -1;
	return spool;
}

void store_spool_free(struct store_spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->fd >= 0)
		close(spool->fd);
	buf_release(&spool->waiting);
	free(spool->dir);
	free(spool);
}

static int write_waiting(struct store_spool *spool, struct err *err)
{
	if (spool->fd < 0)
		spool->fd = file_open_unlinked(spool->dir, err);
	if (spool->fd < 0 || file_write_all(spool->fd, spool->waiting.data, spool->waiting.len, err) < 0)
		return -1;
	spool->written += spool->waiting.len;
	buf_clear(&spool->waiting);
	return 0;
}

int store_spool_add(struct store_spool *spool, unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	struct spooled head = {.key = key, .kind = kind, .len = (uint32_t)value.len};

	buf_add(&spool->waiting, &head, sizeof(head));
	buf_add_slice(&spool->waiting, value);
	return spool->waiting.len < WRITE_BYTES ? 0 : write_waiting(spool, err);
}

int store_spool_replay(struct store_spool *spool, struct store_insert *insert, struct err *err)
{
	char bytes[SPOOL_VALUE_MAX];
	struct spooled head;

	if (write_waiting(spool, err) < 0)
		return -1;
	for (uint64_t at = 0; at < spool->written; at += sizeof(head) + head.len) {
		if (file_pread_all(spool->fd, &head, sizeof(head), (off_t)at, err) < 0)
			return -1;
		if (head.len > sizeof(bytes))
			return err_set(err, ERR_CORRUPT, "store: a temporary file changed");
		if (file_pread_all(spool->fd, bytes, head.len, (off_t)(at + sizeof(head)), err) < 0 ||
		    store_insert_value(insert, head.kind, head.key, slice_make(bytes, head.len), err) < 0)
			return -1;
	}
	return 0;
}
