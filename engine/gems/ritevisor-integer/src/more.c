/*
 * more.c: what else Integers do: digits, coerce, square roots, the size of ranges of them.
 */
#include "integer.h"

#include <mruby/array.h>
#include <mruby/range.h>
#include <mruby/string.h>

/* Bytes of the magnitude. */
static mrb_value more_size(mrb_state *mrb, mrb_value self)
{
	size_t bytes = sizeof(mrb_int);
	struct bigint_view view;

	bigint_look(self, &view);
	if (view.count > 1)
		bytes = (limbs_bit_length(view.limbs, view.count) + 7) / 8;
	return mrb_int_value(mrb, (mrb_int)bytes);
}

static mrb_value more_pred(mrb_state *mrb, mrb_value self)
{
	return bigint_subtract(mrb, self, mrb_fixnum_value(1));
}

static mrb_value more_magnitude(mrb_state *mrb, mrb_value self)
{
	return bigint_is_negative(self) ? bigint_negate(mrb, self) : self;
}

static mrb_value more_self(mrb_state *mrb, mrb_value self)
{
	return self;
}

static mrb_value more_is_integer(mrb_state *mrb, mrb_value self)
{
	return mrb_true_value();
}

static mrb_value more_is_infinite(mrb_state *mrb, mrb_value self)
{
	return mrb_nil_value();
}

static mrb_value more_coerce(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (bigint_is_integer(self) && bigint_is_integer(other))
		return mrb_assoc_new(mrb, other, self);
	return mrb_assoc_new(mrb, mrb_ensure_float_type(mrb, other),
			     mrb_float_value(mrb, integer_to_float(mrb, self)));
}

/* Math::DomainError, an ArgumentError. */
static struct RClass *more_domain_error(mrb_state *mrb)
{
	return mrb_class_get_under_id(mrb, mrb_module_get_id(mrb, MRB_SYM(Math)), MRB_SYM(DomainError));
}

static mrb_value more_digits(mrb_state *mrb, mrb_value self)
{
	mrb_value base = mrb_fixnum_value(10), digits = mrb_ary_new(mrb);
	int arena = mrb_gc_arena_save(mrb);

	mrb_get_args(mrb, "|o", &base);
	base = integer_argument(mrb, base);
	if (bigint_is_negative(self))
		mrb_raise(mrb, more_domain_error(mrb), "out of domain");
	if (bigint_is_negative(base))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "negative radix");
	if (mrb_integer_p(base) && mrb_integer(base) < 2)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "invalid radix %v", base);
	do {
		mrb_value digit;

		bigint_divide(mrb, self, base, false, &self, &digit);
		mrb_ary_push(mrb, digits, digit);
		mrb_gc_arena_restore(mrb, arena);
		mrb_gc_protect(mrb, self);
	} while (!integer_is_zero(self));
	return digits;
}

/* Newton's iteration from above, which falls until it has arrived. */
static mrb_value more_square_root(mrb_state *mrb, mrb_value class)
{
	mrb_value number = integer_argument(mrb, mrb_get_arg1(mrb)), root, next, quotient;
	int arena = mrb_gc_arena_save(mrb);

	if (bigint_is_negative(number))
		mrb_raise(mrb, more_domain_error(mrb), "negative number");
	if (integer_is_zero(number))
		return number;
	next = bigint_shift_left(mrb, mrb_fixnum_value(1), bigint_bit_length(number) / 2 + 1);
	do {
		root = next;
		bigint_divide(mrb, number, root, true, &quotient, NULL);
		next = bigint_shift_right(mrb, bigint_add(mrb, root, quotient), 1);
		mrb_gc_arena_restore(mrb, arena);
		mrb_gc_protect(mrb, root);
		mrb_gc_protect(mrb, next);
	} while (bigint_compare(next, root) < 0);
	return root;
}

static mrb_value more_to_s(mrb_state *mrb, mrb_value self)
{
	mrb_int base = 10;

	mrb_get_args(mrb, "|i", &base);
	return mrb_integer_to_str(mrb, self, base);
}

/* Range#size for Integers; other ranges are left to mruby. */
static mrb_func_t more_mruby_size;

static mrb_value more_range_size(mrb_state *mrb, mrb_value self)
{
	struct RRange *range = mrb_range_ptr(mrb, self);
	mrb_value size;

	if (!bigint_is_integer(RANGE_BEG(range)))
		return more_mruby_size(mrb, self);
	if (mrb_nil_p(RANGE_END(range)))
		return mrb_float_value(mrb, INFINITY);
	if (!bigint_is_integer(RANGE_END(range)))
		return more_mruby_size(mrb, self);
	size = bigint_subtract(mrb, RANGE_END(range), RANGE_BEG(range));
	if (!RANGE_EXCL(range))
		size = bigint_add(mrb, size, mrb_fixnum_value(1));
	return bigint_is_negative(size) ? mrb_fixnum_value(0) : size;
}

void integer_define_more(mrb_state *mrb)
{
	struct RClass *integer = mrb->integer_class, *range = mrb->range_class;
	mrb_method_t size = mrb_method_search_vm(mrb, &range, MRB_SYM(size));

	more_mruby_size = MRB_METHOD_FUNC(size);
	mrb_define_method_id(mrb, mrb->range_class, MRB_SYM(size), more_range_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM(size), more_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM(pred), more_pred, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM(magnitude), more_magnitude, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM(ord), more_self, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM_Q(integer), more_is_integer, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM_Q(infinite), more_is_infinite, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, integer, MRB_SYM(coerce), more_coerce, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, mrb->float_class, MRB_SYM(coerce), more_coerce, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(digits), more_digits, MRB_ARGS_OPT(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(to_s), more_to_s, MRB_ARGS_OPT(1));
	mrb_define_method_id(mrb, integer, MRB_SYM(inspect), more_to_s, MRB_ARGS_OPT(1));
	mrb_define_class_method_id(mrb, integer, MRB_SYM(sqrt), more_square_root, MRB_ARGS_REQ(1));
}
