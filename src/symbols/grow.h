/* SPDX-License-Identifier: MIT */
/* Arrays that grow by doubling. */
#ifndef SYMBOLS_GROW_H
#define SYMBOLS_GROW_H

#include <stddef.h>

/*
 * Makes `array` of *cap elements hold at least `need`; returns where it is now.
 * The new elements are not initialised.
 */
void *grow_array(void *array, size_t *cap, size_t need, size_t element_bytes);

#endif
