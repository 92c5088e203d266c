/*
 * decimal_fast.h - the fast ways to decimal digits. Each returns false, with nothing done, when
 * 128 bits do not decide; the value is significand * 2^exponent and not 0.
 */
#ifndef ENGINE_LIBC_DECIMAL_FAST_H
#define ENGINE_LIBC_DECIMAL_FAST_H

#include "decimal.h"

#include <stdint.h>

/* narrow_below: the next smaller double is half as far as the next greater. */
bool decimal_fast_shortest(struct decimal *decimal, uint64_t significand, int exponent,
			   bool narrow_below);
bool decimal_fast_significant(struct decimal *decimal, uint64_t significand, int exponent,
			      int count);
bool decimal_fast_places(struct decimal *decimal, uint64_t significand, int exponent, int places);

#endif
