/*
 * power_of_ten.h - powers of ten to 128 bits, and what they make of a 64-bit factor.
 *
 * The fast ways of formatting and reading take them where the error cannot change the result,
 * and leave the few other cases to exact big integers.
 */
#ifndef ENGINE_LIBC_POWER_OF_TEN_H
#define ENGINE_LIBC_POWER_OF_TEN_H

#include <stdbool.h>
#include <stdint.h>

#define POWER_OF_TEN_LEAST	(-364)
#define POWER_OF_TEN_MOST	363

/*
 * 10^n is at least (high:low) * 2^exponent, and less than 4 units of low more; exactly that
 * if exact is set. high has its highest bit set.
 */
struct power_of_ten {
	uint64_t high;
	uint64_t low;
	int exponent;
	bool exact;
};

/* A product of 192 bits, word[0] lowest. Its error is below 4 * factor, so below 4 of word[1]. */
struct scaled {
	uint64_t word[3];
};

extern const uint64_t power_of_five[28];

/* n is POWER_OF_TEN_LEAST to POWER_OF_TEN_MOST. */
void power_of_ten(struct power_of_ten *power, int n);

/* Returns whether the product is exact. */
bool scaled_multiply(struct scaled *product, uint64_t factor, const struct power_of_ten *power);

#endif
