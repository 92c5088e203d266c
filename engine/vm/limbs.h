/*
 * engine/vm/limbs.h: natural numbers as vectors of 64-bit limbs, the least significant first.
 *
 * Nothing here allocates or fails: results go where the caller has room. A result may be an operand
 * (the same address) unless it is said otherwise.
 */
#ifndef VM_LIMBS_H
#define VM_LIMBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMB_BITS = 64 };

typedef unsigned __int128 limb_pair_t;

/* How many limbs are left without the zeros at the end. */
static inline size_t limbs_trim(const uint64_t *x, size_t count)
{
	while (count > 0 && x[count - 1] == 0)
		count--;
	return count;
}

/* Trimmed operands. */
static inline int limbs_compare(const uint64_t *x, size_t x_count, const uint64_t *y, size_t y_count)
{
	if (x_count != y_count)
		return x_count < y_count ? -1 : 1;
	while (x_count-- > 0) {
		if (x[x_count] != y[x_count])
			return x[x_count] < y[x_count] ? -1 : 1;
	}
	return 0;
}

/* A trimmed operand: the number of its bits. */
static inline size_t limbs_bit_length(const uint64_t *x, size_t count)
{
	if (count == 0)
		return 0;
	return count * LIMB_BITS - (size_t)__builtin_clzll(x[count - 1]);
}

static inline bool limbs_bit(const uint64_t *x, size_t count, size_t bit)
{
	return bit / LIMB_BITS < count && (x[bit / LIMB_BITS] >> bit % LIMB_BITS & 1);
}

/* x + y where x has at least as many limbs; the sum has one more. */
static inline void limbs_add(uint64_t *sum, const uint64_t *x, size_t x_count, const uint64_t *y,
			     size_t y_count)
{
	limb_pair_t carry = 0;

	for (size_t i = 0; i < x_count; i++) {
		carry += (limb_pair_t)x[i] + (i < y_count ? y[i] : 0);
		sum[i] = (uint64_t)carry;
		carry >>= LIMB_BITS;
	}
	sum[x_count] = (uint64_t)carry;
}

/* x - y where x >= y. */
static inline void limbs_subtract(uint64_t *difference, const uint64_t *x, size_t x_count,
				  const uint64_t *y, size_t y_count)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < x_count; i++) {
		limb_pair_t limb = (limb_pair_t)x[i] - (i < y_count ? y[i] : 0) - borrow;

		difference[i] = (uint64_t)limb;
		borrow = (uint64_t)(limb >> LIMB_BITS) & 1;
	}
}

/* x * factor + addend; returns the limb beyond. */
static inline uint64_t limbs_multiply_small(uint64_t *product, const uint64_t *x, size_t count,
					    uint64_t factor, uint64_t addend)
{
	limb_pair_t carry = addend;

	for (size_t i = 0; i < count; i++) {
		carry += (limb_pair_t)x[i] * factor;
		product[i] = (uint64_t)carry;
		carry >>= LIMB_BITS;
	}
	return (uint64_t)carry;
}

/* sum += x * factor; returns the limb beyond. */
static inline uint64_t limbs_add_product(uint64_t *sum, const uint64_t *x, size_t count,
					 uint64_t factor)
{
	limb_pair_t carry = 0;

	for (size_t i = 0; i < count; i++) {
		carry += (limb_pair_t)x[i] * factor + sum[i];
		sum[i] = (uint64_t)carry;
		carry >>= LIMB_BITS;
	}
	return (uint64_t)carry;
}

/* difference -= x * factor; returns what is missing beyond. */
static inline uint64_t limbs_subtract_product(uint64_t *difference, const uint64_t *x, size_t count,
					      uint64_t factor)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < count; i++) {
		limb_pair_t product = (limb_pair_t)x[i] * factor + borrow;
		uint64_t low = (uint64_t)product;

		borrow = (uint64_t)(product >> LIMB_BITS) + (difference[i] < low);
		difference[i] -= low;
	}
	return borrow;
}

/* The quotient of two limbs by one, where high < divisor. The C library has no 128-bit division. */
static inline uint64_t limbs_divide_pair(uint64_t high, uint64_t low, uint64_t divisor,
					 uint64_t *remainder)
{
	uint64_t quotient;

	__asm__("divq %[divisor]"
		: "=a"(quotient), "=d"(*remainder)
		: "a"(low), "d"(high), [divisor] "rm"(divisor)
		: "cc");
	return quotient;
}

/* Returns the remainder. */
static inline uint64_t limbs_divide_small(uint64_t *quotient, const uint64_t *x, size_t count,
					  uint64_t divisor)
{
	uint64_t remainder = 0;

	while (count-- > 0)
		quotient[count] = limbs_divide_pair(remainder, x[count], divisor, &remainder);
	return remainder;
}

/* x << bits with bits < 64; returns the limb beyond. */
static inline uint64_t limbs_shift_left(uint64_t *shifted, const uint64_t *x, size_t count,
					unsigned int bits)
{
	uint64_t beyond = 0;

	for (size_t i = 0; i < count; i++) {
		limb_pair_t pair = (limb_pair_t)x[i] << bits | beyond;

		shifted[i] = (uint64_t)pair;
		beyond = (uint64_t)(pair >> LIMB_BITS);
	}
	return beyond;
}

/* x >> bits with bits < 64. */
static inline void limbs_shift_right(uint64_t *shifted, const uint64_t *x, size_t count,
				     unsigned int bits)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t above = i + 1 < count ? x[i + 1] : 0;

		shifted[i] = (uint64_t)(((limb_pair_t)above << LIMB_BITS | x[i]) >> bits);
	}
}

/* One limb of a quotient by Knuth's algorithm D (TAOCP 4.3.1): `x` has count + 1 limbs, of which the
 * divisor is taken off; the divisor's upper bit is set. */
static inline uint64_t limbs_divide_step(uint64_t *x, const uint64_t *divisor, size_t count)
{
	uint64_t top = divisor[count - 1], next = divisor[count - 2], digit, rest, borrow;
	bool rest_fits = true;

	if (x[count] >= top) {	/* equal: it is never above */
		digit = UINT64_MAX;
		rest = x[count - 1] + top;
		rest_fits = rest >= top;
	} else {
		digit = limbs_divide_pair(x[count], x[count - 1], top, &rest);
	}
	while (rest_fits && (limb_pair_t)digit * next > ((limb_pair_t)rest << LIMB_BITS | x[count - 2])) {
		digit--;
		rest += top;
		rest_fits = rest >= top;
	}
	borrow = limbs_subtract_product(x, divisor, count, digit);
	if (x[count] < borrow) {	/* one too many: add it back */
		limb_pair_t carry = 0;

		digit--;
		for (size_t i = 0; i < count; i++) {
			carry += (limb_pair_t)x[i] + divisor[i];
			x[i] = (uint64_t)carry;
			carry >>= LIMB_BITS;
		}
	}
	x[count] = 0;
	return digit;
}

/* x / divisor, where the divisor has two or more limbs and its upper bit is set, and x one limb more
 * than it needs (x_count counts that one). The remainder is left in x. The quotient has
 * x_count - count limbs and is neither operand. */
static inline void limbs_divide(uint64_t *quotient, uint64_t *x, size_t x_count,
				const uint64_t *divisor, size_t count)
{
	for (size_t i = x_count - count; i-- > 0;)
		quotient[i] = limbs_divide_step(x + i, divisor, count);
}

#endif
