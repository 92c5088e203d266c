/*
 * round.c: floor, ceil, round and truncate, to digits before the point too, of Integers and of Floats
 * that become Integers. Digits behind the point are left to mruby.
 */
#include "integer.h"

enum round_way { ROUND_FLOOR, ROUND_CEIL, ROUND_TRUNCATE, ROUND_HALF_AWAY };

/* `unit` is a power of ten. */
static mrb_value round_to_unit(mrb_state *mrb, mrb_value x, mrb_value unit, enum round_way way)
{
	bool negative = bigint_is_negative(x);
	mrb_value rest, low;

	bigint_divide(mrb, x, unit, true, NULL, &rest);
	if (integer_is_zero(rest))
		return x;
	low = bigint_subtract(mrb, x, rest);
	if (way == ROUND_HALF_AWAY) {
		int order = bigint_compare(bigint_add(mrb, rest, rest), unit);

		way = order > 0 || (order == 0 && !negative) ? ROUND_CEIL : ROUND_FLOOR;
	}
	if (way == ROUND_CEIL || (way == ROUND_TRUNCATE && negative))
		return bigint_add(mrb, low, unit);
	return low;
}

/* To -digits digits before the point. */
static mrb_value round_integer(mrb_state *mrb, mrb_value x, mrb_int digits, enum round_way way)
{
	/* A power of ten has more than three bits for each digit. */
	enum { BITS_OF_DIGIT = 3 };

	if (digits >= 0 || integer_is_zero(x))
		return x;
	if (way != ROUND_FLOOR && way != ROUND_CEIL &&
	    (size_t)-(digits + 1) > bigint_bit_length(x) / BITS_OF_DIGIT + 1)
		return mrb_fixnum_value(0);
	return round_to_unit(mrb, x, mrb_bint_pow(mrb, mrb_fixnum_value(10), mrb_int_value(mrb, -digits)),
			     way);
}

static mrb_value round_integer_method(mrb_state *mrb, mrb_value self, enum round_way way)
{
	mrb_int digits = 0;

	mrb_get_args(mrb, "|i", &digits);
	return round_integer(mrb, self, digits, way);
}

static mrb_value round_integer_floor(mrb_state *mrb, mrb_value self)
{
	return round_integer_method(mrb, self, ROUND_FLOOR);
}

static mrb_value round_integer_ceil(mrb_state *mrb, mrb_value self)
{
	return round_integer_method(mrb, self, ROUND_CEIL);
}

static mrb_value round_integer_truncate(mrb_state *mrb, mrb_value self)
{
	return round_integer_method(mrb, self, ROUND_TRUNCATE);
}

static mrb_value round_integer_half(mrb_state *mrb, mrb_value self)
{
	return round_integer_method(mrb, self, ROUND_HALF_AWAY);
}

/* mruby's own methods of Float, for digits behind the point. */
static mrb_func_t round_mruby[ROUND_HALF_AWAY + 1];

static mrb_float round_float(mrb_float x, enum round_way way)
{
	switch (way) {
	case ROUND_FLOOR:
		return floor(x);
	case ROUND_CEIL:
		return ceil(x);
	case ROUND_TRUNCATE:
		return trunc(x);
	default:
		return round(x);
	}
}

static mrb_value round_float_method(mrb_state *mrb, mrb_value self, enum round_way way)
{
	mrb_int digits = 0;
	mrb_float x = mrb_float(self);

	mrb_get_args(mrb, "|i", &digits);
	if (digits > 0)
		return round_mruby[way](mrb, self);
	/* CRuby rounds what is left without the fraction. */
	if (digits < 0 && way == ROUND_HALF_AWAY)
		x = trunc(x);
	return round_integer(mrb, integer_from_float(mrb, round_float(x, way)), digits, way);
}

static mrb_value round_float_floor(mrb_state *mrb, mrb_value self)
{
	return round_float_method(mrb, self, ROUND_FLOOR);
}

static mrb_value round_float_ceil(mrb_state *mrb, mrb_value self)
{
	return round_float_method(mrb, self, ROUND_CEIL);
}

static mrb_value round_float_truncate(mrb_state *mrb, mrb_value self)
{
	return round_float_method(mrb, self, ROUND_TRUNCATE);
}

static mrb_value round_float_half(mrb_state *mrb, mrb_value self)
{
	return round_float_method(mrb, self, ROUND_HALF_AWAY);
}

static const struct {
	mrb_sym name;
	mrb_func_t integer, real;
} round_methods[] = {
	[ROUND_FLOOR] = { MRB_SYM(floor), round_integer_floor, round_float_floor },
	[ROUND_CEIL] = { MRB_SYM(ceil), round_integer_ceil, round_float_ceil },
	[ROUND_TRUNCATE] = { MRB_SYM(truncate), round_integer_truncate, round_float_truncate },
	[ROUND_HALF_AWAY] = { MRB_SYM(round), round_integer_half, round_float_half },
};

void integer_define_rounding(mrb_state *mrb)
{
	for (int way = ROUND_FLOOR; way <= ROUND_HALF_AWAY; way++) {
		struct RClass *real = mrb->float_class;
		mrb_method_t method = mrb_method_search_vm(mrb, &real, round_methods[way].name);

		round_mruby[way] = MRB_METHOD_FUNC(method);
		mrb_define_method_id(mrb, mrb->integer_class, round_methods[way].name,
				     round_methods[way].integer, MRB_ARGS_OPT(1));
		mrb_define_method_id(mrb, mrb->float_class, round_methods[way].name,
				     round_methods[way].real, MRB_ARGS_OPT(1));
	}
}
