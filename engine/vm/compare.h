/*
 * engine/vm/compare.h: Integers compared with Floats by the virtual machine, exactly. build_config.rb has
 * vm.c include it.
 *
 * OP_EQ, OP_LT and their like make a Float of the Integer, which rounds it from 2^53 up: two numbers that
 * are not equal may then be. Rounding never turns an order round, so only that case is wrong. There the
 * Float is taken for another one on the same side of the Integer, far enough to be told from it.
 *
 * Of the places where vm.c says mrb_float(), those that compare are where it has a variable `result` in
 * scope, hence the declaration, which has another size.
 */
#ifndef ENGINE_VM_COMPARE_H
#define ENGINE_VM_COMPARE_H

#include <mruby.h>

extern const char result[sizeof(int) + 1];

enum { VM_FLOAT_BITS = 53 };	/* whole numbers up to 2^53 are exact in a Float */
#define VM_FAR 4096.0		/* 2^63 and what is next to it differ by less */

static __attribute__((noinline)) mrb_float vm_beside_integer(mrb_float x, mrb_int i)
{
	const mrb_int exact = (mrb_int)1 << VM_FLOAT_BITS;

	if ((i >= -exact && i <= exact) || (mrb_float)i != x)
		return x;
	if (x >= 0x1p63 || (mrb_int)x > i)
		return x + VM_FAR;
	return (mrb_int)x < i ? x - VM_FAR : x;
}

/* `of` is one of the two operands. */
static inline mrb_float vm_compared(const mrb_value *operands, const mrb_value *of)
{
	const mrb_value *other = of == operands ? operands + 1 : operands;

	return mrb_integer_p(*other) ? vm_beside_integer(of->value.f, other->value.i) : of->value.f;
}

#undef mrb_float
#define mrb_float(o)                                                                               \
	(sizeof(result) == sizeof(int) ? vm_compared(&regs[a], &(o)) : (o).value.f)

#endif
