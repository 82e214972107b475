/* SPDX-License-Identifier: MIT */
/* Tables whose bytes follow from number, version and size. */
#include "tables.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_BYTES = 16368, KIND = 1, KEY_STEP = 10 };

struct slice churn_key(unsigned number, char room[CHURN_KEY_ROOM])
{
	return slice_make(room, (size_t)snprintf(room, CHURN_KEY_ROOM, "module%u.pdb/%08X1", number, number));
}

uint64_t churn_random(uint64_t *state)
{
	uint64_t x = *state += 0x9E3779B97F4A7C15;

	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
	x = (x ^ x >> 27) * 0x94D049BB133111EB;
	return x ^ x >> 31;
}

static uint64_t value_count(const struct churn_table *table)
{
	return (table->bytes + VALUE_BYTES - 1) / VALUE_BYTES;
}

static size_t value_len(const struct churn_table *table, uint64_t index)
{
	uint64_t left = table->bytes - index * VALUE_BYTES;

	return left < VALUE_BYTES ? (size_t)left : VALUE_BYTES;
}

/* One multiplication for each eight bytes: filling must not be what takes the time. */
static void fill(uint64_t words[VALUE_BYTES / 8], const struct churn_table *table, uint64_t index)
{
	uint64_t state = ((uint64_t)table->number << 40) + ((uint64_t)table->version << 24) + index;
	uint64_t x = churn_random(&state);

	for (int i = 0; i < VALUE_BYTES / 8; i++)
		words[i] = x = x * 6364136223846793005u + 1442695040888963407u;
}

static int put_values(struct store_insert *insert, const struct churn_table *table, struct err *err)
{
	uint64_t words[VALUE_BYTES / 8];

	for (uint64_t i = 0; i < value_count(table); i++) {
		struct slice value = slice_make((const char *)words, value_len(table, i));

		fill(words, table, i);
		if (store_insert_value(insert, KIND, i * KEY_STEP, value, err) < 0)
			return -1;
	}
	return 0;
}

int churn_insert(struct store *store, struct churn_table table, struct store_table *ret, struct err *err)
{
	struct store_table info = {.text_bytes = table.bytes, .generation = table.version};
	char room[CHURN_KEY_ROOM];
	struct store_insert *insert;

	if (store_insert_begin(&insert, store, churn_key(table.number, room), err) < 0)
		return -1;
	if (put_values(insert, &table, err) < 0) {
		store_insert_abort(insert);
		return -1;
	}
	return store_insert_publish(insert, &info, ret, err);
}

static int check_value(struct store *store, const struct churn_table *table, uint64_t id, uint64_t index,
		       struct err *err)
{
	uint64_t words[VALUE_BYTES / 8], key, from = index ? index * KEY_STEP - KEY_STEP + 1 : 0;
	struct slice value;
	int found = store_value(store, id, KIND, from, &key, &value, err);

	if (found < 0)
		return -1;
	fill(words, table, index);
	return found && key == index * KEY_STEP && value.len == value_len(table, index) &&
	       memcmp(value.data, words, value.len) == 0;
}

int churn_check(struct store *store, struct churn_table table, const struct store_table *found, unsigned samples,
		uint64_t *random, struct err *err)
{
	uint64_t count = value_count(&table), key;
	struct slice value;
	int right = found->text_bytes == table.bytes;

	for (uint64_t i = 0; i < count && right == 1; i++) {
		if (i == samples && count > samples)
			return right;
		right = check_value(store, &table, found->id,
				    count > samples ? churn_random(random) % count : i, err);
	}
	if (right == 1 && store_value(store, found->id, KIND, count * KEY_STEP, &key, &value, err) != 0)
		right = 0;
	return right;
}
