/*
 * tests/escape/random.c: numbers that follow from where one is, not from what was drawn before: a CPU that is
 * stopped in the midst of a step draws in the next one what it would have drawn anyway. (splitmix64)
 */
#include "escape.h"

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t random_next(struct random *random)
{
	random->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(random->state);
}

uint32_t random_below(struct random *random, uint32_t below)
{
	return (uint32_t)((random_next(random) >> 32) * below >> 32);
}

bool random_once_in(struct random *random, uint32_t times)
{
	return random_below(random, times) == 0;
}

void random_start(struct random *random, uint64_t seed, uint64_t sequence, uint64_t cpu, uint64_t step)
{
	random->state = mix(mix(mix(mix(seed + 1) + sequence) + cpu) + step);
}
