/*
 * random.c - rand and srand; C11 7.22.2 asks for nothing more than a repeatable sequence.
 * A 64-bit linear congruential generator (Knuth's MMIX constants), its high bits taken.
 */
#include <stdint.h>
#include <stdlib.h>

static uint64_t random_state = 1;

void srand(unsigned int seed)
{
	random_state = seed;
}

int rand(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int)(random_state >> 33);
}
