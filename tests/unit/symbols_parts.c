/* SPDX-License-Identifier: MIT */
/* The parts that have an answer of their own: numbers, spans, names, blocks, the ring. */
#include "tap.h"

#include "base/mem.h"
#include "symbols/bits.h"
#include "symbols/block.h"
#include "symbols/id_map.h"
#include "symbols/key_set.h"
#include "symbols/name_pool.h"
#include "symbols/names_ring.h"
#include "symbols/paths_read.h"
#include "symbols/spans.h"
#include "symbols/sym_number.h"
#include "symbols/ticket_map.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 24;
}

/* One number of at most 8 digits, against the plain parser; in a pair it is either one. */
static void check_hex(const char *text, unsigned len)
{
	uint64_t want = 0, word = number_load(text, len), other = number_load("c0de########", 4);
	uint32_t got[3], others[2];
	bool bad[3] = {false, false, false}, good = num_parse_hex(slice_make(text, len), &want);

	got[0] = number_hex8(word, &bad[0]);
	number_hex8_pair(word, other, &bad[1], &got[1], &others[0]);
	number_hex8_pair(other, word, &bad[2], &others[1], &got[2]);
	for (int i = 0; i < 3; i++)
		if (good == bad[i] || (good && got[i] != want) || (good && i && others[i - 1] != 0xc0de))
			CHECK(!"hexadecimal");
}

static void check_dec(const char *text, unsigned len)
{
	uint64_t want = 0, word = number_load(text, len), other = number_load("1234567########", 7);
	uint32_t got[3], others[2];
	bool bad[3] = {false, false, false}, good = num_parse_dec(slice_make(text, len), UINT32_MAX, &want);

	got[0] = number_dec8(word, &bad[0]);
	number_dec8_pair(word, other, &bad[1], &got[1], &others[0]);
	number_dec8_pair(other, word, &bad[2], &others[1], &got[2]);
	for (int i = 0; i < 3; i++)
		if (good == bad[i] || (good && got[i] != want) || (good && i && others[i - 1] != 1234567))
			CHECK(!"decimal");
}

/* Every byte in every place of a number of every length. */
static void numbers_by_eight(void)
{
	for (unsigned len = 1; len <= 8; len++)
		for (unsigned at = 0; at < len; at++)
			for (unsigned c = 0x21; c < 0x100; c++) {
				char text[16] = "########:/`@gG";

				memcpy(text, "29aF07b1", len);
				text[at] = (char)c;
				check_hex(text, len);
				memcpy(text, "99999999", len);
				text[at] = (char)c;
				check_dec(text, len);
			}
}

/* The rule itself, address by address. */
static int winner(const struct span *spans, size_t count, uint64_t address)
{
	int best = -1;

	for (size_t i = 0; i < count; i++)
		if (spans[i].start <= address && address <= spans[i].last &&
		    (best < 0 || spans[i].start > spans[best].start ||
		     (spans[i].start == spans[best].start && spans[i].id < spans[best].id)))
			best = (int)i;
	return best < 0 ? -1 : (int)spans[best].id;
}

static int piece_at(const struct span *pieces, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (pieces[i].start <= address && address <= pieces[i].last)
			return (int)pieces[i].id;
	return -1;
}

static void check_spans(uint64_t *state, uint64_t base)
{
	struct span spans[60], pieces[120];
	size_t count = 1 + next_random(state) % 60, piece_count;

	for (size_t i = 0; i < count; i++) {
		spans[i].start = base + next_random(state) % 64;
		spans[i].last = spans[i].start + next_random(state) % (base + 127 - spans[i].start + 1);
		spans[i].id = (uint32_t)i;
	}
	spans_sort(spans, count);
	piece_count = spans_flatten(spans, count, pieces);
	CHECK(piece_count <= 2 * count && spans_are_disjoint(pieces, piece_count));
	for (uint64_t i = 0; i < 128; i++)
		if (piece_at(pieces, piece_count, base + i) != winner(spans, count, base + i))
			CHECK(!"the wrong winner");
}

static void spans_by_the_rule(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 2000; i++)
		check_spans(&state, i % 2 ? 0 : UINT64_MAX - 127);
}

static int compare_names(const struct name *a, const struct name *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len ? memcmp(a->data, b->data, len) : 0;

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static void names_are_sorted_once(void)
{
	struct name_pool pool;
	uint32_t *sorted, count;
	uint64_t state = 3;
	char text[200];

	name_pool_init(&pool, 5);
	for (int i = 0; i < 20000; i++) {
		size_t len = next_random(&state) % 40;

		memset(text, 'a', sizeof(text));
		for (size_t j = 0; j < len; j++)
			text[next_random(&state) % 120] = (char)(next_random(&state) % 3); /* NULs, too */
		name_pool_use(&pool, name_pool_add(&pool, slice_make(text, next_random(&state) % 120)));
	}
	CHECK_INT(name_pool_add(&pool, SLICE_LITERAL("x")),
		  name_pool_add(&pool, SLICE_LITERAL("x"))); /* not used */
	name_pool_sort(&pool, &sorted, &count);
	CHECK_INT(count, pool.count - 1);
	for (uint32_t i = 1; i < count; i++)
		if (compare_names(&pool.names[sorted[i - 1]], &pool.names[sorted[i]]) >= 0 ||
		    pool.names[sorted[i]].ordinal != i)
			CHECK(!"out of order");
	free(sorted);
	name_pool_release(&pool);
}

static void fill_draft(struct block_draft *draft, uint64_t *state)
{
	uint64_t size_mask = UINT64_MAX >> (next_random(state) % 60 + 4);

	draft->segment_count = 1 + (unsigned)(next_random(state) % BLOCK_SEGMENTS);
	draft->node_count = (unsigned)(next_random(state) % 90);
	draft->place_count = draft->node_count ? 1 + (unsigned)(next_random(state) % 40) : 0;
	for (unsigned i = 0; i < draft->node_count; i++) {
		uint32_t parent = i ? (uint32_t)(next_random(state) % (i + 1)) : 0;

		draft->nodes[i] = (struct block_node){parent, 0, (uint32_t)next_random(state)};
		if (parent == 0) {
			draft->nodes[i].origin = (uint32_t)next_random(state);
			draft->nodes[i].call = (uint32_t)(next_random(state) % draft->place_count);
		}
	}
	for (unsigned i = 0; i < draft->place_count; i++)
		draft->places[i] = (struct block_place){(uint32_t)next_random(state) >> (i % 32),
							(uint32_t)next_random(state)};
	for (unsigned i = 0; i < draft->segment_count; i++)
		draft->segments[i] = (struct block_segment){
			1 + (next_random(state) & size_mask),
			(uint32_t)(next_random(state) % (draft->node_count + 1)),
			(uint32_t)next_random(state)};
}

/* Numbers of nodes change as those with parent 0 go first, so chains are what is compared. */
static bool same_chain(const struct block_draft *a, uint32_t x, const struct block_draft *b, uint32_t y)
{
	while (x && y) {
		const struct block_node *one = &a->nodes[x - 1], *two = &b->nodes[y - 1];

		if (one->call != two->call || one->origin != two->origin)
			return false;
		x = one->parent;
		y = two->parent;
	}
	return x == y;
}

static void check_same(const struct block_draft *a, const struct block_draft *b)
{
	CHECK_INT(a->segment_count, b->segment_count);
	CHECK_INT(a->place_count, b->place_count);
	for (unsigned i = 0; i < a->segment_count; i++)
		if (a->segments[i].size != b->segments[i].size ||
		    a->segments[i].place != b->segments[i].place ||
		    !same_chain(a, a->segments[i].node, b, b->segments[i].node))
			CHECK(!"another segment");
	for (unsigned i = 0; i < a->place_count; i++)
		if (a->places[i].file != b->places[i].file || a->places[i].line != b->places[i].line)
			CHECK(!"another place");
}

static bool open_packed(struct block_view *view, const struct buf *packed, size_t len)
{
	return block_open(view, (unsigned char)packed->data[0], (unsigned char)packed->data[1] + 1U,
			  slice_make(packed->data + BLOCK_HEAD_BYTES, len - BLOCK_HEAD_BYTES)) == 0;
}

static void blocks_come_back(void)
{
	struct block_draft *draft = mem_zalloc(sizeof(*draft)), *back = mem_zalloc(sizeof(*back));
	uint64_t state = 9;

	for (int i = 0; i < 3000; i++) {
		struct buf packed = BUF_INIT;
		struct block_view view;
		uint64_t total = 0, at = 0;
		size_t len;

		fill_draft(draft, &state);
		block_encode(draft, &packed);
		len = packed.len;
		buf_add(&packed, "\0\0\0\0\0\0\0", 8);
		CHECK(open_packed(&view, &packed, len) && block_decode(&view, back) == 0);
		check_same(draft, back);
		CHECK(!open_packed(&view, &packed, len - 1));
		open_packed(&view, &packed, len);
		for (unsigned j = 0; j < draft->segment_count; j++, at = total) {
			total += draft->segments[j].size;
			CHECK_INT(block_find(&view, at), j);
			CHECK_INT(block_find(&view, total - 1), j);
		}
		CHECK_INT(block_find(&view, total), -1);
		buf_release(&packed);
	}
	free(draft);
	free(back);
}

static void blocks_are_cut(void)
{
	struct block_draft *draft = mem_zalloc(sizeof(*draft)), *cut = mem_zalloc(sizeof(*cut));
	uint64_t state = 11;

	for (int i = 0; i < 3000; i++) {
		uint64_t total = 0, offset, size, at = 0;
		unsigned segment = 0;

		fill_draft(draft, &state);
		for (unsigned j = 0; j < draft->segment_count; j++) {
			draft->segments[j].size = 1 + next_random(&state) % 20;
			total += draft->segments[j].size;
		}
		offset = next_random(&state) % total;
		size = 1 + next_random(&state) % (total - offset);
		*cut = *draft;
		block_cut(cut, offset, size);
		while (at + draft->segments[segment].size <= offset)
			at += draft->segments[segment++].size;
		for (unsigned j = 0; j < cut->segment_count; j++, segment++) {
			CHECK_INT(cut->segments[j].place, draft->segments[segment].place);
			CHECK(same_chain(cut, cut->segments[j].node, draft, draft->segments[segment].node));
			size -= cut->segments[j].size;
		}
		CHECK_INT(size, 0);
	}
	free(draft);
	free(cut);
}

static void ids_get_numbers(void)
{
	struct id_map map = {.count = 0};
	static const uint32_t ids[] = {5, 0, UINT32_MAX, 5, 1 << 20, (1 << 20) - 1, UINT32_MAX, 0};
	static const uint32_t numbers[] = {0, 1, 2, 0, 3, 4, 2, 1};

	for (size_t i = 0; i < TAP_COUNT(ids); i++)
		CHECK_INT(id_map_number(&map, ids[i]), numbers[i]);
	for (uint32_t i = 0; i < 10000; i++)
		CHECK_INT(id_map_number(&map, UINT32_MAX - 1 - i * 17), 5 + i);
	CHECK_INT(id_map_number(&map, UINT32_MAX - 1), 5);
	id_map_release(&map);
}

static void keys_are_kept(void)
{
	struct key_set set = {.count = 0};

	CHECK(!key_set_has(&set, 0) && !key_set_has(&set, 1));
	for (uint64_t i = 0; i < 1000; i++)
		key_set_add(&set, i * i);
	for (uint64_t i = 0; i < 1000; i++)
		CHECK(key_set_has(&set, i * i));
	CHECK(!key_set_has(&set, 2) && !key_set_has(&set, UINT64_MAX));
	key_set_release(&set);
}

static void the_ring_forgets_the_oldest(void)
{
	struct names_ring *ring = names_ring_new(4096);
	uint32_t tickets[1000];
	unsigned kept = 0;
	struct slice name;
	char text[32];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "name %u", i);
		tickets[i] = names_ring_put(ring, slice_of(text));
		CHECK(tickets[i] != 0);
	}
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "name %u", i);
		if (!names_ring_get(ring, tickets[i], &name)) {
			CHECK_INT(kept, 0); /* none is lost before an older one */
			continue;
		}
		kept++;
		CHECK_TEXT(name, text);
	}
	CHECK(kept > 200 && kept < 512);
	CHECK(!names_ring_get(ring, 0, &name));
	CHECK(!names_ring_get(ring, tickets[999] + 1000, &name));
	CHECK_INT(names_ring_put(ring, slice_make(text, 0)) != 0, 1);
	names_ring_free(ring);
}

/* ---- paths ---- */

static void put_text(struct buf *buf, const char *text)
{
	varint_put(buf, strlen(text));
	buf_add_text(buf, text);
}

/* Two directories; a path in each, an absent one, an empty one. */
static void put_paths(struct buf *buf)
{
	put_text(buf, "code.exe");
	varint_put(buf, 2);
	put_text(buf, "/src/");
	put_text(buf, "");
	varint_put(buf, 1);
	put_text(buf, "a.c");
	varint_put(buf, 0);
	varint_put(buf, 2);
	put_text(buf, "b.c");
	varint_put(buf, 2);
	put_text(buf, "");
}

static void paths_are_put_together(void)
{
	static const char *const wanted[] = {"/src/a.c", NULL, "b.c", ""};
	struct paths_reader reader;
	struct buf stream = BUF_INIT;
	struct slice code_file;
	struct err err = ERR_INIT;

	put_paths(&stream);
	CHECK(paths_reader_init(&reader, &stream, 4, 11, &code_file, &err) == 0);
	CHECK(slice_is(code_file, "code.exe"));
	for (unsigned round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 4; i++) {
			struct slice path = paths_get(&reader, i);

			CHECK((path.data == NULL) == (wanted[i] == NULL));
			CHECK_TEXT(path, wanted[i]);
		}
	paths_reader_release(&reader);
}

/* Cut anywhere, with a byte too many, or longer than the text they come from. */
static void damaged_paths_are_refused(void)
{
	struct paths_reader reader;
	struct buf whole = BUF_INIT, stream = BUF_INIT;
	struct slice code_file;
	struct err err = ERR_INIT;

	put_paths(&whole);
	for (size_t len = 0; len <= whole.len + 1; len++) {
		buf_add(&stream, whole.data, len < whole.len ? len : whole.len);
		if (len > whole.len)
			buf_add_byte(&stream, 0);
		CHECK((paths_reader_init(&reader, &stream, 4, 11, &code_file, &err) == 0) == (len == whole.len));
		paths_reader_release(&reader);
	}
	buf_add_slice(&stream, buf_slice(&whole));
	CHECK(paths_reader_init(&reader, &stream, 4, 10, &code_file, &err) < 0 && err.code == ERR_CORRUPT);
	paths_reader_release(&reader);
	buf_release(&whole);
}

/* ---- tickets ---- */

/* A few may be forgotten, none is ever another name's; beyond TICKETS_FEW none is forgotten. */
static void tickets_belong_to_their_names(void)
{
	enum { NAMES = 5000, STEP = 7 };
	struct ticket_map map;
	unsigned kept = 0;

	ticket_map_init(&map, NAMES);
	for (uint32_t i = 0; i < TICKETS_FEW; i++)
		ticket_map_put(&map, i * STEP, i + 1);
	for (uint32_t i = 0; i < NAMES; i++) {
		uint32_t ticket = ticket_map_get(&map, i);

		CHECK(ticket == 0 || (i % STEP == 0 && ticket == i / STEP + 1));
		kept += ticket != 0;
	}
	CHECK(kept >= TICKETS_FEW / 2);
	for (uint32_t i = 0; i < NAMES; i++)
		ticket_map_put(&map, i, i + 1);
	for (uint32_t i = 0; i < NAMES; i++)
		CHECK(ticket_map_get(&map, i) == i + 1);
	ticket_map_clear(&map);
	CHECK(ticket_map_get(&map, 0) == 0 && ticket_map_get(&map, NAMES - 1) == 0);
	ticket_map_release(&map);
}

int main(void)
{
	struct tap_case cases[] = {
		{"eight digits at a time", numbers_by_eight},
		{"overlapping spans by the rule", spans_by_the_rule},
		{"names are sorted, each once", names_are_sorted_once},
		{"blocks come back as they were", blocks_come_back},
		{"parts of blocks", blocks_are_cut},
		{"ids get numbers in order of first mention", ids_get_numbers},
		{"keys are kept", keys_are_kept},
		{"the ring forgets the oldest", the_ring_forgets_the_oldest},
		{"paths are put together", paths_are_put_together},
		{"damaged paths are refused", damaged_paths_are_refused},
		{"tickets belong to their names", tickets_belong_to_their_names},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
