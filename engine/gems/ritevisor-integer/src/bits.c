/*
 * bits.c: the operators on bits, in two's complement of as many bits as it takes.
 */
#include "integer.h"

#include <mruby/range.h>

/* What mruby answers to a Float beside a small Integer is Float's, which has such operators. */
static mrb_value bits_float(mrb_state *mrb, mrb_value self, mrb_sym operator, mrb_value other)
{
	if (!mrb_float_p(other) || !mrb_integer_p(self))
		mrb_raisef(mrb, E_TYPE_ERROR, "%Y can't be coerced into Integer", other);
	return mrb_funcall_argv(mrb, mrb_float_value(mrb, (mrb_float)mrb_integer(self)), operator, 1, &other);
}

static mrb_value bits_and(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (mrb_integer_p(self) && mrb_integer_p(other))
		return mrb_int_value(mrb, mrb_integer(self) & mrb_integer(other));
	if (!bigint_is_integer(other))
		return bits_float(mrb, self, MRB_OPSYM(and), other);
	return mrb_bint_and(mrb, self, other);
}

static mrb_value bits_or(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (mrb_integer_p(self) && mrb_integer_p(other))
		return mrb_int_value(mrb, mrb_integer(self) | mrb_integer(other));
	if (!bigint_is_integer(other))
		return bits_float(mrb, self, MRB_OPSYM(or), other);
	return mrb_bint_or(mrb, self, other);
}

static mrb_value bits_xor(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (mrb_integer_p(self) && mrb_integer_p(other))
		return mrb_int_value(mrb, mrb_integer(self) ^ mrb_integer(other));
	if (!bigint_is_integer(other))
		return bits_float(mrb, self, MRB_OPSYM(xor), other);
	return mrb_bint_xor(mrb, self, other);
}

/* For the compiler, which computes shifts of literals; build_config.rb takes mruby's own out of the way,
 * for which 0 << 63 is -2^63. False if the result is no small Integer. */
mrb_bool mrb_num_shift(mrb_state *mrb, mrb_int value, mrb_int width, mrb_int *result)
{
	(void)mrb;
	if (width < 0) {
		*result = width <= -(MRB_INT_BIT - 1) ? (value < 0 ? -1 : 0) : value >> -width;
		return TRUE;
	}
	if (value == 0) {
		*result = 0;
		return TRUE;
	}
	if (width >= MRB_INT_BIT - 1)
		return FALSE;
	*result = (mrb_int)((mrb_uint)value << width);
	return *result >> width == value;
}

/* A shift by more bits than there can be. */
static mrb_value bits_shift_beyond(mrb_state *mrb, mrb_value x, bool left)
{
	if (!left || integer_is_zero(x))
		return mrb_fixnum_value(bigint_is_negative(x) ? -1 : 0);
	mrb_raise(mrb, E_RANGE_ERROR, "shift width too big");
}

static mrb_value bits_shift(mrb_state *mrb, mrb_value x, mrb_value width, bool left)
{
	bigint_pair_t pair;
	uint64_t bits;

	left = left != bigint_is_negative(width);
	if (mrb_bigint_p(width))
		return bits_shift_beyond(mrb, x, left);
	bits = mrb_integer(width) < 0 ? -(uint64_t)mrb_integer(width) : (uint64_t)mrb_integer(width);
	if (bits < LIMB_BITS - 1 && bigint_get_pair(x, &pair))
		return bigint_from_pair(mrb, left ? (bigint_pair_t)((limb_pair_t)pair << bits) : pair >> bits);
	return left ? bigint_shift_left(mrb, x, bits) : bigint_shift_right(mrb, x, bits);
}

static mrb_value bits_left(mrb_state *mrb, mrb_value self)
{
	return bits_shift(mrb, self, integer_argument(mrb, mrb_get_arg1(mrb)), true);
}

static mrb_value bits_right(mrb_state *mrb, mrb_value self)
{
	return bits_shift(mrb, self, integer_argument(mrb, mrb_get_arg1(mrb)), false);
}

/* The lowest bits of x, as many as the length says; all if it is negative. */
static mrb_value bits_low(mrb_state *mrb, mrb_value x, mrb_value length)
{
	mrb_value end;

	if (bigint_is_negative(length))
		return x;
	end = bits_shift(mrb, mrb_fixnum_value(1), length, true);
	return mrb_bint_and(mrb, x, bigint_subtract(mrb, end, mrb_fixnum_value(1)));
}

static mrb_value bits_range(mrb_state *mrb, mrb_value self, mrb_value range)
{
	struct RRange *r = mrb_range_ptr(mrb, range);
	mrb_value first = RANGE_BEG(r), last = RANGE_END(r), length;

	if (mrb_nil_p(first)) {
		last = integer_argument(mrb, last);
		if (!RANGE_EXCL(r))
			last = bigint_add(mrb, last, mrb_fixnum_value(1));
		if (bigint_is_negative(last) || integer_is_zero(bits_low(mrb, self, last)))
			return mrb_fixnum_value(0);
		mrb_raise(mrb, E_ARGUMENT_ERROR,
			  "The beginless range for Integer#[] results in infinity");
	}
	first = integer_argument(mrb, first);
	self = bits_shift(mrb, self, first, false);
	if (mrb_nil_p(last))
		return self;
	length = bigint_subtract(mrb, integer_argument(mrb, last), first);
	if (!RANGE_EXCL(r))
		length = bigint_add(mrb, length, mrb_fixnum_value(1));
	return bits_low(mrb, self, length);
}

/* int[bit], int[bit, length], int[range] */
static mrb_value bits_at(mrb_state *mrb, mrb_value self)
{
	mrb_value first, length;
	struct bigint_view view;

	if (mrb_get_args(mrb, "o|o", &first, &length) == 2)
		return bits_low(mrb, bits_shift(mrb, self, integer_argument(mrb, first), false),
				integer_argument(mrb, length));
	if (mrb_range_p(first))
		return bits_range(mrb, self, first);
	first = integer_argument(mrb, first);
	if (bigint_is_negative(first))
		return mrb_fixnum_value(0);
	bigint_look(self, &view);
	if (mrb_bigint_p(first) || (uint64_t)mrb_integer(first) / LIMB_BITS >= view.count)
		return mrb_fixnum_value(view.negative);
	return mrb_fixnum_value(bigint_is_odd(bits_shift(mrb, self, first, false)));
}

static mrb_value bits_length(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, (mrb_int)bigint_bit_length(self));
}

static mrb_value bits_is_even(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(!bigint_is_odd(self));
}

static mrb_value bits_is_odd(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(bigint_is_odd(self));
}

void integer_define_bits(mrb_state *mrb)
{
	struct RClass *integer = mrb->integer_class;

	mrb_define_method_id(mrb, integer, MRB_OPSYM(and), bits_and, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_OPSYM(or), bits_or, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_OPSYM(xor), bits_xor, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_OPSYM(lshift), bits_left, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_OPSYM(rshift), bits_right, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_OPSYM(aref), bits_at, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, integer, MRB_SYM(bit_length), bits_length, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM_Q(even), bits_is_even, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM_Q(odd), bits_is_odd, MRB_ARGS_NONE());
}
