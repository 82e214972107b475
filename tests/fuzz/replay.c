/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files of its corpus, without libFuzzer: a TAP line per file. */
#include "tests/fuzz/fuzz.h"

#include "base/buf.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy of exactly its size, so that a sanitizer sees the first byte read behind it. */
static void run_exact(const struct buf *text)
{
	uint8_t *copy = mem_alloc(text->len ? text->len : 1);

	if (text->len)
		memcpy(copy, text->data, text->len);
	LLVMFuzzerTestOneInput(copy, text->len);
	free(copy);
}

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct buf text = BUF_INIT;
	char block[4096];
	size_t len;

	if (file == NULL) {
		perror(path);
		return -1;
	}
	while ((len = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(&text, block, len);
	fclose(file);
	run_exact(&text);
	buf_release(&text);
	return 0;
}

static int is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_seed, alphasort), failures = 0;

	if (count <= 0) {
		printf("1..0 # SKIP no corpus in %s\n", folder);
		return 0;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char *path = mem_printf("%s/%s", folder, entries[i]->d_name);
		int status = replay_file(path);

		printf("%s %d - %s\n", status ? "not ok" : "ok", i + 1, entries[i]->d_name);
		failures += status != 0;
		free(path);
		free(entries[i]);
	}
	free(entries);
	return failures != 0;
}

/* REPLAY_CORPUS is the folder's name under tests/fuzz/corpus; arguments are files to run instead. */
int main(int argc, char **argv)
{
	const char *source = getenv("top_srcdir");
	char *folder;
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= replay_file(argv[i]) != 0;
	if (argc > 1)
		return status;
	folder = mem_printf("%s/tests/fuzz/corpus/" REPLAY_CORPUS, source ? source : ".");
	status = replay_folder(folder);
	free(folder);
	return status;
}
