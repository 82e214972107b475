/* SPDX-License-Identifier: MIT */
/* Names get ordinals, functions their order; then everything is written in key order. */
#include "symbols/table_write.h"

#include "base/mem.h"
#include "symbols/block.h"
#include "symbols/names_write.h"
#include "symbols/record_write.h"
#include "symbols/table_format.h"

#include <stdlib.h>

struct table_writer {
	struct table_draft *draft;
	struct value_writer values;
	struct table_header header;
	uint32_t *sorted_names;
	uint32_t omitted; /* number of the name of origins that no record defines (rule R25) */
	struct span *functions; /* id: index in draft->functions; ascending by start */
	struct span *pieces;    /* what each function wins of its addresses (rule R13) */
	size_t piece_count;
	struct record_writer records;
	struct buf entry;
	struct block_draft *cut;
	/* dictionaries by origin: where each one's entries begin */
	uint32_t *first_place, *first_call;
	uint32_t *order; /* entries grouped by origin */
};

/* Functions */

static void sort_functions(struct table_writer *w)
{
	struct table_draft *draft = w->draft;
	size_t count = draft->function_count;

	w->functions = mem_alloc(count * sizeof(*w->functions) + 1);
	for (size_t i = 0; i < count; i++)
		w->functions[i] = (struct span){draft->functions[i].start, draft->functions[i].last,
						(uint32_t)i};
	if (!spans_are_disjoint(w->functions, count))
		spans_sort(w->functions, count);
	w->pieces = w->functions;
	w->piece_count = count;
	if (spans_are_disjoint(w->functions, count))
		return;
	w->pieces = mem_alloc(count * 2 * sizeof(*w->pieces));
	w->piece_count = spans_flatten(w->functions, count, w->pieces);
}

/* The symbol nearest to whatever lies beyond all others. */
static void find_last_symbol(struct table_writer *w)
{
	const struct table_draft *draft = w->draft;
	uint32_t name = 0;

	if (draft->function_count) {
		const struct span *last = &w->functions[draft->function_count - 1];

		w->header.last_start = last->start;
		name = draft->functions[last->id].name;
	} else if (draft->publics.count) {
		const struct public_symbol *last = &draft->publics.symbols[draft->publics.count - 1];

		w->header.last_start = last->address;
		name = last->name;
	} else {
		return;
	}
	w->header.last_name = draft->names.names[name].ordinal + 1;
}

/* Names */

static void sort_names(struct table_writer *w)
{
	struct table_draft *draft = w->draft;

	w->omitted = name_pool_add(&draft->names, SLICE_LITERAL("<name omitted>"));
	for (size_t i = 0; i < draft->function_count; i++)
		name_pool_use(&draft->names, draft->functions[i].name);
	for (size_t i = 0; i < draft->publics.count; i++)
		name_pool_use(&draft->names, draft->publics.symbols[i].name);
	dictionary_name_origins(&draft->dictionary, w->omitted);
	for (size_t i = 0; i < draft->dictionary.origin_count; i++)
		name_pool_use(&draft->names, draft->dictionary.origins[i].name);
	name_pool_sort(&draft->names, &w->sorted_names, &w->header.names);
}

static uint32_t ordinal_of(const struct table_writer *w, uint32_t name)
{
	return w->draft->names.names[name].ordinal;
}

/* Header */

static uint32_t greatest_line(const struct ref_table *table)
{
	uint32_t line = 0;

	for (size_t i = 0; i < table->count; i++)
		if (table->refs[i].line > line)
			line = table->refs[i].line;
	return line;
}

static void measure_dictionary(struct table_writer *w)
{
	const struct dictionary *d = &w->draft->dictionary;
	struct table_header *h = &w->header;

	h->files = d->file_ids.count;
	h->origins = (uint32_t)d->origin_count;
	h->places = (uint32_t)d->places.count;
	h->calls = (uint32_t)d->calls.count;
	h->file_bits = (uint8_t)bits_for((uint64_t)h->files + FILE_FIRST - 1);
	h->line_bits = (uint8_t)bits_for(greatest_line(&d->places));
	h->call_line_bits = (uint8_t)bits_for(greatest_line(&d->calls));
	h->origin_bits = (uint8_t)bits_for(h->origins ? h->origins - 1 : 0);
	h->place_bits = (uint8_t)bits_for(h->places);
	h->call_bits = (uint8_t)bits_for(h->calls);
}

static int write_header(struct table_writer *w, struct err *err)
{
	const struct table_summary *counts = &w->draft->counts;
	struct table_header *h = &w->header;
	struct buf value = BUF_INIT;
	int result;

	h->magic = TABLE_MAGIC;
	h->version = TABLE_FORMAT_VERSION;
	h->text_bytes = counts->text_bytes;
	h->functions = counts->functions;
	h->publics = counts->publics;
	h->lines = counts->lines;
	h->inline_ranges = counts->inline_ranges;
	h->name_bits = (uint8_t)bits_for(h->names ? h->names - 1 : 0);
	h->name_bytes = (uint8_t)((h->name_bits + 7) / 8);
	measure_dictionary(w);
	find_last_symbol(w);
	buf_add(&value, h, offsetof(struct table_header, checksum));
	result = value_emit(&w->values, TABLE_HEADER, 0, &value, err);
	buf_release(&value);
	return result;
}

/* Records: blocks */

static void start_entry(struct table_writer *w, const char *head, uint32_t ordinal, uint64_t continued)
{
	buf_clear(&w->entry);
	buf_add_byte(&w->entry, (char)(head[0] | (continued ? BLOCK_CONTINUED : 0)));
	buf_add_byte(&w->entry, head[1]);
	buf_add(&w->entry, &ordinal, w->header.name_bytes);
	if (continued)
		varint_put(&w->entry, continued);
}

/* The part of a packed block from `skip` on, `size` addresses. */
static int cut_block(struct table_writer *w, struct slice *block, uint64_t skip, uint64_t size,
		     struct buf *packed)
{
	struct slice body = slice_make(block->data + BLOCK_HEAD_BYTES, block->len - BLOCK_HEAD_BYTES);
	struct buf copy = BUF_INIT;
	struct block_view view;
	int result;

	buf_add_slice(&copy, body);
	buf_add(&copy, "\0\0\0\0\0\0\0", 8); /* fields are read 8 bytes at a time */
	result = block_open(&view, (unsigned char)block->data[0], (unsigned char)block->data[1] + 1U,
			    slice_make(copy.data, body.len));
	if (result == 0)
		result = block_decode(&view, w->cut);
	if (result == 0) {
		block_cut(w->cut, skip, size);
		block_encode(w->cut, packed);
		*block = buf_slice(packed);
	}
	buf_release(&copy);
	return result;
}

/* The block, or what the piece leaves of it. */
static int write_block(struct table_writer *w, const struct built_function *f, const struct span *piece,
		       const struct spilled_block *head, struct slice block, struct err *err)
{
	uint64_t block_start = f->start + head->offset, block_last = block_start + (head->size - 1);
	uint64_t start = block_start > piece->start ? block_start : piece->start;
	uint64_t last = block_last < piece->last ? block_last : piece->last;
	struct record_symbol symbol = {f->start, ordinal_of(w, f->name) + 1};
	struct buf packed = BUF_INIT;
	int result = 0;

	if (start > block_start || last < block_last)
		result = cut_block(w, &block, start - block_start, last - start + 1, &packed);
	if (result < 0) {
		result = err_set(err, ERR_CORRUPT, "a block came back damaged from the spill");
	} else {
		start_entry(w, block.data, symbol.name - 1, start - f->start);
		buf_add(&w->entry, block.data + BLOCK_HEAD_BYTES, block.len - BLOCK_HEAD_BYTES);
		result = record_add(&w->records, start, last, symbol, buf_slice(&w->entry), err);
	}
	buf_release(&packed);
	return result;
}

/* All blocks that have addresses in the piece; one that goes on behind it is read again for a later piece. */
static int write_piece(struct table_writer *w, const struct span *piece, struct err *err)
{
	struct built_function *f = &w->draft->functions[piece->id];

	for (;;) {
		struct spilled_block head;
		const char *data;
		uint64_t last;

		if (spill_read(&w->draft->spill, f->spilled, sizeof(head), &data, err) < 0)
			return -1;
		memcpy(&head, data, sizeof(head));
		if (spill_read(&w->draft->spill, f->spilled + sizeof(head), head.len, &data, err) < 0)
			return -1;
		last = f->start + head.offset + (head.size - 1);
		if (last >= piece->start &&
		    write_block(w, f, piece, &head, slice_make(data, head.len), err) < 0)
			return -1;
		if (last > piece->last)
			return 0;
		f->spilled += sizeof(head) + head.len;
		if (last == piece->last)
			return 0;
	}
}

/* Records: PUBLIC runs */

static size_t run_length(const struct public_symbol *symbols, size_t count, uint64_t last)
{
	size_t len = 1;

	while (len < count && len < BLOCK_SEGMENTS && symbols[len].from <= last &&
	       symbols[len].from - symbols[0].from <= UINT32_MAX)
		len++;
	return len;
}

static void encode_run(struct table_writer *w, const struct public_symbol *symbols, size_t count)
{
	unsigned offset_bits = bits_for(symbols[count - 1].from - symbols[0].from);
	struct bit_writer bits = {.buf = &w->entry};

	buf_clear(&w->entry);
	buf_add_byte(&w->entry, BLOCK_PUBLICS);
	buf_add_byte(&w->entry, (char)(count - 1));
	varint_put(&w->entry, symbols[0].from - symbols[0].address);
	buf_add_byte(&w->entry, (char)offset_bits);
	for (size_t i = 1; i < count; i++)
		bits_put(&bits, (uint32_t)(symbols[i].from - symbols[0].from), offset_bits);
	for (size_t i = 0; i < count; i++)
		bits_put(&bits, ordinal_of(w, symbols[i].name), w->header.name_bits);
	bits_finish(&bits);
}

/* PUBLICs up to the next piece, at most one run of them; returns how many, or -1. */
static ssize_t write_run(struct table_writer *w, size_t from, const struct span *next_piece, struct err *err)
{
	const struct publics *publics = &w->draft->publics;
	const struct public_symbol *symbols = publics->symbols + from;
	uint64_t last = next_piece ? next_piece->start - 1 : UINT64_MAX;
	size_t left = publics->count - from;
	size_t count = run_length(symbols, left, last);
	struct record_symbol symbol = {symbols[count - 1].address,
				       ordinal_of(w, symbols[count - 1].name) + 1};

	if (count < left && symbols[count].from <= last)
		last = symbols[count].from - 1;
	encode_run(w, symbols, count);
	if (record_add(&w->records, symbols[0].from, last, symbol, buf_slice(&w->entry), err) < 0)
		return -1;
	return (ssize_t)count;
}

static int write_records(struct table_writer *w, struct err *err)
{
	const struct publics *publics = &w->draft->publics;
	size_t piece = 0, symbol = 0;

	while (piece < w->piece_count || symbol < publics->count) {
		const struct span *next = piece < w->piece_count ? &w->pieces[piece] : NULL;

		if (next && (symbol == publics->count || next->start < publics->symbols[symbol].from)) {
			if (write_piece(w, next, err) < 0)
				return -1;
			piece++;
		} else {
			ssize_t count = write_run(w, symbol, next, err);

			if (count < 0)
				return -1;
			symbol += (size_t)count;
		}
	}
	return record_finish(&w->records, err);
}

/* Dictionaries, grouped by origin: within one, in order of first use, which is the order of their numbers */

/* Where each origin's refs begin, and behind the last origin the end. */
static uint32_t *sum_up(const struct ref_table *table, size_t origins)
{
	uint32_t *first = mem_alloc((origins + 1) * sizeof(*first));

	first[0] = 0;
	for (size_t i = 0; i < origins; i++)
		first[i + 1] = first[i] + ref_table_count_of(table, i);
	return first;
}

static uint32_t *order_refs(const struct ref_table *table, const uint32_t *first)
{
	uint32_t *order = mem_alloc(table->count * sizeof(*order) + 1);

	for (size_t i = 0; i < table->count; i++)
		order[first[table->refs[i].origin] + table->refs[i].number] = (uint32_t)i;
	return order;
}

static void put_origin(void *ctx, size_t index, struct bit_writer *bits)
{
	struct table_writer *w = ctx;
	uint32_t name = 0;

	if (index < w->header.origins)
		name = ordinal_of(w, w->draft->dictionary.origins[index].name);
	bits_put(bits, name, w->header.name_bits);
	bits_put(bits, w->first_place[index], w->header.place_bits);
	bits_put(bits, w->first_call[index], w->header.call_bits);
}

static void put_place(void *ctx, size_t index, struct bit_writer *bits)
{
	struct table_writer *w = ctx;
	const struct ref *place = &w->draft->dictionary.places.refs[w->order[index]];

	bits_put(bits, place->file, w->header.file_bits);
	bits_put(bits, place->line, w->header.line_bits);
}

static void put_call(void *ctx, size_t index, struct bit_writer *bits)
{
	struct table_writer *w = ctx;
	const struct ref *call = &w->draft->dictionary.calls.refs[w->order[index]];

	bits_put(bits, call->callee, w->header.origin_bits);
	bits_put(bits, call->file, w->header.file_bits);
	bits_put(bits, call->line, w->header.call_line_bits);
}

static int write_places(struct table_writer *w, struct err *err)
{
	w->order = order_refs(&w->draft->dictionary.places, w->first_place);
	return value_emit_array(&w->values, TABLE_PLACES, w->header.places, table_place_bits(&w->header), 0,
				put_place, w, err);
}

static int write_calls(struct table_writer *w, struct err *err)
{
	free(w->order);
	w->order = order_refs(&w->draft->dictionary.calls, w->first_call);
	return value_emit_array(&w->values, TABLE_CALLS, w->header.calls, table_call_bits(&w->header), 0,
				put_call, w, err);
}

static int write_dictionary(struct table_writer *w, struct err *err)
{
	const struct dictionary *d = &w->draft->dictionary;

	w->first_place = sum_up(&d->places, w->header.origins);
	w->first_call = sum_up(&d->calls, w->header.origins);
	if (value_emit_array(&w->values, TABLE_ORIGINS, w->header.origins, table_origin_bits(&w->header), 1,
			     put_origin, w, err) < 0)
		return -1;
	if (write_places(w, err) < 0)
		return -1;
	return write_calls(w, err);
}

/* Paths: each one's directory is written once. */

static struct slice directory_of(struct slice path)
{
	size_t len = path.len;

	while (len && path.data[len - 1] != '/' && path.data[len - 1] != '\\')
		len--;
	return slice_make(path.data, len);
}

static void add_text(struct buf *bytes, struct slice text)
{
	varint_put(bytes, text.len);
	buf_add_slice(bytes, text);
}

/* In order of first use; *ret_names is what follows them: each path's directory + 1 and name, or 0. */
static void divide_paths(const struct dictionary *dictionary, struct name_pool *directories, struct buf *ret_names)
{
	for (size_t i = 0; i < dictionary->file_ids.count; i++) {
		struct slice path = dictionary->paths[i], directory = directory_of(path);

		if (path.data == NULL) {
			varint_put(ret_names, 0);
			continue;
		}
		varint_put(ret_names, name_pool_add(directories, directory) + 1);
		add_text(ret_names, slice_make(path.data + directory.len, path.len - directory.len));
	}
}

static int write_paths(struct table_writer *w, struct err *err)
{
	const struct table_draft *draft = w->draft;
	struct buf bytes = BUF_INIT, names = BUF_INIT;
	struct name_pool directories;
	int result;

	name_pool_init(&directories, draft->names.seed);
	divide_paths(&draft->dictionary, &directories, &names);
	add_text(&bytes, buf_slice(&draft->code_file));
	varint_put(&bytes, directories.count);
	for (size_t i = 0; i < directories.count; i++)
		add_text(&bytes, slice_make(directories.names[i].data, directories.names[i].len));
	buf_add_slice(&bytes, buf_slice(&names));
	result = bytes.len > UINT32_MAX ? err_set(err, ERR_LIMIT, "more than 4 GB of paths") :
					  value_emit_stream(&w->values, TABLE_PATHS, buf_slice(&bytes), err);
	name_pool_release(&directories);
	buf_release(&bytes);
	buf_release(&names);
	return result;
}

/* What has been written makes room for what is still to be: the names are compressed last. */

static void release_records(struct table_writer *w)
{
	struct table_draft *draft = w->draft;

	record_writer_release(&w->records);
	spill_release(&draft->spill);
	publics_release(&draft->publics);
	free(draft->functions);
	draft->functions = NULL;
	if (w->pieces != w->functions)
		free(w->pieces);
	free(w->functions);
	w->pieces = w->functions = NULL;
}

static void release_dictionary(struct table_writer *w)
{
	dictionary_release_origins(&w->draft->dictionary);
	free(w->first_place);
	free(w->first_call);
	free(w->order);
	w->first_place = w->first_call = w->order = NULL;
}

static int write_all(struct table_writer *w, struct err *err)
{
	struct table_draft *draft = w->draft;

	if (spill_finish(&draft->spill, err) < 0)
		return -1;
	dictionary_release_slots(&draft->dictionary);
	sort_functions(w);
	publics_resolve(&draft->publics, w->functions, draft->function_count);
	sort_names(w);
	if (write_header(w, err) < 0 || write_records(w, err) < 0)
		return -1;
	release_records(w);
	if (write_dictionary(w, err) < 0)
		return -1;
	release_dictionary(w);
	if (names_write(&w->values, &draft->names, w->sorted_names, w->header.names, err) < 0)
		return -1;
	return write_paths(w, err);
}

int table_write(struct table_draft *draft, struct err *err)
{
	struct table_writer *w = mem_zalloc(sizeof(*w));
	int result;

	w->draft = draft;
	w->values = (struct value_writer){draft->io, &draft->counts};
	w->cut = mem_alloc(sizeof(*w->cut));
	record_writer_init(&w->records, &w->values);
	result = write_all(w, err);
	release_records(w);
	release_dictionary(w);
	buf_release(&w->entry);
	free(w->sorted_names);
	free(w->cut);
	free(w);
	return result;
}
