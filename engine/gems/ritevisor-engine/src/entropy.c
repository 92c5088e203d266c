/*
 * entropy.c: the TSC, and a seed for Random.
 */
#include "engine/engine.h"

/* Intel SDM vol. 2: CPUID.01H:ECX.RDRAND[30], CPUID.07H:EBX.RDSEED[18]. */
enum { CPUID_1_ECX_RDRAND = 1u << 30, CPUID_7_EBX_RDSEED = 1u << 18, ENTROPY_RETRIES = 32 };

uint64_t engine_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static void entropy_cpuid(uint32_t leaf, uint32_t registers[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(registers[0]), "=b"(registers[1]), "=c"(registers[2]),
			   "=d"(registers[3])
			 : "a"(leaf), "c"(0));
}

static bool entropy_rdseed(uint64_t *seed)
{
	bool ok;

	__asm__ volatile("rdseed %0" : "=r"(*seed), "=@ccc"(ok));
	return ok;
}

static bool entropy_rdrand(uint64_t *seed)
{
	bool ok;

	__asm__ volatile("rdrand %0" : "=r"(*seed), "=@ccc"(ok));
	return ok;
}

static bool entropy_from_cpu(uint64_t *seed)
{
	uint32_t leaf[4];
	bool has_rdseed = false;

	entropy_cpuid(0, leaf);
	if (leaf[0] >= 7) {
		entropy_cpuid(7, leaf);
		has_rdseed = leaf[1] & CPUID_7_EBX_RDSEED;
	}
	entropy_cpuid(1, leaf);
	for (int i = 0; i < ENTROPY_RETRIES; i++) {
		if (has_rdseed && entropy_rdseed(seed))
			return true;
		if ((leaf[2] & CPUID_1_ECX_RDRAND) && entropy_rdrand(seed))
			return true;
	}
	return false;
}

uint64_t engine_random_seed(void)
{
	uint64_t seed = engine_tsc();

	if (entropy_from_cpu(&seed))
		return seed;
	/* The time that a serialising instruction takes differs from call to call. */
	for (int i = 0; i < 64; i++) {
		uint32_t leaf[4];

		entropy_cpuid(0, leaf);
		seed = (seed << 7 | seed >> 57) ^ engine_tsc() * 0x9e3779b97f4a7c15u;
	}
	return seed;
}
