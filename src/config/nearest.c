/* SPDX-License-Identifier: MIT */
/* Near keys by edit distance. */
#include "config/nearest.h"

#include <ctype.h>

enum { LENGTH_MAX = 64 }; /* keys beyond it are like nothing that we know */

static unsigned minimum(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters inserted, left out or replaced; another case is no difference. */
static unsigned edit_distance(struct slice a, struct slice b)
{
	unsigned row[LENGTH_MAX + 1];

	if (a.len > LENGTH_MAX || b.len > LENGTH_MAX)
		return LENGTH_MAX;
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			bool same = tolower((unsigned char)a.data[i - 1]) ==
				    tolower((unsigned char)b.data[j - 1]);
			unsigned above = row[j];

			row[j] = minimum(minimum(above, row[j - 1]) + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[b.len];
}

static struct slice last_part(struct slice path)
{
	const char *dot = path.len ? memrchr(path.data, '.', path.len) : NULL;
	size_t start = dot ? (size_t)(dot - path.data) + 1 : 0;

	return slice_make(path.data + start, path.len - start);
}

struct nearest {
	struct slice best;
	unsigned distance; /* only what is nearer counts */
};

static void consider(struct nearest *nearest, struct slice path, struct slice candidate)
{
	unsigned distance = edit_distance(path, candidate);

	/* the right key in the wrong section is nearer than its letters say */
	if (distance && slice_equal_nocase(last_part(path), last_part(candidate)))
		distance = minimum(distance, 2);
	if (distance < nearest->distance)
		*nearest = (struct nearest){candidate, distance};
}

struct slice config_nearest(const struct config_row *rows, unsigned count, struct slice path)
{
	struct nearest nearest = {.distance = minimum(4, (unsigned)last_part(path).len / 3 + 2)};

	for (unsigned i = 0; i < count; i++) {
		struct slice key = slice_of(rows[i].path);

		consider(&nearest, path, key);
		for (size_t end = 0; end < key.len; end++)
			if (key.data[end] == '.')
				consider(&nearest, path, slice_make(key.data, end));
	}
	return nearest.best;
}
