/* SPDX-License-Identifier: MIT */
/* Whole tables: many symbols, long names, batches, small rings, damage. */
#include "tap.h"

#include "symbols_answer.h"

#include "base/mem.h"
#include "symbols/table_format.h"

#include <stdlib.h>

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 24;
}

/* Functions with lines, inlines and names of every kind; the gap makes 64-bit distances. */
static void add_module(struct buf *text, unsigned functions, uint64_t gap)
{
	uint64_t state = functions, address = 0x1000;

	buf_add_text(text, "MODULE Linux x86_64 1 m\nINFO CODE_ID 1 code.exe\n");
	for (unsigned i = 0; i < 50; i++)
		buf_addf(text, "FILE %u src/file%u.c\nINLINE_ORIGIN %u ns::inlined_%u<%u>\n", i, i, i, i,
			 i * i);
	for (unsigned i = 0; i < functions; i++) {
		unsigned lines = (unsigned)(next_random(&state) % 40);

		if (i % 5 == 4) {
			buf_addf(text, "PUBLIC %llx 0 public_%u\n", (unsigned long long)address, i);
			address += 64;
			continue;
		}
		buf_addf(text, "FUNC %llx %x 0 ns::function_%u(int, char const*)\n",
			 (unsigned long long)address, lines * 8 + 8, i);
		for (unsigned j = 0; j < lines; j++)
			buf_addf(text, "INLINE %u %u %u %u %llx 8\n%llx 8 %u %u\n", j % 4, j, j % 50, i % 50,
				 (unsigned long long)(address + j * 8), (unsigned long long)(address + j * 8),
				 j * i, j % 50);
		address += lines * 8 + 8 + gap * (i % 7 == 0);
	}
}

static void collect(const struct opened *opened, const uint64_t *addresses, size_t count, struct buf *ret)
{
	for (size_t i = 0; i < count; i++) {
		add_lookup(ret, opened->table, &opened->values.source, addresses[i]);
		buf_add_byte(ret, '\n');
	}
}

static void collect_batch(const struct opened *opened, const uint64_t *addresses, size_t count,
			  struct buf *ret)
{
	struct table_query *queries = mem_calloc(count, sizeof(*queries));
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < count; i++)
		queries[i].address = addresses[i];
	CHECK_INT(table_lookup_sorted(opened->table, &opened->values.source, queries, count, &arena, &err),
		  0);
	for (size_t i = 0; i < count; i++) {
		if (queries[i].found)
			add_answer_text(ret, &queries[i].answer, addresses[i]);
		else
			buf_add_byte(ret, '-');
		buf_add_byte(ret, '\n');
	}
	arena_release(&arena);
	free(queries);
}

static void check_batches(uint64_t gap)
{
	enum { COUNT = 20000 };
	uint64_t *addresses = mem_alloc(COUNT * sizeof(*addresses));
	struct buf text = BUF_INIT, single = BUF_INIT, batch = BUF_INIT;
	struct opened opened;

	add_module(&text, 3000, gap);
	opened_init(&opened, buf_text(&text), 4096);
	for (size_t i = 0; i < COUNT; i++)
		addresses[i] = 0xff0 + i / 48 * (gap + 1000) +
			       i % 48 / 2 * 40; /* about where functions are */
	collect(&opened, addresses, COUNT, &single);
	CHECK(opened.values.in_order);
	collect_batch(&opened, addresses, COUNT, &batch);
	CHECK(slice_equal(buf_slice(&single), buf_slice(&batch)));
	buf_clear(&batch);
	opened.values.source.epoch = 3; /* views kept from call to call, the same answers */
	collect(&opened, addresses, COUNT, &batch);
	CHECK(slice_equal(buf_slice(&single), buf_slice(&batch)));
	CHECK(single.len > COUNT * 2 + 1000); /* a line "-" takes two */
	opened_release(&opened);
	buf_release(&text);
	buf_release(&single);
	buf_release(&batch);
	free(addresses);
}

static void batches_and_single_lookups_agree(void)
{
	check_batches(0);
	check_batches(1000);
	check_batches(UINT64_C(1) << 40);
}

static void long_names(void)
{
	static const size_t lengths[] = {0, 1, 8191, 8192, 8193, 65535, 65536, 82000, 900000};
	struct buf text = BUF_INIT;
	struct arena arena = ARENA_INIT;
	struct opened opened;
	uint64_t state = 5;

	buf_add_text(&text, "MODULE a b 1 c\n");
	for (size_t i = 0; i < TAP_COUNT(lengths) * 3; i++) {
		buf_addf(&text, "FUNC %zx 10 0 n%zu", 0x1000 + i * 16, i % 3);
		for (size_t j = 0; j < lengths[i / 3]; j++) /* incompressible, or alike */
			buf_add_byte(&text, i % 3 == 0 ? (char)(33 + next_random(&state) % 94)
						       : (char)('a' + j % 26));
		buf_addf(&text, "%zu\n", i);
	}
	opened_init(&opened, buf_text(&text), 0);
	CHECK(opened.values.in_order);
	for (size_t i = 0; i < TAP_COUNT(lengths) * 3; i++) {
		size_t at = i * 7 % (TAP_COUNT(lengths) * 3);
		struct symbol_answer answer = {.function_start = 0};
		struct err err = ERR_INIT;

		CHECK_INT(table_lookup(opened.table, &opened.values.source, 0x1005 + at * 16, &arena, &answer,
				       &err),
			  1);
		CHECK_INT(answer.outer.function.len, lengths[at / 3] + 2 + (at < 10 ? 1 : 2));
		CHECK(answer.outer.function.len && answer.outer.function.data[1] == (char)('0' + at % 3));
	}
	opened_release(&opened);
	arena_release(&arena);
	buf_release(&text);
}

static void a_table_without_symbols(void)
{
	struct opened opened;

	opened_init(&opened, "MODULE a b 1 c", 0);
	check_lookup(&opened, 0, "-");
	check_lookup(&opened, UINT64_MAX, "-");
	CHECK(table_info(opened.table)->code_file.data == NULL);
	opened_release(&opened);
}

/* Damage */

struct damage {
	const struct opened *good;
	const uint64_t *addresses;
	size_t count;
	struct buf want; /* answers, one a line */
	unsigned refused, right;
};

/* Asks everything of the table as it is now: each answer is the right one or ERR_CORRUPT. */
static void check_damaged(struct damage *damage)
{
	const struct table_source *source = &damage->good->values.source;
	const char *want = damage->want.data;
	struct table *table = NULL;
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;

	if (table_open(&table, source, damage->good->ring, &err) < 0) {
		CHECK_INT(err.code, ERR_CORRUPT);
		damage->refused++;
		return;
	}
	for (size_t i = 0; i < damage->count; i++) {
		size_t len = strcspn(want, "\n");

		buf_clear(&got);
		add_lookup(&got, table, source, damage->addresses[i]);
		if (slice_equal(buf_slice(&got), slice_make(want, len)))
			damage->right++;
		else if (slice_equal(buf_slice(&got), SLICE_LITERAL("corrupt")))
			damage->refused++;
		else
			CHECK_TEXT(buf_slice(&got), "another answer");
		want += len + 1;
	}
	buf_release(&got);
	table_close(table);
}

static void damage_value(struct damage *damage, struct memory_value *value)
{
	size_t step = value->len / 150 + 1, len = value->len;

	for (size_t i = 0; i < len; i += step) {
		value->data[i] = (char)(value->data[i] ^ 1 << i % 8);
		check_damaged(damage);
		value->data[i] = (char)(value->data[i] ^ 1 << i % 8);
	}
	for (size_t i = 0; i < len; i += len / 20 + 1) {
		value->len = i;
		check_damaged(damage);
	}
	value->len = len;
}

static void damaged_values_are_noticed(void)
{
	uint64_t addresses[64];
	struct opened opened;
	struct damage damage = {&opened, addresses, TAP_COUNT(addresses), BUF_INIT, 0, 0};
	struct buf text = BUF_INIT;

	add_module(&text, 200, 100);
	opened_init(&opened, buf_text(&text), 0);
	for (size_t i = 0; i < TAP_COUNT(addresses); i++)
		addresses[i] = 0x1000 + i * 700;
	collect(&opened, addresses, TAP_COUNT(addresses), &damage.want);
	buf_add_byte(&damage.want, '\0');
	for (size_t i = 0; i < opened.values.count; i++)
		damage_value(&damage, &opened.values.values[i]);
	CHECK(damage.refused > 1000 && damage.right > 1000);
	buf_release(&damage.want);
	buf_release(&text);
	opened_release(&opened);
}

/* What was opened before it was damaged, or opens all the same: looking it over finds it. */
static int look_over(const struct opened *opened)
{
	struct table *table;
	struct err err = ERR_INIT;
	int result = table_open(&table, &opened->values.source, opened->ring, &err);

	if (result == 0) {
		result = table_check(table, &opened->values.source, &err);
		table_close(table);
	}
	CHECK_INT(err.code, result ? ERR_CORRUPT : ERR_NONE);
	return result;
}

static void any_damage_is_found_by_looking_over(void)
{
	struct opened opened;
	struct buf text = BUF_INIT;

	add_module(&text, 20000, 100); /* several values of a kind */
	opened_init(&opened, buf_text(&text), 0);
	CHECK(opened.values.count > 20);
	CHECK_INT(look_over(&opened), 0);
	for (size_t i = 0; i < opened.values.count; i++) {
		struct memory_value *value = &opened.values.values[i];

		for (size_t at = 0; at < value->len; at += value->len / 5 + 1) {
			value->data[at] ^= '\x10';
			CHECK_INT(look_over(&opened), -1);
			value->data[at] ^= '\x10';
		}
		value->len--;
		CHECK_INT(look_over(&opened), -1);
		value->len++;
	}
	CHECK_INT(look_over(&opened), 0);
	buf_release(&text);
	opened_release(&opened);
}

static int covering(const struct opened *opened, uint64_t address)
{
	struct err err = ERR_INIT;
	bool is_public = false;
	int found = table_covering(opened->table, &opened->values.source, address, &is_public, &err);

	return found > 0 ? 1 + is_public : found;
}

static void functions_and_publics_are_told_apart(void)
{
	struct opened opened;

	opened_init(&opened, "MODULE Linux x86 1 t\nFUNC 1000 10 0 f\nPUBLIC 1008 0 inside\nPUBLIC 2000 0 p\n", 0);
	CHECK_INT(covering(&opened, 0xfff), 0);
	CHECK_INT(covering(&opened, 0x1000), 1);
	CHECK_INT(covering(&opened, 0x100f), 1);
	CHECK_INT(covering(&opened, 0x2000), 2);
	CHECK_INT(covering(&opened, 0x2100), 2);
	opened_release(&opened);
}

/*
 * Damage that the checksum hides (a bug of the writer, a forged value): any
 * answer will do, but there is one, within bounds.  Sanitizers watch.
 */
static void forge(struct memory_value *value, size_t at, unsigned char mask)
{
	size_t len = value->len - TABLE_CHECKSUM_BYTES;
	uint32_t checksum;

	value->data[at] = (char)(value->data[at] ^ mask);
	checksum = table_checksum(value->kind, value->key, value->data, len);
	memcpy(value->data + len, &checksum, sizeof(checksum));
}

static void ask_forged(const struct opened *opened, const uint64_t *addresses, size_t count)
{
	struct table *table = NULL;
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;

	if (table_open(&table, &opened->values.source, opened->ring, &err) < 0) {
		CHECK_INT(err.code, ERR_CORRUPT);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct arena arena = ARENA_INIT;
		struct symbol_answer answer;

		add_lookup(&got, table, &opened->values.source, addresses[i]);
		table_lookup_nearest(table, &opened->values.source, addresses[i], &arena, &answer, &err);
		arena_release(&arena);
	}
	buf_release(&got);
	table_close(table);
}

static void forged_values_do_no_harm(void)
{
	enum { ROUNDS = 400 };
	uint64_t addresses[64], state = 17;
	struct opened opened;
	struct buf text = BUF_INIT;

	add_module(&text, 400, 100);
	opened_init(&opened, buf_text(&text), 0);
	for (size_t i = 0; i < TAP_COUNT(addresses); i++)
		addresses[i] = 0x1000 + i * 1400;
	for (size_t i = 0; i < opened.values.count; i++) {
		struct memory_value *value = &opened.values.values[i];

		for (int round = 0; round < ROUNDS; round++) {
			/* heads are short, and all the rest depends on them */
			size_t room = value->len - TABLE_CHECKSUM_BYTES;
			size_t at = next_random(&state) % (round % 2 && room > 64 ? 64 : room);
			unsigned char mask = (unsigned char)(1 + next_random(&state) % 255);

			forge(value, at, mask);
			ask_forged(&opened, addresses, TAP_COUNT(addresses));
			forge(value, at, mask);
		}
	}
	check_lookup(&opened, 0, "-");
	buf_release(&text);
	opened_release(&opened);
}

/* What no checksum can tell: values that belong to other keys, or are not there. */
static void values_out_of_place_are_noticed(void)
{
	uint64_t addresses[64];
	struct opened opened;
	struct damage damage = {&opened, addresses, TAP_COUNT(addresses), BUF_INIT, 0, 0};
	struct buf text = BUF_INIT;

	add_module(&text, 2000, 100);
	opened_init(&opened, buf_text(&text), 0);
	for (size_t i = 0; i < TAP_COUNT(addresses); i++)
		addresses[i] = 0x1000 + i * 7000;
	collect(&opened, addresses, TAP_COUNT(addresses), &damage.want);
	buf_add_byte(&damage.want, '\0');
	for (size_t i = 0; i + 1 < opened.values.count; i++) {
		struct memory_value *one = &opened.values.values[i], *two = one + 1, was_one = *one,
				    was_two = *two;

		*one = (struct memory_value){was_one.kind, was_one.key, was_two.data, was_two.len};
		*two = (struct memory_value){was_two.kind, was_two.key, was_one.data, was_one.len};
		check_damaged(&damage);
		*one = was_one;
		*two = was_two;
	}
	CHECK(damage.refused > 10);
	buf_release(&damage.want);
	buf_release(&text);
	opened_release(&opened);
}

static void another_version_is_named(void)
{
	struct opened opened;
	struct table *table;
	struct err err = ERR_INIT;

	opened_init(&opened, "MODULE a b 1 c", 0);
	opened.values.values[0].data[4] = 99; /* behind the magic */
	CHECK_INT(table_open(&table, &opened.values.source, opened.ring, &err), -1);
	CHECK_INT(err.code, ERR_CORRUPT);
	CHECK(strstr(err.msg, "format version 99") != NULL);
	opened_release(&opened);
}

/* A chain of 511 levels below ever new outermost calls: half a thousand nodes for each 20 bytes of text. */
static void texts_cannot_blow_up(void)
{
	struct buf text = BUF_INIT;
	struct memory_table table;
	struct err err = ERR_INIT;

	buf_add_text(&text, "MODULE a b 1 c\nFUNC 1000 100000 0 f\n");
	for (unsigned i = 0; i < 5000; i++)
		buf_addf(&text, "INLINE 0 %u 0 0 %x 1\n", i, 0x1000 + i);
	for (unsigned level = 1; level < 512; level++)
		buf_addf(&text, "INLINE %u 1 0 1 1000 100000\n", level);
	memory_table_init(&table);
	CHECK_INT(memory_table_build(&table, buf_slice(&text), 0, &err), -1);
	CHECK_INT(err.code, ERR_LIMIT);
	memory_table_release(&table);
	buf_release(&text);
}

/* What a failing callback says reaches the caller, wherever it happens. */
struct failing {
	struct memory_table table;
	unsigned left;
};

static int fail_emit(void *ctx, unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	struct failing *failing = ctx;

	(void)kind, (void)key, (void)value;
	return failing->left-- ? 0 : err_set(err, ERR_BUSY, "no room");
}

static int fail_spill(void *ctx, const void *data, size_t len, struct err *err)
{
	(void)ctx, (void)data, (void)len;
	return err_set(err, ERR_BUSY, "no room");
}

static int build_failing(struct failing *failing, bool spill, struct slice text, struct err *err)
{
	struct table_build_options options = {.max_text_bytes = 0};
	struct table_build_io io = {.ctx = failing, .spill_append = fail_spill, .emit = fail_emit};
	struct table_build *build = table_build_new(&options, &io);
	struct table_summary summary;
	int result = table_build_feed(build, text.data, text.len, err);

	if (!spill)
		CHECK_INT(result, 0);
	if (result == 0)
		result = table_build_finish(build, &summary, err);
	table_build_free(build);
	return result;
}

static void callbacks_may_fail(void)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	unsigned count = 0;

	add_module(&text, 500, 100);
	for (;; count++) {
		struct failing failing = {.left = count};

		if (build_failing(&failing, false, buf_slice(&text), &err) == 0)
			break;
		CHECK_INT(err.code, ERR_BUSY);
	}
	CHECK(count >= 7);
	buf_clear(&text);
	add_module(&text, 20000, 100);
	CHECK_INT(build_failing(&(struct failing){.left = 1000}, true, buf_slice(&text), &err), -1);
	CHECK_INT(err.code, ERR_BUSY);
	buf_release(&text);
}

int main(void)
{
	struct tap_case cases[] = {
		{"batches and single lookups agree", batches_and_single_lookups_agree},
		{"long names", long_names},
		{"a table without symbols", a_table_without_symbols},
		{"damaged values: ERR_CORRUPT or the right answer", damaged_values_are_noticed},
		{"any damage is found by looking a table over", any_damage_is_found_by_looking_over},
		{"functions and PUBLICs are told apart", functions_and_publics_are_told_apart},
		{"forged values do no harm", forged_values_do_no_harm},
		{"values under wrong keys: likewise", values_out_of_place_are_noticed},
		{"another format version is named", another_version_is_named},
		{"texts cannot blow up", texts_cannot_blow_up},
		{"callbacks may fail", callbacks_may_fail},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
