/*
 * integer.h: what the files of this gem share.
 */
#ifndef INTEGER_INTEGER_H
#define INTEGER_INTEGER_H

#include "engine/vm/bigint.h"

#include <mruby/class.h>
#include <mruby/numeric.h>
#include <mruby/presym.h>
#include <mruby/proc.h>

/* How two numbers compare, beside -1, 0 and 1. */
enum {
	INTEGER_NAN = BIGINT_UNORDERED,
	INTEGER_NO_NUMBER = -2,
};

/* Integers with Floats are compared exactly. */
int integer_compare(mrb_state *mrb, mrb_value x, mrb_value y);

/* An Integer as the nearest Float; the Float itself. */
mrb_float integer_to_float(mrb_state *mrb, mrb_value x);

/* A finite Float without its fraction; FloatDomainError for others. */
mrb_value integer_from_float(mrb_state *mrb, mrb_float x);

/* The greatest common divisor of two Integers; the Float that is nearest to |x / y|, neither of them 0. */
mrb_value integer_gcd(mrb_state *mrb, mrb_value x, mrb_value y);
mrb_float integer_quotient_float(mrb_state *mrb, mrb_value x, mrb_value y);

/* Of two Integers; RangeError if its terms have more than 64 bits. */
mrb_value integer_quotient_rational(mrb_state *mrb, mrb_value x, mrb_value y);

/* One of them is a Rational, the other one, an Integer or a Float. */
int integer_compare_rational(mrb_state *mrb, mrb_value x, mrb_value y);
mrb_value integer_power_rational(mrb_state *mrb, mrb_value x, mrb_value y);

/* TypeError if it is none; a Float loses its fraction, as mruby has it everywhere. */
mrb_value integer_argument(mrb_state *mrb, mrb_value value);

static inline bool integer_is_zero(mrb_value value)
{
	return mrb_integer_p(value) && mrb_integer(value) == 0;
}

void integer_define_comparison(mrb_state *mrb);
void integer_define_division(mrb_state *mrb);
void integer_define_bits(mrb_state *mrb);
void integer_define_rounding(mrb_state *mrb);
void integer_define_rationals(mrb_state *mrb);
void integer_define_more(mrb_state *mrb);

#endif
