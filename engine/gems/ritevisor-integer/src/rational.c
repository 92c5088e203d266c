/*
 * rational.c: Rationals as mruby has them, pairs of 64-bit integers, without its roundings: what has such
 * terms is exact, whatever it is made of, and what has not raises RangeError. mruby takes big Integers for
 * Floats, or for the small ones that their addresses make (`(1 << 64).to_r`), computes powers in Floats,
 * and has no order where the products of the terms are too large.
 *
 * + - * / of two Rationals, or of a Rational and an Integer, are mruby's, which looks at each product.
 */
#include "integer.h"

#include <math.h>

/* mruby-rational's own (rational.c there); static_assert'ed by its gem to fit an object. */
struct rational_object {
	MRB_OBJECT_HEADER;
	mrb_int numerator, denominator;
};

/* Terms of any size; the denominator of what is no fraction is 1. */
struct rational_terms {
	mrb_value numerator, denominator;
};

static bool rational_is(mrb_value value)
{
	return mrb_type(value) == MRB_TT_RATIONAL;
}

static struct rational_terms rational_terms_of(mrb_state *mrb, mrb_value value)
{
	const struct rational_object *object = mrb_ptr(value);

	return (struct rational_terms){
		.numerator = mrb_int_value(mrb, object->numerator),
		.denominator = mrb_int_value(mrb, object->denominator),
	};
}

/* Exactly: a Float is a whole number times a power of two. */
static struct rational_terms rational_terms_of_float(mrb_state *mrb, mrb_float x)
{
	struct rational_terms terms = { .denominator = mrb_fixnum_value(1) };
	int exponent;

	mrb_check_num_exact(mrb, x);
	terms.numerator = mrb_int_value(mrb, (mrb_int)ldexp(frexp(x, &exponent), 53));
	exponent -= 53;
	if (exponent > 0)
		terms.numerator = bigint_shift_left(mrb, terms.numerator, (uint64_t)exponent);
	else
		terms.denominator = bigint_shift_left(mrb, terms.denominator, (uint64_t)-exponent);
	return terms;
}

static struct rational_terms rational_terms_of_any(mrb_state *mrb, mrb_value value)
{
	if (bigint_is_integer(value))
		return (struct rational_terms){ value, mrb_fixnum_value(1) };
	if (rational_is(value))
		return rational_terms_of(mrb, value);
	return rational_terms_of_float(mrb, mrb_as_float(mrb, value));
}

mrb_value integer_quotient_rational(mrb_state *mrb, mrb_value x, mrb_value y)
{
	mrb_value divisor;

	if (integer_is_zero(y))
		mrb_int_zerodiv(mrb);
	divisor = integer_gcd(mrb, x, y);
	if (bigint_is_negative(y))
		divisor = bigint_negate(mrb, divisor);
	bigint_divide(mrb, x, divisor, true, &x, NULL);
	bigint_divide(mrb, y, divisor, true, &y, NULL);
	return mrb_rational_new(mrb, mrb_bint_as_int(mrb, x), mrb_bint_as_int(mrb, y));
}

/* Kernel#Rational */
static mrb_value rational_make(mrb_state *mrb, mrb_value self)
{
	mrb_value of, by = mrb_fixnum_value(1);
	struct rational_terms x, y;

	mrb_get_args(mrb, "o|o", &of, &by);
	x = rational_terms_of_any(mrb, of);
	y = rational_terms_of_any(mrb, by);
	return integer_quotient_rational(mrb, bigint_multiply(mrb, x.numerator, y.denominator),
					 bigint_multiply(mrb, x.denominator, y.numerator));
}

/* Integer#to_r, Float#to_r */
static mrb_value rational_of_number(mrb_state *mrb, mrb_value self)
{
	struct rational_terms terms = rational_terms_of_any(mrb, self);

	return integer_quotient_rational(mrb, terms.numerator, terms.denominator);
}

static mrb_float rational_float(mrb_state *mrb, mrb_value self)
{
	struct rational_terms terms = rational_terms_of(mrb, self);
	mrb_float size;

	if (integer_is_zero(terms.numerator))
		return 0;
	size = integer_quotient_float(mrb, terms.numerator, terms.denominator);
	return bigint_is_negative(terms.numerator) ? -size : size;
}

static mrb_value rational_to_f(mrb_state *mrb, mrb_value self)
{
	return mrb_float_value(mrb, rational_float(mrb, self));
}

int integer_compare_rational(mrb_state *mrb, mrb_value x, mrb_value y)
{
	struct rational_terms left, right;

	if (mrb_float_p(x) || mrb_float_p(y)) {	/* as CRuby */
		mrb_float a = mrb_float_p(x) ? mrb_float(x) : rational_float(mrb, x);
		mrb_float b = mrb_float_p(y) ? mrb_float(y) : rational_float(mrb, y);

		return isnan(a) || isnan(b) ? INTEGER_NAN : (a > b) - (a < b);
	}
	left = rational_terms_of_any(mrb, x);
	right = rational_terms_of_any(mrb, y);
	return bigint_compare(bigint_multiply(mrb, left.numerator, right.denominator),
			      bigint_multiply(mrb, right.numerator, left.denominator));
}

static bool rational_compares_with(mrb_value other)
{
	return bigint_is_integer(other) || mrb_float_p(other) || rational_is(other);
}

static mrb_value rational_order(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);
	int order;

	if (!rational_compares_with(other)) {
		if (!mrb_respond_to(mrb, other, MRB_OPSYM(cmp)))
			return mrb_nil_value();
		other = mrb_funcall_argv(mrb, other, MRB_OPSYM(cmp), 1, &self);
		return mrb_integer_p(other) ? bigint_negate(mrb, other) : mrb_nil_value();
	}
	order = integer_compare_rational(mrb, self, other);
	return order == INTEGER_NAN ? mrb_nil_value() : mrb_fixnum_value(order);
}

static mrb_value rational_equal(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (!rational_compares_with(other))
		return mrb_bool_value(mrb_equal(mrb, other, self));
	return mrb_bool_value(integer_compare_rational(mrb, self, other) == 0);
}

/* A whole exponent. */
static mrb_value rational_power_whole(mrb_state *mrb, mrb_value self, mrb_int exponent)
{
	struct rational_terms terms = rational_terms_of(mrb, self);
	uint64_t times = exponent < 0 ? -(uint64_t)exponent : (uint64_t)exponent;
	mrb_value x = bigint_power(mrb, terms.numerator, times);
	mrb_value y = bigint_power(mrb, terms.denominator, times);

	return exponent < 0 ? integer_quotient_rational(mrb, y, x) : integer_quotient_rational(mrb, x, y);
}

static bool rational_is_whole(const struct rational_terms *terms, mrb_int number)
{
	return mrb_integer(terms->denominator) == 1 && mrb_integer(terms->numerator) == number;
}

/* A Float, but for powers of 0 and 1. */
static mrb_value rational_power_fraction(mrb_state *mrb, mrb_value x, mrb_value y)
{
	struct rational_terms base = rational_terms_of(mrb, x), exponent = rational_terms_of(mrb, y);

	if (rational_is_whole(&base, 0) && mrb_integer(exponent.numerator) < 0)
		mrb_int_zerodiv(mrb);
	if (rational_is_whole(&base, 0) || rational_is_whole(&base, 1))
		return x;
	return mrb_float_value(mrb, pow(rational_float(mrb, x), rational_float(mrb, y)));
}

/* Rational#**, and Integer#** where the exponent is a Rational. */
mrb_value integer_power_rational(mrb_state *mrb, mrb_value x, mrb_value y)
{
	struct rational_terms exponent;

	if (!rational_is(x))
		x = rational_of_number(mrb, x);
	if (mrb_float_p(y))
		return mrb_float_value(mrb, pow(rational_float(mrb, x), mrb_float(y)));
	if (!rational_is(y) && !bigint_is_integer(y))
		mrb_raisef(mrb, E_TYPE_ERROR, "%T cannot be converted to Rational", y);
	exponent = rational_terms_of_any(mrb, y);
	if (mrb_integer(exponent.denominator) == 1)
		return rational_power_whole(mrb, x, mrb_bint_as_int(mrb, exponent.numerator));
	return rational_power_fraction(mrb, x, y);
}

static mrb_value rational_power(mrb_state *mrb, mrb_value self)
{
	return integer_power_rational(mrb, self, mrb_get_arg1(mrb));
}

/* With a Float, what mruby computes is rounded more than once; a big Integer it takes for a Float. */
#define RATIONAL_OPERATOR(name, operator)                                                          \
	mrb_value mrb_rational_##name(mrb_state *mrb, mrb_value x, mrb_value y);                   \
	static mrb_value rational_##name(mrb_state *mrb, mrb_value self)                           \
	{                                                                                          \
		mrb_value other = mrb_get_arg1(mrb);                                               \
                                                                                                   \
		if (mrb_float_p(other))                                                            \
			return mrb_float_value(mrb, rational_float(mrb, self) operator mrb_float(other)); \
		if (mrb_bigint_p(other))                                                           \
			other = rational_of_number(mrb, other);                                    \
		return mrb_rational_##name(mrb, self, other);                                      \
	}

RATIONAL_OPERATOR(add, +)
RATIONAL_OPERATOR(sub, -)
RATIONAL_OPERATOR(mul, *)
RATIONAL_OPERATOR(div, /)

void integer_define_rationals(mrb_state *mrb)
{
	struct RClass *rational = mrb_class_get_id(mrb, MRB_SYM(Rational));

	mrb_define_method_id(mrb, mrb->kernel_module, MRB_SYM(Rational), rational_make,
			     MRB_ARGS_ARG(1, 1));
	mrb_define_class_method_id(mrb, rational, MRB_SYM(_new), rational_make, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, mrb->integer_class, MRB_SYM(to_r), rational_of_number, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, mrb->float_class, MRB_SYM(to_r), rational_of_number, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, rational, MRB_SYM(to_f), rational_to_f, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, rational, MRB_OPSYM(cmp), rational_order, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, rational, MRB_OPSYM(eq), rational_equal, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, rational, MRB_OPSYM(add), rational_add, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, rational, MRB_OPSYM(sub), rational_sub, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, rational, MRB_OPSYM(mul), rational_mul, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, rational, MRB_OPSYM(div), rational_div, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, rational, MRB_SYM(quo), rational_div, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, rational, MRB_OPSYM(pow), rational_power, MRB_ARGS_REQ(1));
}
