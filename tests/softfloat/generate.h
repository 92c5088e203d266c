/*
 * generate.h - operands on which floating-point code goes wrong: few bits, long carries,
 * neighbours, ties, subnormals, the edges of the exponent range, integers' limits.
 */
#ifndef TESTS_SOFTFLOAT_GENERATE_H
#define TESTS_SOFTFLOAT_GENERATE_H

#include <stdint.h>

struct generator {
	uint64_t state;
};

static inline uint64_t generate_random(struct generator *generator)
{
	/* xorshift64*: repeatable, and good enough in all bits */
	generator->state ^= generator->state >> 12;
	generator->state ^= generator->state << 25;
	generator->state ^= generator->state >> 27;
	return generator->state * 0x2545f4914f6cdd1dULL;
}

/* One operand, boundary-rich. */
uint64_t generate_double(struct generator *generator);

/* Two operands that have something to do with each other. */
void generate_pair(struct generator *generator, uint64_t *a, uint64_t *b);

uint32_t generate_float(struct generator *generator);
uint64_t generate_integer(struct generator *generator);

#endif
