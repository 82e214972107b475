/* SPDX-License-Identifier: MIT */
/* lookup_bench MODE COUNT ROUNDS STORE FILE.sym [RING_MB]: times lookups in a table, a sample per line. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/open_tables.h"
#include "search_yardstick.h"
#include "sym_functions.h"
#include "symbols/names_read.h"
#include "symbols/table_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

/*
 * random       one address after the other: microseconds per address, and the
 *              nanoseconds of a branch-free search measured beside it
 * sorted-warm  all in one ascending batch, names decoded before: the same two
 * sorted-cold  the same with no name decoded
 * first        opening the environment and the table, and a few addresses, in a
 *              process that just started, so for one round: microseconds in
 *              all, then of the lookups alone, then the whole split in opening
 *              (environment and table), checksums, decoding names, and the rest
 *
 * The first round of `random` is one with nothing decoded.  All frames with
 * names and paths are asked for; what comes back is read.
 */
enum { RING_MB = 32, RING_MB_MAX = 4096, COUNT_MAX = 10000000, ROUNDS_MAX = 100 };

struct bench {
	const char *dir;
	struct module_name module;
	uint64_t ring_mb;
	size_t count;
	uint64_t rounds;
	struct store *store;
	struct store_table record;
	struct table_view view;
	struct table_source source;
	struct names_ring *ring;
	struct table *table;
	uint64_t *addresses;
	struct table_query *queries;
	struct arena arena;
	struct search_yardstick *yardstick;
	uint64_t found;
	volatile uint64_t sum; /* what is found is used */
	struct err err;
};

static void need(struct bench *bench, bool good, const char *doing)
{
	if (good)
		return;
	fprintf(stderr, "lookup_bench: %s: %s\n", doing, bench->err.msg);
	exit(EX_DATAERR);
}

static uint64_t use_frame(const struct symbol_frame *frame)
{
	uint64_t sum = frame->line;

	if (frame->function.len)
		sum += (unsigned char)frame->function.data[frame->function.len - 1];
	if (frame->file.len)
		sum += (unsigned char)frame->file.data[frame->file.len - 1];
	return sum;
}

static void use_answer(struct bench *bench, const struct symbol_answer *answer)
{
	uint64_t sum = use_frame(&answer->outer);

	for (uint32_t i = 0; i < answer->inline_count; i++)
		sum += use_frame(&answer->inlines[i]);
	bench->sum += sum;
	bench->found++;
}

/* ---- the table ---- */

static void open_table(struct bench *bench)
{
	bench->ring = names_ring_new((size_t)bench->ring_mb << 20);
	need(bench, table_open(&bench->table, &bench->source, bench->ring, &bench->err) == 0, "the table");
}

static void close_table(struct bench *bench)
{
	table_close(bench->table);
	names_ring_free(bench->ring);
}

static void find_table(struct bench *bench)
{
	struct buf key = BUF_INIT;

	module_add_key(&key, bench->module);
	need(bench, store_read_begin(bench->store, &bench->err) == 0, "the store");
	need(bench, store_find(bench->store, buf_slice(&key), &bench->record, &bench->err) == 1, buf_text(&key));
	buf_release(&key);
	bench->view = (struct table_view){bench->store, bench->record.id, store_read_number(bench->store)};
	bench->source = table_view_source(&bench->view);
}

/* Not for `first`: its array would take the caches from a process that just started. */
static void set_up_yardstick(struct bench *bench)
{
	bench->yardstick = search_yardstick_new();
	search_yardstick_ns(bench->yardstick);
}

static void open_store(struct bench *bench)
{
	/* the command that made the store gave it that limit */
	struct store_options options = {.dir = bench->dir, .max_bytes = (uint64_t)64 << 30};

	need(bench, store_open(&bench->store, &options, &bench->err) == 0, bench->dir);
	find_table(bench);
}

/* ---- what a first lookup consists of ---- */

/*
 * The linker puts these in the place of the two functions (-Wl,--wrap): what
 * they take is told apart without a clock in the product.
 */
static uint64_t checksum_ns, names_ns;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint32_t __real_table_checksum(unsigned kind, uint64_t key, const void *data, size_t len);
uint32_t __wrap_table_checksum(unsigned kind, uint64_t key, const void *data, size_t len);
uint32_t __wrap_table_checksum(unsigned kind, uint64_t key, const void *data, size_t len)
{
	uint64_t started_ns = now_ns();
	uint32_t checksum = __real_table_checksum(kind, key, data, len);

	checksum_ns += now_ns() - started_ns;
	return checksum;
}

int __real_names_decode(struct names_reader *reader, const struct table_source *source, uint32_t ordinal,
			struct slice *ret, struct err *err);
int __wrap_names_decode(struct names_reader *reader, const struct table_source *source, uint32_t ordinal,
			struct slice *ret, struct err *err);
int __wrap_names_decode(struct names_reader *reader, const struct table_source *source, uint32_t ordinal,
			struct slice *ret, struct err *err)
{
	uint64_t started_ns = now_ns(), checksum_before_ns = checksum_ns;
	int result = __real_names_decode(reader, source, ordinal, ret, err);

	names_ns += now_ns() - started_ns - (checksum_ns - checksum_before_ns);
	return result;
}

/* ---- the samples ---- */

static void look_up_each(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++) {
		struct symbol_answer answer;
		int found = table_lookup(bench->table, &bench->source, bench->addresses[i], &bench->arena, &answer,
					 &bench->err);

		need(bench, found >= 0, "lookup");
		if (found)
			use_answer(bench, &answer);
		arena_clear(&bench->arena);
	}
}

static void look_up_sorted(struct bench *bench)
{
	need(bench, table_lookup_sorted(bench->table, &bench->source, bench->queries, bench->count, &bench->arena,
					&bench->err) == 0, "lookup");
	for (size_t i = 0; i < bench->count; i++)
		if (bench->queries[i].found)
			use_answer(bench, &bench->queries[i].answer);
	arena_clear(&bench->arena);
}

static double per_address(const struct bench *bench, uint64_t started_us)
{
	return (double)(clock_cpu_us() - started_us) / (double)bench->count;
}

static void sample_random(struct bench *bench)
{
	set_up_yardstick(bench);
	open_store(bench);
	open_table(bench);
	for (uint64_t i = 0; i < bench->rounds; i++) {
		uint64_t started_us = clock_cpu_us();
		double us;

		look_up_each(bench);
		us = per_address(bench, started_us);
		printf("%.4f %.2f\n", us, search_yardstick_ns(bench->yardstick));
	}
	close_table(bench);
}

static void prepare_queries(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++)
		bench->queries[i] = (struct table_query){.address = bench->addresses[i]};
}

static void sample_sorted_once(struct bench *bench)
{
	uint64_t started_us;
	double us;

	prepare_queries(bench);
	started_us = clock_cpu_us();
	look_up_sorted(bench);
	us = per_address(bench, started_us);
	printf("%.4f %.2f\n", us, search_yardstick_ns(bench->yardstick));
}

static void sample_sorted_warm(struct bench *bench)
{
	set_up_yardstick(bench);
	open_store(bench);
	open_table(bench);
	prepare_queries(bench);
	look_up_sorted(bench);
	for (uint64_t i = 0; i < bench->rounds; i++)
		sample_sorted_once(bench);
	close_table(bench);
}

static void sample_sorted_cold(struct bench *bench)
{
	set_up_yardstick(bench);
	open_store(bench);
	for (uint64_t i = 0; i < bench->rounds; i++) {
		open_table(bench);
		sample_sorted_once(bench);
		close_table(bench);
	}
}

static double us_of(uint64_t ns)
{
	return (double)ns / 1000;
}

static void sample_first(struct bench *bench)
{
	uint64_t started_ns = now_ns(), open_ns, checksums_at_open_ns, done_ns;

	open_store(bench);
	open_table(bench);
	checksums_at_open_ns = checksum_ns;
	open_ns = now_ns() - started_ns;
	look_up_each(bench);
	done_ns = now_ns() - started_ns;
	printf("%.1f %.1f %.1f %.1f %.1f %.1f\n", us_of(done_ns), us_of(done_ns - open_ns),
	       us_of(open_ns - checksums_at_open_ns), us_of(checksum_ns), us_of(names_ns),
	       us_of(done_ns - open_ns - (checksum_ns - checksums_at_open_ns) - names_ns));
	close_table(bench);
}

static const struct {
	const char *name;
	void (*sample)(struct bench *bench);
	bool sorted;
} modes[] = {
	{"random", sample_random, false},
	{"sorted-warm", sample_sorted_warm, true},
	{"sorted-cold", sample_sorted_cold, true},
	{"first", sample_first, false},
};

/* ---- begin and end ---- */

static int compare_addresses(const void *left, const void *right)
{
	uint64_t a, b;

	memcpy(&a, left, sizeof(a));
	memcpy(&b, right, sizeof(b));
	return (a > b) - (a < b);
}

static void pick_addresses(struct bench *bench, const struct sym_functions *functions, bool sorted)
{
	struct random random;

	random_init(&random, 7);
	bench->addresses = mem_calloc(bench->count, sizeof(*bench->addresses));
	for (size_t i = 0; i < bench->count; i++)
		bench->addresses[i] = sym_functions_pick(functions, &random);
	if (sorted)
		qsort(bench->addresses, bench->count, sizeof(*bench->addresses), compare_addresses);
	bench->queries = mem_calloc(bench->count, sizeof(*bench->queries));
}

static void bench_init(struct bench *bench, struct sym_functions *functions, const char *path, bool sorted)
{
	need(bench, sym_functions_read(functions, path, &bench->err) == 0, "addresses");
	pick_addresses(bench, functions, sorted);
	bench->module = functions->module;
	arena_init(&bench->arena);
}

static void bench_release(struct bench *bench)
{
	if (bench->yardstick)
		search_yardstick_free(bench->yardstick);
	arena_release(&bench->arena);
	free(bench->addresses);
	free(bench->queries);
	store_read_end(bench->store);
	store_close(bench->store);
}

/* Addresses are those of functions, so each must have been found. */
static int verdict(const struct bench *bench)
{
	if (bench->found >= bench->count * bench->rounds)
		return EX_OK;
	fprintf(stderr, "lookup_bench: only %llu addresses were found\n", (unsigned long long)bench->found);
	return EX_DATAERR;
}

static int usage(void)
{
	fputs("Usage: lookup_bench random|sorted-warm|sorted-cold|first COUNT ROUNDS STORE FILE.sym [RING_MB]\n"
	      "first: one round\n", stderr);
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	struct bench bench = {.ring_mb = RING_MB, .err = ERR_INIT};
	struct sym_functions functions;
	size_t mode = 0, mode_count = sizeof(modes) / sizeof(modes[0]);
	uint64_t count;

	if (argc < 6 || argc > 7 || !num_parse_dec(slice_of(argv[2]), COUNT_MAX, &count) || count == 0 ||
	    !num_parse_dec(slice_of(argv[3]), ROUNDS_MAX, &bench.rounds) ||
	    (argc == 7 && !num_parse_dec(slice_of(argv[6]), RING_MB_MAX, &bench.ring_mb)))
		return usage();
	while (mode < mode_count && strcmp(argv[1], modes[mode].name) != 0)
		mode++;
	if (mode == mode_count)
		return usage();
	bench.count = (size_t)count;
	if (modes[mode].sample == sample_first && bench.rounds != 1)
		return usage();
	bench.dir = argv[4];
	bench_init(&bench, &functions, argv[5], modes[mode].sorted);
	modes[mode].sample(&bench);
	sym_functions_release(&functions);
	bench_release(&bench);
	return verdict(&bench);
}
