/*
 * hook/source.c: finds the source of a kind.
 */
#include "hook/source.h"

/* The linker's: the bounds of section "sources". */
extern const struct source *const __start_sources[], *const __stop_sources[];

const struct source *source_of(uint32_t kind)
{
	for (const struct source *const *source = __start_sources; source < __stop_sources; source++) {
		if ((*source)->kind == kind)
			return *source;
	}
	return NULL;
}
