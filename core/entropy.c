/*
 * core/entropy.c: RDRAND.
 */
#include "core/entropy.h"

#include "core/instructions.h"

#define CPUID_1_ECX_RDRAND (1u << 30)
#define ENTROPY_TRIES 16

/* A generator that is broken gives ones (AMD's errata 1361 and its like), or nothing. */
bool entropy_draw(uint64_t *value)
{
	bool good = false;

	*value = 0;
	if (!(cpuid_query(1, 0).ecx & CPUID_1_ECX_RDRAND))
		return false;
	for (unsigned i = 0; i < ENTROPY_TRIES && !good; i++) {
		__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
		good = good && *value != 0 && *value != UINT64_MAX;
	}
	return good;
}
