/*
 * bignum.h - unsigned integers of fixed capacity, for conversions between binary and decimal.
 *
 * The capacity suffices for every product these conversions form: 10^1110 (a number of 768
 * significant digits at the smallest exponent) times a 64-bit word. Nothing is allocated.
 */
#ifndef ENGINE_LIBC_BIGNUM_H
#define ENGINE_LIBC_BIGNUM_H

#include <stdbool.h>
#include <stdint.h>

#define BIGNUM_WORDS 80

/* Little-endian words; word[count - 1] is not 0, and zero has no words. */
struct bignum {
	unsigned int count;
	uint64_t word[BIGNUM_WORDS];
};

void bignum_set(struct bignum *number, uint64_t value);
void bignum_copy(struct bignum *to, const struct bignum *from);

/* number = number * factor + addend */
void bignum_multiply_add(struct bignum *number, uint64_t factor, uint64_t addend);

/* number = number * 10^exponent */
void bignum_multiply_power_of_ten(struct bignum *number, unsigned int exponent);

void bignum_shift_left(struct bignum *number, unsigned int bits);
void bignum_add(struct bignum *number, const struct bignum *addend);

/* subtrahend must not be greater than number */
void bignum_subtract(struct bignum *number, const struct bignum *subtrahend);

/* Negative, 0 or positive as a is less than, equal to or greater than b. */
int bignum_compare(const struct bignum *a, const struct bignum *b);

/* Divide by a word; the quotient stays in number, the remainder is returned. */
uint64_t bignum_divide_word(struct bignum *number, uint64_t divisor);

/* The number of bits up to the highest one set; 0 for zero. */
unsigned int bignum_bits(const struct bignum *number);

/* The highest 64 bits, left-aligned; *rest tells whether a bit below them is set. */
uint64_t bignum_top_word(const struct bignum *number, bool *rest);

#endif
