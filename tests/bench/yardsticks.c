/* SPDX-License-Identifier: MIT */
/* yardsticks search | seek DIR: what this machine takes for things known everywhere; one sample per line. */
#include "../naive/random.h"
#include "base/clock.h"
#include "base/mem.h"
#include "search_yardstick.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { SAMPLES = 5 };

static int sample_search(void)
{
	struct search_yardstick *yardstick = search_yardstick_new();

	search_yardstick_ns(yardstick); /* once to have it in memory */
	for (int i = 0; i < SAMPLES; i++)
		printf("%.2f\n", search_yardstick_ns(yardstick));
	search_yardstick_free(yardstick);
	return EX_OK;
}

/* ---- a seek in LMDB: keys and values as long as the store's, as many as libjvm.so's records ---- */

enum { KEY_BYTES = 17, VALUE_BYTES = 16368, VALUES = 400, KEY_STEP = 60000, SEEKS = 200000 };

struct seek_env {
	MDB_env *env;
	MDB_dbi dbi;
};

static void need(int rc, const char *doing)
{
	if (rc == MDB_SUCCESS)
		return;
	fprintf(stderr, "yardsticks: %s: %s\n", doing, mdb_strerror(rc));
	exit(EX_OSERR);
}

/* Table 1, kind 1, and the number in big-endian order. */
static void make_key(unsigned char key[static KEY_BYTES], uint64_t number)
{
	memset(key, 0, KEY_BYTES);
	key[7] = 1;
	key[8] = 1;
	for (int i = 0; i < 8; i++)
		key[16 - i] = (unsigned char)(number >> (8 * i));
}

static void put_values(struct seek_env *seek)
{
	unsigned char key[KEY_BYTES];
	char *value = mem_zalloc(VALUE_BYTES);
	MDB_txn *txn;

	need(mdb_txn_begin(seek->env, NULL, 0, &txn), "begin");
	need(mdb_dbi_open(txn, "values", MDB_CREATE, &seek->dbi), "open");
	for (uint64_t i = 1; i <= VALUES; i++) {
		make_key(key, i * KEY_STEP);
		need(mdb_put(txn, seek->dbi, &(MDB_val){KEY_BYTES, key}, &(MDB_val){VALUE_BYTES, value}, 0), "put");
	}
	need(mdb_txn_commit(txn), "commit");
	free(value);
}

static void seek_env_init(struct seek_env *seek, const char *dir)
{
	need(mdb_env_create(&seek->env), "create");
	need(mdb_env_set_maxdbs(seek->env, 1), "set limits");
	need(mdb_env_set_mapsize(seek->env, (size_t)64 << 20), "set size");
	need(mdb_env_open(seek->env, dir, MDB_NOSYNC, 0600), dir);
	put_values(seek);
}

static double seek_us(MDB_cursor *cursor, struct random *random)
{
	uint64_t started_us = clock_cpu_us();
	volatile char first;

	for (size_t i = 0; i < SEEKS; i++) {
		unsigned char bytes[KEY_BYTES];
		MDB_val key = {KEY_BYTES, bytes}, value;

		make_key(bytes, random_below(random, (uint64_t)VALUES * KEY_STEP));
		need(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE), "seek");
		first = *(const char *)value.mv_data;
	}
	(void)first;
	return (double)(clock_cpu_us() - started_us) / SEEKS;
}

static int sample_seek(const char *dir)
{
	struct seek_env seek;
	struct random random;
	MDB_cursor *cursor;
	MDB_txn *txn;

	random_init(&random, 1);
	seek_env_init(&seek, dir);
	need(mdb_txn_begin(seek.env, NULL, MDB_RDONLY, &txn), "begin");
	need(mdb_cursor_open(txn, seek.dbi, &cursor), "open");
	seek_us(cursor, &random);
	for (int i = 0; i < SAMPLES; i++)
		printf("%.4f\n", seek_us(cursor, &random));
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(seek.env);
	return EX_OK;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "search") == 0)
		return sample_search();
	if (argc == 3 && strcmp(argv[1], "seek") == 0)
		return sample_seek(argv[2]);
	fputs("Usage: yardsticks search | seek DIR\n", stderr);
	return EX_USAGE;
}
