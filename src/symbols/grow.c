/* SPDX-License-Identifier: MIT */
/* Arrays that grow by doubling. */
#include "symbols/grow.h"

#include "base/mem.h"

enum { FIRST_CAP = 64 };

void *grow_array(void *array, size_t *cap, size_t need, size_t element_bytes)
{
	size_t more = *cap ? *cap : FIRST_CAP;

	if (need <= *cap)
		return array;
	while (more < need)
		more *= 2;
	*cap = more;
	return mem_realloc_array(array, more, element_bytes);
}
