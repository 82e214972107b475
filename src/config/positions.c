/* SPDX-License-Identifier: MIT */
/* An index of a JSON text: path to line. */
#include "config/positions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>

enum { DEPTH_MAX = 32 }; /* json-c's own limit */

struct position {
	const char *path;
	unsigned line, order;
};

struct positions {
	struct position *items;
	size_t count, cap;
	struct arena arena;
};

struct scan {
	struct positions *positions;
	const char *at, *end;
	unsigned line, depth;
	struct buf path;
};

static void add_position(struct scan *scan)
{
	struct positions *positions = scan->positions;
	struct slice text;

	if (positions->count == positions->cap) {
		positions->cap = positions->cap ? positions->cap * 2 : 64;
		positions->items =
			mem_realloc_array(positions->items, positions->cap, sizeof(*positions->items));
	}
	text = slice_of(buf_text(&scan->path));
	text.len++;
	positions->items[positions->count] = (struct position){
		.path = arena_copy(&positions->arena, text).data,
		.line = scan->line,
		.order = (unsigned)positions->count,
	};
	positions->count++;
}

/* The next byte that is not white space, or NUL at the end. */
static char peek(struct scan *scan)
{
	for (; scan->at < scan->end && strchr(" \t\r\n", *scan->at); scan->at++)
		scan->line += *scan->at == '\n';
	return scan->at < scan->end ? *scan->at : '\0';
}

static bool take(struct scan *scan, char wanted)
{
	if (peek(scan) != wanted)
		return false;
	scan->at++;
	return true;
}

/* A string as it is written, without the quotes. */
static bool take_string(struct scan *scan, struct slice *ret)
{
	const char *start;

	if (!take(scan, '"'))
		return false;
	start = scan->at;
	while (scan->at < scan->end && *scan->at != '"') {
		scan->line += *scan->at == '\n';
		scan->at += *scan->at == '\\' && scan->end - scan->at > 1 ? 2 : 1;
	}
	*ret = slice_make(start, (size_t)(scan->at - start));
	return take(scan, '"');
}

static bool scan_value(struct scan *scan);

static bool scan_member(struct scan *scan)
{
	size_t before = scan->path.len;
	struct slice key;
	bool good;

	if (!take_string(scan, &key))
		return false;
	if (before)
		buf_add_byte(&scan->path, '.');
	buf_add_slice(&scan->path, key);
	add_position(scan);
	good = take(scan, ':') && scan_value(scan);
	scan->path.len = before;
	return good;
}

static bool scan_element(struct scan *scan, size_t index)
{
	size_t before = scan->path.len;
	bool good;

	buf_addf(&scan->path, "[%zu]", index);
	peek(scan);
	add_position(scan);
	good = scan_value(scan);
	scan->path.len = before;
	return good;
}

/* Members or elements up to the closing bracket. */
static bool scan_group(struct scan *scan, char close)
{
	if (take(scan, close))
		return true;
	for (size_t i = 0;; i++) {
		if (!(close == '}' ? scan_member(scan) : scan_element(scan, i)))
			return false;
		if (!take(scan, ','))
			return take(scan, close);
	}
}

static bool scan_value(struct scan *scan)
{
	struct slice skipped;
	bool good;

	switch (peek(scan)) {
	case '{':
	case '[':
		if (scan->depth == DEPTH_MAX)
			return false;
		scan->depth++;
		good = scan_group(scan, *scan->at++ == '{' ? '}' : ']');
		scan->depth--;
		return good;
	case '"':
		return take_string(scan, &skipped);
	default:
		while (scan->at < scan->end && !strchr(" \t\r\n,]}", *scan->at))
			scan->at++;
		return true;
	}
}

/* By path, of equal ones the last of the text first: that is the one that json-c keeps. */
static int compare(const void *a, const void *b)
{
	const struct position *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	return order ? order : left->order < right->order ? 1 : -1;
}

struct positions *positions_new(struct slice text)
{
	struct positions *positions = mem_zalloc(sizeof(*positions));
	struct scan scan = {.positions = positions, .at = text.data, .end = text.data + text.len, .line = 1};

	arena_init(&positions->arena);
	scan_value(&scan);
	buf_release(&scan.path);
	if (positions->count)
		qsort(positions->items, positions->count, sizeof(*positions->items), compare);
	return positions;
}

void positions_free(struct positions *positions)
{
	if (!positions)
		return;
	arena_release(&positions->arena);
	free(positions->items);
	free(positions);
}

unsigned positions_line(const struct positions *positions, const char *path)
{
	size_t low = 0, high = positions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(positions->items[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == positions->count || strcmp(positions->items[low].path, path) != 0)
		return 0;
	return positions->items[low].line;
}

void positions_each_repeated(const struct positions *positions,
			     void (*each)(void *ctx, const char *path, unsigned line), void *ctx)
{
	for (size_t i = 1; i < positions->count; i++) {
		bool repeated = strcmp(positions->items[i - 1].path, positions->items[i].path) == 0;
		bool first_pair =
			i < 2 || strcmp(positions->items[i - 2].path, positions->items[i].path) != 0;

		if (repeated && first_pair)
			each(ctx, positions->items[i - 1].path, positions->items[i - 1].line);
	}
}

unsigned positions_line_at(struct slice text, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset && i < text.len; i++)
		line += text.data[i] == '\n';
	return line;
}
