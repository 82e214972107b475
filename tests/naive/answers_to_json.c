/* SPDX-License-Identifier: MIT */
/* answers-to-json: turns another resolver's answers (symbols/README.md) into the JSON lines our rules expect.
 *
 * usage: answers-to-json ANSWERS.tsv [NAME-OF-PUBLIC-AT-0]
 *
 * Two places where the rules win over the other resolver; their counts go to stderr:
 *  - R23: line 0 with a file. The resolver says 0, we leave the line out and keep the file.
 *  - R17: a PUBLIC at address 0 is dropped. Only a row with exactly the given name, base 0, no file and no inlines
 *    is taken for it; it becomes unresolved.
 * Empty names do not occur in the answers; a row with one is an error here, so that it is not passed over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive_json.h"

enum { ROW_COLUMNS = 6, INLINE_COLUMNS = 4, MAX_COLUMNS = ROW_COLUMNS + INLINE_COLUMNS * MAX_INLINES };

struct row {
	size_t count;
	char *column[MAX_COLUMNS];
};

struct converter {
	const char *dropped_public; /* NULL when the file has none */
	size_t rows, line_zero, public_zero;
	struct slice text[MAX_COLUMNS]; /* what the answer borrows */
};

static void split_row(char *line, struct row *row)
{
	row->count = 0;
	line[strcspn(line, "\n")] = '\0';
	for (char *at = line; at != NULL && row->count < MAX_COLUMNS; row->count++) {
		row->column[row->count] = at;
		at = strchr(at, '\t');
		if (at != NULL)
			*at++ = '\0';
	}
}

static bool read_hex(const char *text, uint64_t *ret_value)
{
	return parse_hex((struct slice){(const unsigned char *)text, strlen(text)}, ret_value);
}

static const struct slice *borrow(struct converter *converter, const struct row *row, size_t column)
{
	const char *text = row->column[column];
	converter->text[column] = (struct slice){(const unsigned char *)text, strlen(text)};
	return text[0] != '\0' ? &converter->text[column] : NULL;
}

/* Columns `name` (a function's) and, at `place`, its file and line. */
static struct naive_frame read_frame(struct converter *converter, const struct row *row, size_t name, size_t place)
{
	struct naive_frame frame = {.function = borrow(converter, row, name), .file = borrow(converter, row, place)};
	if (frame.file != NULL) {
		frame.line = (uint32_t)strtoul(row->column[place + 1], NULL, 10);
		converter->line_zero += frame.line == 0;
	}
	return frame;
}

static bool is_dropped_public(const struct converter *converter, const struct row *row)
{
	return converter->dropped_public != NULL && strcmp(row->column[1], converter->dropped_public) == 0 &&
	       strcmp(row->column[2], "0") == 0 && row->column[3][0] == '\0' && strcmp(row->column[5], "0") == 0;
}

static bool read_inlines(struct converter *converter, const struct row *row, struct naive_answer *answer)
{
	answer->inline_count = strtoul(row->column[5], NULL, 10);
	if (row->count != ROW_COLUMNS + INLINE_COLUMNS * answer->inline_count)
		return false;
	for (size_t i = 0; i < answer->inline_count; i++) {
		size_t column = ROW_COLUMNS + INLINE_COLUMNS * i;
		answer->inlines[i] = read_frame(converter, row, column, column + 2);
		if (answer->inlines[i].function == NULL)
			return false;
	}
	return true;
}

static bool convert_row(struct converter *converter, const struct row *row)
{
	static struct naive_answer answer;
	uint64_t address, base;
	answer = (struct naive_answer){0};
	if (row->count < ROW_COLUMNS || !read_hex(row->column[0], &address) || !read_hex(row->column[2], &base))
		return false;
	converter->rows++;
	if (is_dropped_public(converter, row)) {
		converter->public_zero++;
	} else if (row->column[1][0] != '\0') {
		answer.function = read_frame(converter, row, 1, 3);
		answer.function_offset = address - base;
		if (!read_inlines(converter, row, &answer))
			return false;
	} else if (base != 0) {
		return false;
	}
	naive_put_answer(address, &answer);
	return true;
}

static bool convert_file(struct converter *converter, FILE *stream)
{
	static struct row row;
	char *line = NULL;
	size_t room = 0;
	bool good = true;
	while (good && getline(&line, &room, stream) > 0) {
		split_row(line, &row);
		good = convert_row(converter, &row);
	}
	free(line);
	return good;
}

int main(int argc, char **argv)
{
	static struct converter converter;
	if (argc < 2) {
		fputs("usage: answers-to-json ANSWERS.tsv [NAME-OF-PUBLIC-AT-0]\n", stderr);
		return 64;
	}
	converter.dropped_public = argc > 2 && argv[2][0] != '\0' ? argv[2] : NULL;
	FILE *stream = fopen(argv[1], "r");
	if (stream == NULL) {
		perror(argv[1]);
		return 66;
	}
	bool good = convert_file(&converter, stream);
	fclose(stream);
	if (!good)
		fprintf(stderr, "answers-to-json: malformed row %zu\n", converter.rows + 1);
	fprintf(stderr, "%zu rows; rules win: %zu frames of line 0 (R23), %zu rows of PUBLIC at 0 (R17)\n",
		converter.rows, converter.line_zero, converter.public_zero);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
