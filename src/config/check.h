/* SPDX-License-Identifier: MIT */
/* The last part of config_finish(): what needs more than one key, or more than a type. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/config.h"

/* Says what is wrong; changes nothing. */
void config_check(const struct config *config, struct config_problems *problems);

#endif
