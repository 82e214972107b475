/* SPDX-License-Identifier: MIT */
/* The configuration from beginning to end. */
#include "config/config.h"

#include "base/mem.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct config *config_new(void)
{
	struct config *config = mem_zalloc(sizeof(*config));
	struct config_setter setter = {&config->arena, "/"};

	arena_init(&config->arena);
	config->file = "";
	config->origins = mem_calloc(config_row_count, sizeof(*config->origins));
	for (unsigned i = 0; i < config_row_count; i++)
		if (!config_rows[i].alias && config_rows[i].type != CONFIG_SERVERS)
			config_value_reset(&setter, &config_rows[i], config);
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	arena_release(&config->arena);
	free(config->origins);
	free(config);
}

const char *config_find_file(const char *explicit)
{
	static const char *const places[] = {SYSCONFDIR "/symbolicate.json", "./etc/symbolicate.json"};

	if (explicit)
		return explicit;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}

/* Whether no override in front of that one is of the same old option. */
static bool is_first(const struct config_args *args, unsigned index, size_t name_len)
{
	for (unsigned i = 0; i < index; i++)
		if (strncmp(args->overrides[i], args->overrides[index], name_len) == 0)
			return false;
	return true;
}

static void apply_override(struct config *config, const struct config_args *args, unsigned index,
			   struct config_problems *problems)
{
	const char *text = args->overrides[index], *equals = strchr(text, '=');
	bool known = false;
	char *option;

	if (strncmp(text, "--", 2) == 0 && equals) {
		option = mem_strndup(text + 2, (size_t)(equals - text) - 2);
		known = config_old_option(config, option, equals + 1,
					  is_first(args, index, (size_t)(equals - text) + 1), problems);
		free(option);
	}
	if (!known)
		config_override(config, text, problems);
}

int config_open(struct config **ret, const struct config_args *args, struct config_problems *problems,
		struct err *err)
{
	const char *file = config_find_file(args->file);
	struct config *config = config_new();

	if (file && config_load(config, file, problems, err) < 0) {
		config_free(config);
		return -1;
	}
	for (unsigned i = 0; i < args->override_count; i++)
		apply_override(config, args, i, problems);
	config_finish(config, problems);
	*ret = config;
	return 0;
}
