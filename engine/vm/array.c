/*
 * engine/vm/array.c: mruby's array.c, included whole and unchanged, whose methods that move elements
 * to higher places without a write barrier tell the collector first (collector.c says why).
 */
#include "vm/collector.h"

#include <mruby/array.h>
#include <mruby/internal.h>

/* array.c's own, of the names below. */
MRB_API mrb_value array_unshift_mruby(mrb_state *mrb, mrb_value array, mrb_value item);

#define mrb_ary_unshift array_unshift_mruby
#define mrb_init_array array_init_mruby
#include "src/array.c"
#undef mrb_ary_unshift
#undef mrb_init_array

MRB_API mrb_value mrb_ary_unshift(mrb_state *mrb, mrb_value array, mrb_value item)
{
	collector_will_move(mrb_basic_ptr(array));
	return array_unshift_mruby(mrb, array, item);
}

static mrb_value array_unshift(mrb_state *mrb, mrb_value self)
{
	collector_will_move(mrb_basic_ptr(self));
	return mrb_ary_unshift_m(mrb, self);
}

static mrb_value array_reverse(mrb_state *mrb, mrb_value self)
{
	collector_will_move(mrb_basic_ptr(self));
	return mrb_ary_reverse_bang(mrb, self);
}

void mrb_init_array(mrb_state *mrb)
{
	array_init_mruby(mrb);
	mrb_define_method_id(mrb, mrb->array_class, MRB_SYM(unshift), array_unshift, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, mrb->array_class, MRB_SYM_B(reverse), array_reverse, MRB_ARGS_NONE());
}
