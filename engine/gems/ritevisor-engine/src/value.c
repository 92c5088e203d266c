/*
 * value.c: numbers of 64 bits between C and Ruby.
 *
 * Registers and device values are unsigned; mruby's Integer is signed, so the upper half of the
 * 64-bit range becomes a big integer.
 */
#include "engine/engine.h"

#include <mruby/internal.h>

mrb_value engine_from_u64(mrb_state *mrb, uint64_t value)
{
	if (value <= INT64_MAX)
		return mrb_int_value(mrb, (mrb_int)value);
	return mrb_bint_new_uint64(mrb, value);
}

static bool value_is_negative_bigint(mrb_state *mrb, mrb_value integer)
{
	return mrb_bint_cmp(mrb, integer, mrb_fixnum_value(0)) < 0;
}

uint64_t engine_to_u64(mrb_state *mrb, mrb_value integer)
{
	if (mrb_integer_p(integer))
		return (uint64_t)mrb_integer(integer);
	if (!mrb_bigint_p(integer))
		mrb_raisef(mrb, E_TYPE_ERROR, "an Integer is needed here, not %Y", integer);
	if (value_is_negative_bigint(mrb, integer))
		return (uint64_t)mrb_bint_as_int64(mrb, integer);
	return mrb_bint_as_uint64(mrb, integer);
}

uint64_t engine_to_unsigned(mrb_state *mrb, mrb_value integer, uint64_t maximum, const char *what)
{
	uint64_t value = engine_to_u64(mrb, integer);
	bool negative = mrb_integer_p(integer) ? mrb_integer(integer) < 0
					       : value_is_negative_bigint(mrb, integer);

	if (negative || value > maximum)
		mrb_raisef(mrb, E_RANGE_ERROR, "%s %v is outside 0..%v", what, integer,
			   engine_from_u64(mrb, maximum));
	return value;
}
