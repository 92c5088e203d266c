/*
 * compare.c: the order of numbers, exactly: no Integer is rounded to be compared with a Float.
 *
 * mrb_cmp(), which sorts, ranges and min and max call, and mrb_equal() are here too: build_config.rb takes
 * mruby's own out of the way.
 */
#include "integer.h"

#include <mruby/string.h>

static int integer_compare_floats(mrb_float x, mrb_float y)
{
	if (isnan(x) || isnan(y))
		return INTEGER_NAN;
	return (x > y) - (x < y);
}

int integer_compare(mrb_state *mrb, mrb_value x, mrb_value y)
{
	int order;

	if (mrb_type(y) == MRB_TT_RATIONAL)
		return integer_compare_rational(mrb, x, y);
	if (mrb_integer_p(x) && mrb_integer_p(y))
		return (mrb_integer(x) > mrb_integer(y)) - (mrb_integer(x) < mrb_integer(y));
	if (bigint_is_integer(x)) {
		if (bigint_is_integer(y))
			return bigint_compare(x, y);
		if (mrb_float_p(y))
			return bigint_compare_float(x, mrb_float(y));
	} else if (mrb_float_p(y)) {
		return integer_compare_floats(mrb_float(x), mrb_float(y));
	} else if (bigint_is_integer(y)) {
		order = bigint_compare_float(y, mrb_float(x));
		return order == INTEGER_NAN ? order : -order;
	}
	return INTEGER_NO_NUMBER;
}

mrb_int mrb_cmp(mrb_state *mrb, mrb_value x, mrb_value y)
{
	mrb_value order;

	switch (mrb_type(x)) {
	case MRB_TT_INTEGER:
	case MRB_TT_BIGINT:
	case MRB_TT_FLOAT: {
		int result = integer_compare(mrb, x, y);

		return result == INTEGER_NAN ? INTEGER_NO_NUMBER : result;
	}
	case MRB_TT_STRING:
		return mrb_string_p(y) ? mrb_str_cmp(mrb, x, y) : INTEGER_NO_NUMBER;
	default:
		if (!mrb_respond_to(mrb, x, MRB_OPSYM(cmp)))
			return INTEGER_NO_NUMBER;
		order = mrb_funcall_argv(mrb, x, MRB_OPSYM(cmp), 1, &y);
		return mrb_integer_p(order) ? mrb_integer(order) : INTEGER_NO_NUMBER;
	}
}

mrb_bool mruby_equal(mrb_state *mrb, mrb_value x, mrb_value y);

/* What ==, `when` and include? come to in C. */
mrb_bool mrb_equal(mrb_state *mrb, mrb_value x, mrb_value y)
{
	if ((mrb_integer_p(x) && mrb_float_p(y)) || (mrb_float_p(x) && mrb_integer_p(y)))
		return integer_compare(mrb, x, y) == 0;
	return mruby_equal(mrb, x, y);
}

static mrb_value compare_order(mrb_state *mrb, mrb_value self)
{
	int order = integer_compare(mrb, self, mrb_get_arg1(mrb));

	return order < -1 || order > 1 ? mrb_nil_value() : mrb_fixnum_value(order);
}

static int compare_demand(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);
	int order = integer_compare(mrb, self, other);

	if (order == INTEGER_NO_NUMBER)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "comparison of %t with %t failed", self, other);
	return order;
}

static mrb_value compare_less(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(compare_demand(mrb, self) == -1);
}

static mrb_value compare_less_equal(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(compare_demand(mrb, self) <= 0);
}

static mrb_value compare_greater(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(compare_demand(mrb, self) == 1);
}

static mrb_value compare_greater_equal(mrb_state *mrb, mrb_value self)
{
	int order = compare_demand(mrb, self);

	return mrb_bool_value(order == 0 || order == 1);
}

static mrb_value compare_equal(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	switch (mrb_type(other)) {
	case MRB_TT_INTEGER:
	case MRB_TT_BIGINT:
	case MRB_TT_FLOAT:
	case MRB_TT_RATIONAL:
		return mrb_bool_value(integer_compare(mrb, self, other) == 0);
	case MRB_TT_COMPLEX:
		return mrb_bool_value(mrb_equal(mrb, other, self));
	default:
		return mrb_false_value();
	}
}

/* Numeric#eql?: the same class and the same number. */
static mrb_value compare_eql(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (bigint_is_integer(self) || mrb_float_p(self))
		return mrb_bool_value(mrb_float_p(self) == mrb_float_p(other) &&
				      integer_compare(mrb, self, other) == 0);
	return mrb_bool_value(mrb_type(self) == mrb_type(other) && mrb_equal(mrb, self, other));
}

static void compare_define(mrb_state *mrb, struct RClass *class)
{
	mrb_define_method_id(mrb, class, MRB_OPSYM(cmp), compare_order, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_OPSYM(lt), compare_less, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_OPSYM(le), compare_less_equal, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_OPSYM(gt), compare_greater, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_OPSYM(ge), compare_greater_equal, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_OPSYM(eq), compare_equal, MRB_ARGS_REQ(1));
}

void integer_define_comparison(mrb_state *mrb)
{
	compare_define(mrb, mrb->integer_class);
	compare_define(mrb, mrb->float_class);
	mrb_define_method_id(mrb, mrb_class_get_id(mrb, MRB_SYM(Numeric)), MRB_SYM_Q(eql), compare_eql,
			     MRB_ARGS_REQ(1));
}
