/* SPDX-License-Identifier: MIT */
/* symbols-bench FILE.sym...: builds each table in memory and prints its figures, one JSON line each. */
#include "memory_table.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	CHUNK_BYTES = 1 << 18,
	RING_BYTES = 32 << 20,
	RANDOM_COUNT = 200000,
	BATCH_COUNT = 60000,
	YARDSTICK_COUNT = 1770000, /* entries of the array that the plain binary search looks through */
	REPEATS = 5,
};

struct bench {
	const char *path;
	struct memory_table values;
	struct names_ring *ring;
	struct table *table;
	uint64_t *addresses; /* random, in the functions' range */
	uint64_t found;
};

static void print(const struct bench *bench, const char *figure, double value)
{
	printf("{\"file\":\"%s\",\"figure\":\"%s\",\"value\":%.6g}\n", bench->path, figure, value);
	fflush(stdout);
}

static uint64_t next_random(uint64_t *state)
{
	*state += 1;
	return hash_bytes(state, sizeof(*state));
}

/* Building */

static int feed_file(struct table_build *build, const char *path, struct err *err)
{
	char *chunk = mem_alloc(CHUNK_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = 0;
	ssize_t len = 0;

	if (fd < 0) {
		free(chunk);
		return err_sys(err, "%s", path);
	}
	while (result == 0 && (len = read(fd, chunk, CHUNK_BYTES)) > 0)
		result = table_build_feed(build, chunk, (size_t)len, err);
	close(fd);
	free(chunk);
	return len < 0 ? err_sys(err, "%s", path) : result;
}

static int build(struct bench *bench, struct err *err)
{
	struct table_build_options options = {.max_text_bytes = 0};
	struct table_build_io io = memory_table_io(&bench->values);
	struct table_build *build = table_build_new(&options, &io);
	uint64_t start = clock_mono_us();
	int result = feed_file(build, bench->path, err);

	if (result == 0)
		result = table_build_finish(build, &bench->values.summary, err);
	print(bench, "build_wall_ms", (double)(clock_mono_us() - start) / 1000);
	table_build_free(build);
	return result;
}

static void print_sizes(const struct bench *bench)
{
	const struct table_summary *s = &bench->values.summary;
	static const char *const kinds[] = {"header", "records", "origins",	    "places",
					    "calls",  "names",	 "name_dictionary", "paths"};
	uint64_t bytes[8] = {0};
	double text = (double)s->text_bytes;
	char figure[64];

	for (size_t i = 0; i < bench->values.count; i++)
		bytes[bench->values.values[i].kind] += bench->values.values[i].len;
	print(bench, "scan_cpu_ms", (double)s->scan_us / 1000);
	print(bench, "finish_cpu_ms", (double)s->build_us / 1000);
	print(bench, "text_bytes", text);
	for (int i = 0; i < 8; i++) {
		snprintf(figure, sizeof(figure), "%s_per_text", kinds[i]);
		print(bench, figure, (double)bytes[i] / text);
	}
	print(bench, "stored_per_text", (double)s->value_bytes / text);
	print(bench, "pages_per_text", (double)memory_table_page_bytes(&bench->values) / text);
}

/* Lookups */

static void choose_addresses(struct bench *bench)
{
	uint64_t low = UINT64_MAX, high = 0, state = 1;

	for (size_t i = 0; i < bench->values.count; i++) {
		if (bench->values.values[i].kind != TABLE_RECORDS)
			continue;
		if (low == UINT64_MAX)
			memcpy(&low, bench->values.values[i].data, sizeof(low));
		if (bench->values.values[i].key != UINT64_MAX || high == 0)
			high = bench->values.values[i].key;
	}
	if (high == UINT64_MAX || low >= high)
		high = low + 1000000;
	bench->addresses = mem_alloc(RANDOM_COUNT * sizeof(*bench->addresses));
	for (size_t i = 0; i < RANDOM_COUNT; i++)
		bench->addresses[i] = low + next_random(&state) % (high - low);
}

static double look_up_random(struct bench *bench)
{
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;
	uint64_t start = clock_mono_us();

	bench->found = 0;
	for (size_t i = 0; i < RANDOM_COUNT; i++) {
		struct symbol_answer answer;

		arena_clear(&arena);
		bench->found += table_lookup(bench->table, &bench->values.source, bench->addresses[i], &arena,
					     &answer, &err) > 0;
	}
	arena_release(&arena);
	return (double)(clock_mono_us() - start) / RANDOM_COUNT;
}

static int compare_queries(const void *a, const void *b)
{
	const struct table_query *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static double look_up_batch(struct bench *bench)
{
	struct table_query *queries = mem_calloc(BATCH_COUNT, sizeof(*queries));
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;
	uint64_t start;
	double us;

	for (size_t i = 0; i < BATCH_COUNT; i++)
		queries[i].address = bench->addresses[i];
	qsort(queries, BATCH_COUNT, sizeof(*queries), compare_queries);
	start = clock_mono_us();
	if (table_lookup_sorted(bench->table, &bench->values.source, queries, BATCH_COUNT, &arena, &err) < 0)
		fprintf(stderr, "symbols-bench: %s\n", err.msg);
	us = (double)(clock_mono_us() - start) / BATCH_COUNT;
	arena_release(&arena);
	free(queries);
	return us;
}

static int reopen(struct bench *bench, struct err *err)
{
	table_close(bench->table);
	bench->table = NULL;
	return table_open(&bench->table, &bench->values.source, bench->ring, err);
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

static int time_lookups(struct bench *bench, struct err *err)
{
	double random = 1e9, warm = 1e9, cold = 1e9, opening = 1e9;

	for (int i = 0; i < REPEATS; i++) {
		uint64_t start = clock_mono_us();

		if (reopen(bench, err) < 0)
			return -1;
		opening = least(opening, (double)(clock_mono_us() - start));
		cold = least(cold, look_up_batch(bench));
		warm = least(warm, look_up_batch(bench));
	}
	look_up_random(bench);
	for (int i = 0; i < REPEATS; i++)
		random = least(random, look_up_random(bench));
	print(bench, "open_us", opening);
	print(bench, "sorted_cold_us", cold);
	print(bench, "sorted_warm_us", warm);
	print(bench, "random_warm_us", random);
	print(bench, "found_share", (double)bench->found / RANDOM_COUNT);
	return 0;
}

/* A branch-free binary search, as a yardstick of the machine at this minute. */
static double time_yardstick(void)
{
	uint32_t *array = mem_alloc(YARDSTICK_COUNT * sizeof(*array));
	uint64_t state = 7, sum = 0, start;
	double ns;

	for (size_t i = 0; i < YARDSTICK_COUNT; i++)
		array[i] = (uint32_t)i * 2400;
	start = clock_mono_us();
	for (size_t i = 0; i < RANDOM_COUNT; i++) {
		uint32_t want = (uint32_t)(++state * UINT64_C(0x9e3779b97f4a7c15) >> 32);
		const uint32_t *base = array;

		for (size_t count = YARDSTICK_COUNT; count > 1; count -= count / 2)
			base += (base[count / 2] <= want) * (count / 2);
		sum += (uint64_t)(base - array);
	}
	ns = (double)(clock_mono_us() - start) * 1000 / RANDOM_COUNT;
	free(array);
	return sum ? ns : 0;
}

static int run(const char *path, struct err *err)
{
	struct bench bench = {.path = path, .ring = names_ring_new(RING_BYTES)};
	struct rusage usage;
	int result;

	memory_table_init(&bench.values);
	result = build(&bench, err);
	getrusage(RUSAGE_SELF, &usage);
	print(&bench, "peak_rss_with_values_mb", (double)usage.ru_maxrss / 1024);
	if (result == 0) {
		bench.values.source.epoch = 1;
		print_sizes(&bench);
		choose_addresses(&bench);
		result = time_lookups(&bench, err);
	}
	print(&bench, "binary_search_ns", least(time_yardstick(), least(time_yardstick(), time_yardstick())));
	table_close(bench.table);
	memory_table_release(&bench.values);
	names_ring_free(bench.ring);
	free(bench.addresses);
	return result;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	for (int i = 1; i < argc; i++)
		if (run(argv[i], &err) < 0) {
			fprintf(stderr, "symbols-bench: %s\n", err.msg);
			return err_exit_code(&err);
		}
	return 0;
}
