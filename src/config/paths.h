/* SPDX-License-Identifier: MIT */
/* Windows paths in old configuration files. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

#include "config/config.h"

/* "\\server\share..." or "C:\...", with slashes of either kind behind the drive. */
bool path_is_windows(struct slice path);

/* Replaces every Windows path of the configuration by what general.pathMap says, or by "" with a warning. */
void config_map_paths(struct config *config, struct config_problems *problems);

#endif
