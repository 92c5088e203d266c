/*
 * divide.c: quotients, remainders and powers.
 */
#include "integer.h"

#include <mruby/array.h>
#include <string.h>

static bool divide_takes_float(mrb_value x, mrb_value y)
{
	return !bigint_is_integer(x) || !bigint_is_integer(y);
}

static void divide_check(mrb_state *mrb, mrb_value y)
{
	if (integer_is_zero(y))
		mrb_int_zerodiv(mrb);
}

static mrb_float divide_modulo_floats(mrb_state *mrb, mrb_float x, mrb_float y)
{
	mrb_float modulo;

	if (isnan(y))
		return y;
	if (y == 0.0)
		mrb_int_zerodiv(mrb);
	modulo = isinf(y) && !isinf(x) ? x : fmod(x, y);
	return y * modulo < 0 ? modulo + y : modulo;
}

static void divide_floats(mrb_state *mrb, mrb_float x, mrb_float y, mrb_float *quotient,
			  mrb_float *modulo)
{
	mrb_float rest;

	if (y == 0.0)
		mrb_int_zerodiv(mrb);
	rest = isinf(y) && !isinf(x) ? x : fmod(x, y);
	*quotient = isinf(x) && !isinf(y) ? x : round((x - rest) / y);
	if (y * rest < 0) {
		rest += y;
		*quotient -= 1.0;
	}
	*modulo = rest;
}

static mrb_value divide_modulo(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb), modulo;

	if (divide_takes_float(self, other))
		return mrb_float_value(mrb, divide_modulo_floats(mrb, integer_to_float(mrb, self),
								 integer_to_float(mrb, other)));
	divide_check(mrb, other);
	if (mrb_integer_p(self) && mrb_integer_p(other)) {
		mrb_int x = mrb_integer(self), y = mrb_integer(other), rest = y == -1 ? 0 : x % y;

		return mrb_int_value(mrb, rest && (rest < 0) != (y < 0) ? rest + y : rest);
	}
	bigint_divide(mrb, self, other, true, NULL, &modulo);
	return modulo;
}

static mrb_value divide_divmod(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb), quotient, modulo;

	if (divide_takes_float(self, other)) {
		mrb_float div, mod;

		divide_floats(mrb, integer_to_float(mrb, self), integer_to_float(mrb, other), &div, &mod);
		return mrb_assoc_new(mrb, integer_from_float(mrb, div), mrb_float_value(mrb, mod));
	}
	divide_check(mrb, other);
	bigint_divide(mrb, self, other, true, &quotient, &modulo);
	return mrb_assoc_new(mrb, quotient, modulo);
}

static mrb_value divide_div(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb), quotient;

	if (divide_takes_float(self, other)) {
		mrb_float y = integer_to_float(mrb, other);

		if (y == 0.0)
			mrb_int_zerodiv(mrb);
		return integer_from_float(mrb, floor(integer_to_float(mrb, self) / y));
	}
	divide_check(mrb, other);
	bigint_divide(mrb, self, other, true, &quotient, NULL);
	return quotient;
}

/* Numeric#remainder of Floats: the modulo, less the divisor if the signs differ. */
static mrb_float divide_remainder_floats(mrb_state *mrb, mrb_float x, mrb_float y)
{
	mrb_float modulo = divide_modulo_floats(mrb, x, y);

	if (modulo == 0 || (x < 0) == (y < 0) || x == 0)
		return modulo;
	return isinf(y) ? x : modulo - y;
}

static mrb_value divide_remainder(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb), remainder;

	if (divide_takes_float(self, other))
		return mrb_float_value(mrb, divide_remainder_floats(mrb, integer_to_float(mrb, self),
								    integer_to_float(mrb, other)));
	divide_check(mrb, other);
	bigint_divide(mrb, self, other, false, NULL, &remainder);
	return remainder;
}

mrb_value mrb_int_pow(mrb_state *mrb, mrb_value x, mrb_value y);

static mrb_value divide_power_of(mrb_state *mrb, mrb_value self, mrb_value exponent)
{
	if (mrb_type(exponent) == MRB_TT_RATIONAL)
		return integer_power_rational(mrb, self, exponent);
	if (mrb_bigint_p(self) || mrb_bigint_p(exponent))
		return mrb_bint_pow(mrb, self, exponent);
	return mrb_int_pow(mrb, self, exponent);
}

static mrb_value divide_power(mrb_state *mrb, mrb_value self)
{
	return divide_power_of(mrb, self, mrb_get_arg1(mrb));
}

/* Integer#pow, with a modulus too. */
static mrb_value divide_pow(mrb_state *mrb, mrb_value self)
{
	mrb_value exponent, modulus = mrb_nil_value();

	if (mrb_get_args(mrb, "o|o", &exponent, &modulus) == 1)
		return divide_power_of(mrb, self, exponent);
	if (!bigint_is_integer(exponent) || !bigint_is_integer(modulus))
		mrb_raise(mrb, E_TYPE_ERROR,
			  "Integer#pow() takes integers if there is a 2nd argument");
	return mrb_bint_powm(mrb, self, exponent, modulus);
}

mrb_value integer_gcd(mrb_state *mrb, mrb_value x, mrb_value y)
{
	int arena = mrb_gc_arena_save(mrb);

	while (!integer_is_zero(y)) {
		mrb_value rest;

		bigint_divide(mrb, x, y, false, NULL, &rest);
		x = y;
		y = rest;
		mrb_gc_arena_restore(mrb, arena);
		mrb_gc_protect(mrb, x);
		mrb_gc_protect(mrb, y);
	}
	return bigint_is_negative(x) ? bigint_negate(mrb, x) : x;
}

static mrb_value divide_integer_argument(mrb_state *mrb)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (!bigint_is_integer(other))
		mrb_raise(mrb, E_TYPE_ERROR, "not an integer");
	return other;
}

static mrb_value divide_gcd(mrb_state *mrb, mrb_value self)
{
	return integer_gcd(mrb, self, divide_integer_argument(mrb));
}

static mrb_value divide_lcm(mrb_state *mrb, mrb_value self)
{
	mrb_value other = divide_integer_argument(mrb), part, product;

	if (integer_is_zero(self) || integer_is_zero(other))
		return mrb_fixnum_value(0);
	bigint_divide(mrb, self, integer_gcd(mrb, self, other), true, &part, NULL);
	product = bigint_multiply(mrb, part, other);
	return bigint_is_negative(product) ? bigint_negate(mrb, product) : product;
}

/* The nearest Float of x / y: 66 bits of the quotient, the last of which tells whether there is more. */
mrb_float integer_quotient_float(mrb_state *mrb, mrb_value x, mrb_value y)
{
	enum { QUOTIENT_BITS = 66 };
	mrb_int shift = QUOTIENT_BITS + (mrb_int)bigint_bit_length(y) - (mrb_int)bigint_bit_length(x);
	mrb_value quotient, rest;

	if (shift > 0)
		x = bigint_shift_left(mrb, x, (uint64_t)shift);
	else
		y = bigint_shift_left(mrb, y, (uint64_t)-shift);
	bigint_divide(mrb, x, y, false, &quotient, &rest);
	if (!integer_is_zero(rest))
		quotient = mrb_bint_or(mrb, bigint_is_negative(quotient) ? bigint_negate(mrb, quotient) : quotient,
				       mrb_fixnum_value(1));
	else if (bigint_is_negative(quotient))
		quotient = bigint_negate(mrb, quotient);
	if (shift > INT16_MAX || shift < INT16_MIN)
		return shift > 0 ? 0 : INFINITY;
	return ldexp(bigint_to_float(quotient), (int)-shift);
}

static mrb_value divide_fdiv(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);
	mrb_float result;

	if (divide_takes_float(self, other) || integer_is_zero(other) || integer_is_zero(self))
		return mrb_float_value(mrb, mrb_div_float(integer_to_float(mrb, self),
							  integer_to_float(mrb, other)));
	result = integer_quotient_float(mrb, self, other);
	return mrb_float_value(mrb, bigint_is_negative(self) != bigint_is_negative(other) ? -result : result);
}

static mrb_value divide_quo(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	return bigint_is_integer(other) ? integer_quotient_rational(mrb, self, other)
					: mrb_bint_div(mrb, self, other);
}

void integer_define_division(mrb_state *mrb)
{
	struct RClass *integer = mrb->integer_class, *real = mrb->float_class;

	mrb_define_method_id(mrb, integer, MRB_OPSYM(mod), divide_modulo, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(modulo), divide_modulo, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(divmod), divide_divmod, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(div), divide_div, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(remainder), divide_remainder, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_OPSYM(pow), divide_power, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(pow), divide_pow, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, integer, MRB_SYM(gcd), divide_gcd, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(lcm), divide_lcm, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(fdiv), divide_fdiv, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(quo), divide_quo, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, real, MRB_OPSYM(mod), divide_modulo, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, real, MRB_SYM(modulo), divide_modulo, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, real, MRB_SYM(divmod), divide_divmod, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, real, MRB_SYM(div), divide_div, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, real, MRB_SYM(remainder), divide_remainder, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, real, MRB_SYM(fdiv), divide_fdiv, MRB_ARGS_REQ(1));
}
