/*
 * gem.c: methods of Integer and Float that mruby 3.3.0 has wrong from 2^63 up, or lacks. All are in C,
 * and take Integers of both kinds (engine/vm/bigint.h); tests/ruby/compare_numbers holds them against
 * CRuby.
 */
#include "integer.h"

void mrb_ritevisor_integer_gem_init(mrb_state *mrb);
void mrb_ritevisor_integer_gem_final(mrb_state *mrb);

mrb_float integer_to_float(mrb_state *mrb, mrb_value x)
{
	return bigint_is_integer(x) ? bigint_to_float(x) : mrb_as_float(mrb, x);
}

mrb_value integer_from_float(mrb_state *mrb, mrb_float x)
{
	mrb_check_num_exact(mrb, x);
	return mrb_bint_new_float(mrb, x);
}

mrb_value integer_argument(mrb_state *mrb, mrb_value value)
{
	return bigint_is_integer(value) ? value : mrb_ensure_integer_type(mrb, value);
}

void mrb_ritevisor_integer_gem_init(mrb_state *mrb)
{
	integer_define_comparison(mrb);
	integer_define_division(mrb);
	integer_define_bits(mrb);
	integer_define_rounding(mrb);
	integer_define_rationals(mrb);
	integer_define_more(mrb);
}

void mrb_ritevisor_integer_gem_final(mrb_state *mrb)
{
}
