/* SPDX-License-Identifier: MIT */
/* Opening a table: header, paths, dictionary of names. */
#include "symbols/table_open.h"

#include "base/mem.h"
#include "symbols/record_read.h"

#include <stdlib.h>

enum { DICTIONARY_BYTES_MAX = 2 * NAMES_DICTIONARY_BYTES };

int table_corrupt(struct err *err, const char *what)
{
	return err_set(err, ERR_CORRUPT, "symbol table: %s", what);
}

int table_verify(unsigned kind, uint64_t key, struct slice value, struct err *err)
{
	uint32_t stored;

	if (value.len < TABLE_CHECKSUM_BYTES)
		return table_corrupt(err, "a value is short");
	value.len -= TABLE_CHECKSUM_BYTES;
	memcpy(&stored, value.data + value.len, sizeof(stored));
	if (stored != table_checksum(kind, key, value.data, value.len))
		return table_corrupt(err, "a value has the wrong checksum");
	return 0;
}

/* Values found by their exact key */

static int get_exact(const struct table_source *source, unsigned kind, uint64_t key, struct slice *ret,
		     struct err *err)
{
	uint64_t found_key;
	int found = source->get(source->ctx, kind, key, &found_key, ret, err);

	if (found < 0)
		return -1;
	if (found == 0 || found_key != key)
		return table_corrupt(err, "a value is missing");
	return 0;
}

/* Few values are short, so forgetting the views of those is quick. */
static void begin_epoch(struct table *table, const struct table_source *source)
{
	if (source->lasting == 0 || source->lasting != table->lasting ||
	    table->fleeting_count > FLEETING_VIEWS)
		table->stamp++;
	else
		for (unsigned i = 0; i < table->fleeting_count; i++)
			*table->fleeting[i] = 0;
	table->fleeting_count = 0;
}

void table_begin(struct table *table, const struct table_source *source)
{
	if (source->epoch == 0 || source->epoch != table->epoch)
		begin_epoch(table, source);
	table->epoch = source->epoch;
	table->lasting = source->lasting;
}

void table_hold_view(struct table *table, const struct table_source *source, uint64_t *stamp, size_t len)
{
	*stamp = table->stamp;
	if (source->lasting && len >= source->lasting_bytes)
		return;
	if (table->fleeting_count < FLEETING_VIEWS)
		table->fleeting[table->fleeting_count] = stamp;
	table->fleeting_count++;
}

static int load_chunk(struct table *table, struct table_array *array, struct array_chunk *chunk,
		      const struct table_source *source, uint32_t number, struct err *err)
{
	uint32_t first = number * array->per_chunk, entries = array->count - first;
	struct slice value;

	if (entries > array->per_chunk)
		entries = array->per_chunk;
	if (get_exact(source, array->kind, number, &value, err) < 0)
		return -1;
	if (!chunk->verified && table_verify(array->kind, number, value, err) < 0)
		return -1;
	if (value.len < (((uint64_t)entries + array->extra) * array->width_bits + 7) / 8 + TABLE_TAIL_BYTES)
		return table_corrupt(err, "a value is short");
	chunk->verified = true;
	chunk->data = (const uint8_t *)value.data;
	table_hold_view(table, source, &chunk->stamp, value.len);
	return 0;
}

int table_array_get(struct table *table, struct table_array *array, const struct table_source *source,
		    uint32_t index, const uint8_t **ret_data, uint64_t *ret_bit, struct err *err)
{
	uint32_t number = index / array->per_chunk;
	struct array_chunk *chunk;

	if (index >= array->count)
		return table_corrupt(err, "a number is out of range");
	chunk = &array->chunks[number];
	if (chunk->stamp != table->stamp && load_chunk(table, array, chunk, source, number, err) < 0)
		return -1;
	*ret_data = chunk->data;
	*ret_bit = (uint64_t)(index - number * array->per_chunk) * array->width_bits;
	return 0;
}

static void set_up_array(struct table_array *array, unsigned kind, uint32_t count, unsigned width_bits,
			 unsigned extra)
{
	array->kind = kind;
	array->count = count;
	array->width_bits = width_bits;
	array->extra = extra;
	array->per_chunk = table_chunk_entries(width_bits, extra);
	array->chunks = mem_calloc((size_t)count / array->per_chunk + 1, sizeof(*array->chunks));
}

/* Streams */

static int add_chunk(const struct table_source *source, unsigned kind, uint64_t key, struct buf *stored,
		     struct err *err)
{
	struct slice value;

	if (get_exact(source, kind, key, &value, err) < 0 || table_verify(kind, key, value, err) < 0)
		return -1;
	if (value.len == TABLE_CHECKSUM_BYTES)
		return table_corrupt(err, "a value is short");
	buf_add(stored, value.data, value.len - TABLE_CHECKSUM_BYTES);
	return 0;
}

static int collect_stream(const struct table_source *source, unsigned kind, uint64_t bytes_max,
			  struct buf *stored, struct stream_head *ret_head, struct err *err)
{
	if (add_chunk(source, kind, 0, stored, err) < 0)
		return -1;
	if (stored->len < sizeof(*ret_head))
		return table_corrupt(err, "a value is short");
	memcpy(ret_head, stored->data, sizeof(*ret_head));
	for (uint64_t key = 1; stored->len - sizeof(*ret_head) < ret_head->stored_bytes; key++)
		if (add_chunk(source, kind, key, stored, err) < 0)
			return -1;
	if (stored->len - sizeof(*ret_head) != ret_head->stored_bytes ||
	    ret_head->decoded_bytes > bytes_max)
		return table_corrupt(err, "a stream has the wrong size");
	return 0;
}

static int read_stream(const struct table_source *source, unsigned kind, uint64_t bytes_max, ZSTD_DCtx *dctx,
		       struct buf *ret, struct err *err)
{
	struct buf stored = BUF_INIT;
	struct stream_head head;
	int result = collect_stream(source, kind, bytes_max, &stored, &head, err);

	if (result == 0) {
		size_t room = (size_t)head.decoded_bytes;
		size_t len = ZSTD_decompressDCtx(dctx, buf_reserve(ret, room + 1), room,
						 stored.data + sizeof(head), stored.len - sizeof(head));

		if (ZSTD_isError(len) || len != room)
			result = table_corrupt(err, "a stream cannot be decompressed");
		else
			ret->len = len;
	}
	buf_release(&stored);
	return result;
}

/* Opening */

/* Whatever is counted took at least a byte of text: a damaged header asks for no more memory than that. */
static bool header_is_sane(const struct table_header *h)
{
	return h->name_bits <= 32 && h->file_bits <= 32 && h->line_bits <= 32 && h->call_line_bits <= 32 &&
	       h->origin_bits <= 32 && h->place_bits <= 32 && h->call_bits <= 32 && h->name_bytes <= 4 &&
	       h->names <= h->text_bytes && h->files <= h->text_bytes && h->origins <= h->text_bytes &&
	       h->places <= h->text_bytes && h->calls <= h->text_bytes;
}

static int read_header(struct table *table, const struct table_source *source, struct err *err)
{
	struct table_header *h = &table->header;
	struct slice value;

	if (get_exact(source, TABLE_HEADER, 0, &value, err) < 0)
		return -1;
	if (value.len < 2 * sizeof(uint32_t))
		return table_corrupt(err, "the header is short");
	memcpy(h, value.data, value.len < sizeof(*h) ? value.len : sizeof(*h));
	if (h->magic != TABLE_MAGIC)
		return table_corrupt(err, "the header is damaged");
	if (h->version != TABLE_FORMAT_VERSION)
		return err_set(err, ERR_CORRUPT, "symbol table: format version %u, this program reads %u",
			       h->version, (unsigned)TABLE_FORMAT_VERSION);
	if (value.len != sizeof(*h))
		return table_corrupt(err, "the header has the wrong size");
	if (table_verify(TABLE_HEADER, 0, value, err) < 0)
		return -1;
	return header_is_sane(h) ? 0 : table_corrupt(err, "the header is damaged");
}

static int read_paths(struct table *table, const struct table_source *source, ZSTD_DCtx *dctx,
		      struct err *err)
{
	struct buf bytes = BUF_INIT;
	int result = read_stream(source, TABLE_PATHS, table->header.text_bytes, dctx, &bytes, err);

	if (result == 0)
		result = paths_reader_init(&table->paths, &bytes, table->header.files, table->header.text_bytes,
					   &table->info.code_file, err);
	buf_release(&bytes);
	return result;
}

static int open_names(struct table *table, const struct table_source *source, struct names_ring *ring,
		      struct err *err)
{
	struct buf dictionary = BUF_INIT;
	struct slice value;
	uint64_t key;
	int result = source->get(source->ctx, TABLE_NAME_DICTIONARY, 0, &key, &value, err);

	if (result > 0)
		result = read_stream(source, TABLE_NAME_DICTIONARY, DICTIONARY_BYTES_MAX,
				     names_ring_decompressor(ring), &dictionary, err);
	if (result == 0)
		result = names_reader_init(&table->names, table->header.names, ring, buf_slice(&dictionary),
					   err);
	buf_release(&dictionary);
	return result;
}

static void set_info(struct table *table)
{
	const struct table_header *h = &table->header;

	table->info.text_bytes = h->text_bytes;
	table->info.functions = h->functions;
	table->info.publics = h->publics;
	table->info.lines = h->lines;
	table->info.inline_ranges = h->inline_ranges;
}

int table_open(struct table **ret, const struct table_source *source, struct names_ring *ring,
	       struct err *err)
{
	struct table *table;

	if (names_ring_decompressor(ring) == NULL)
		return err_set(err, ERR_SYSTEM, "zstd: no context");
	table = mem_zalloc(sizeof(*table));
	if (read_header(table, source, err) < 0 ||
	    read_paths(table, source, names_ring_decompressor(ring), err) < 0 ||
	    open_names(table, source, ring, err) < 0) {
		table_close(table);
		return -1;
	}
	set_info(table);
	set_up_array(&table->origins, TABLE_ORIGINS, table->header.origins, table_origin_bits(&table->header),
		     1);
	set_up_array(&table->places, TABLE_PLACES, table->header.places, table_place_bits(&table->header), 0);
	set_up_array(&table->calls, TABLE_CALLS, table->header.calls, table_call_bits(&table->header), 0);
	*ret = table;
	return 0;
}

void table_close(struct table *table)
{
	if (table == NULL)
		return;
	paths_reader_release(&table->paths);
	free(table->origins.chunks);
	free(table->places.chunks);
	free(table->calls.chunks);
	record_directory_release(&table->records);
	key_set_release(&table->verified_records);
	names_reader_release(&table->names);
	free(table->name_numbers);
	free(table);
}

const struct table_info *table_info(const struct table *table)
{
	return &table->info;
}
