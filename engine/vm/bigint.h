/*
 * engine/vm/bigint.h: Integers beyond 64 bits, and any Integer as sign and magnitude.
 *
 * A big integer is never one that an mrb_int can hold: results are made small again. It is immutable,
 * and up to 128 bits stand in the object itself. What takes a `value` takes both kinds of Integer.
 */
#ifndef VM_BIGINT_H
#define VM_BIGINT_H

#include <mruby.h>
#include <mruby/class.h>
#include <mruby/internal.h>
#include <stdbool.h>

#include "limbs.h"

enum { BIGINT_HERE = 2 };
/* 8 Mibit, as long as the longest String. */
enum { BIGINT_LIMBS_MAX = 1 << 17 };

struct RBigint {
	MRB_OBJECT_HEADER;
	uint32_t count;
	bool negative;
	union {
		uint64_t here[BIGINT_HERE];
		uint64_t *elsewhere;	/* count > BIGINT_HERE */
	};
};

/* An Integer's sign and magnitude. The limbs are trimmed: zero has none. */
struct bigint_view {
	const uint64_t *limbs;
	size_t count;
	bool negative;
	uint64_t here;
};

typedef __int128 bigint_pair_t;

static inline struct RBigint *bigint_of(mrb_value value)
{
	return (struct RBigint *)mrb_ptr(value);
}

static inline bool bigint_is_integer(mrb_value value)
{
	return mrb_integer_p(value) || mrb_bigint_p(value);
}

static inline const uint64_t *bigint_limbs(const struct RBigint *big)
{
	return big->count > BIGINT_HERE ? big->elsewhere : big->here;
}

/* The view of an Integer; it may point into itself, and into the object. */
static inline void bigint_look(mrb_value value, struct bigint_view *view)
{
	if (mrb_integer_p(value)) {
		mrb_int small = mrb_integer(value);

		view->negative = small < 0;
		view->here = small < 0 ? -(uint64_t)small : (uint64_t)small;
		view->limbs = &view->here;
		view->count = small != 0;
	} else {
		const struct RBigint *big = bigint_of(value);

		view->negative = big->negative;
		view->limbs = bigint_limbs(big);
		view->count = big->count;
	}
}

/* Whether the magnitude has at most 64 bits, and then the number: sums, differences and the bits of
 * two such numbers fit a pair as well. */
static inline bool bigint_get_pair(mrb_value value, bigint_pair_t *pair)
{
	const struct RBigint *big;

	if (mrb_integer_p(value)) {
		*pair = mrb_integer(value);
		return true;
	}
	if (!mrb_bigint_p(value))
		return false;
	big = bigint_of(value);
	if (big->count > 1)
		return false;
	*pair = big->negative ? -(bigint_pair_t)big->here[0] : (bigint_pair_t)big->here[0];
	return true;
}

static inline bool bigint_is_negative(mrb_value value)
{
	return mrb_integer_p(value) ? mrb_integer(value) < 0 : bigint_of(value)->negative;
}

static inline bool bigint_is_odd(mrb_value value)
{
	return mrb_integer_p(value) ? mrb_integer(value) & 1 : bigint_limbs(bigint_of(value))[0] & 1;
}

mrb_value bigint_from_pair(mrb_state *mrb, bigint_pair_t pair);

/* An Integer as a Float, rounded to even. */
mrb_float bigint_to_float(mrb_value value);

/* -1, 0 or 1. */
int bigint_compare(mrb_value x, mrb_value y);

/* Exactly, without rounding the Integer; BIGINT_UNORDERED with NaN. */
enum { BIGINT_UNORDERED = 2 };
int bigint_compare_float(mrb_value x, mrb_float y);

/* The low 64 bits in two's complement. */
uint64_t bigint_low64(mrb_value value);

/* The bits without the sign's, as Integer#bit_length counts them. */
size_t bigint_bit_length(mrb_value value);

/* Arithmetic on Integers of both kinds. Division rounds towards negative infinity (`floor`) or towards
 * zero; the caller has seen to it that y is not 0. Either result may be NULL. RangeError if a result
 * is too large. */
mrb_value bigint_add(mrb_state *mrb, mrb_value x, mrb_value y);
mrb_value bigint_subtract(mrb_state *mrb, mrb_value x, mrb_value y);
mrb_value bigint_multiply(mrb_state *mrb, mrb_value x, mrb_value y);
void bigint_divide(mrb_state *mrb, mrb_value x, mrb_value y, bool floor, mrb_value *quotient,
		   mrb_value *remainder);
mrb_value bigint_negate(mrb_state *mrb, mrb_value x);
mrb_value bigint_shift_left(mrb_state *mrb, mrb_value x, uint64_t bits);
mrb_value bigint_shift_right(mrb_state *mrb, mrb_value x, uint64_t bits);
mrb_value bigint_power(mrb_state *mrb, mrb_value x, uint64_t exponent);

#endif
