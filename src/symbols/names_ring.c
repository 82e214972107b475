/* SPDX-License-Identifier: MIT */
/* A ring of length-prefixed strings in steps of 8 bytes. */
#include "symbols/names_ring.h"

#include "base/mem.h"

#include <stdlib.h>

enum {
	STEP = 8,
	ERA_SHIFT = 31,
	LEAST_STEPS = 128,
	KEPT_SHARE = 8, /* a longer name than this part of the ring would push out too many others */
};

struct names_ring {
	uint64_t steps; /* capacity */
	uint64_t head;  /* steps ever written */
	uint64_t place; /* where the next one goes: head % steps */
	unsigned char *data;
	ZSTD_DCtx *dctx;
};

struct names_ring *names_ring_new(size_t bytes)
{
	struct names_ring *ring = mem_zalloc(sizeof(*ring));

	ring->steps = bytes / STEP < LEAST_STEPS ? LEAST_STEPS : bytes / STEP;
	if (ring->steps >> ERA_SHIFT)
		ring->steps = UINT64_C(1) << ERA_SHIFT;
	ring->data = mem_alloc(ring->steps * STEP);
	return ring;
}

void names_ring_free(struct names_ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->data);
	ZSTD_freeDCtx(ring->dctx);
	free(ring);
}

ZSTD_DCtx *names_ring_decompressor(struct names_ring *ring)
{
	if (ring->dctx == NULL)
		ring->dctx = ZSTD_createDCtx();
	return ring->dctx;
}

uint32_t names_ring_era(const struct names_ring *ring)
{
	return (uint32_t)(ring->head >> ERA_SHIFT);
}

uint32_t names_ring_put(struct names_ring *ring, struct slice name)
{
	uint32_t len = (uint32_t)name.len;
	uint64_t steps = (sizeof(len) + name.len + STEP - 1) / STEP;
	uint64_t place = ring->place;
	uint64_t start = ring->head;

	if (steps > ring->steps / KEPT_SHARE)
		return 0;
	if (place + steps > ring->steps) { /* not in two parts */
		start += ring->steps - place;
		place = 0;
	}
	memcpy(ring->data + place * STEP, &len, sizeof(len));
	memcpy(ring->data + place * STEP + sizeof(len), name.data, name.len);
	ring->head = start + steps;
	ring->place = place + steps == ring->steps ? 0 : place + steps;
	if (start >> ERA_SHIFT != ring->head >> ERA_SHIFT)
		return 0; /* its ticket would belong to the era that just ended */
	return (uint32_t)(start & ((UINT64_C(1) << ERA_SHIFT) - 1)) + 1;
}

bool names_ring_get(const struct names_ring *ring, uint32_t ticket, struct slice *ret)
{
	uint64_t start = (ring->head >> ERA_SHIFT << ERA_SHIFT) + ticket - 1;
	uint64_t age = ring->head - start;
	const unsigned char *at;
	uint32_t len;

	if (ticket == 0 || start >= ring->head || age > ring->steps)
		return false;
	at = ring->data + (ring->place >= age ? ring->place - age : ring->place + ring->steps - age) * STEP;
	memcpy(&len, at, sizeof(len));
	*ret = slice_make(at + sizeof(len), len);
	return true;
}
