/*
 * large.c: operators on Integers from 2^63 up, without the virtual machine: what hooks do with addresses
 * and MSRs. Their methods are looked up each time, as the machine does it, and recognised by their C
 * functions; operands and results are pairs of limbs (engine/vm/bigint.h).
 */
#include "large.h"

#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/proc.h>

enum large_operator {
	LARGE_INVERT, LARGE_AND, LARGE_OR, LARGE_XOR, LARGE_LEFT, LARGE_RIGHT, LARGE_ADD, LARGE_SUBTRACT,
	LARGE_EQUAL, LARGE_LESS, LARGE_LESS_EQUAL, LARGE_GREATER, LARGE_GREATER_EQUAL,
	LARGE_OPERATORS
};

static const mrb_sym large_names[LARGE_OPERATORS] = {
	[LARGE_INVERT] = MRB_OPSYM(neg), [LARGE_AND] = MRB_OPSYM(and), [LARGE_OR] = MRB_OPSYM(or),
	[LARGE_XOR] = MRB_OPSYM(xor), [LARGE_LEFT] = MRB_OPSYM(lshift), [LARGE_RIGHT] = MRB_OPSYM(rshift),
	[LARGE_ADD] = MRB_OPSYM(add), [LARGE_SUBTRACT] = MRB_OPSYM(sub), [LARGE_EQUAL] = MRB_OPSYM(eq),
	[LARGE_LESS] = MRB_OPSYM(lt), [LARGE_LESS_EQUAL] = MRB_OPSYM(le), [LARGE_GREATER] = MRB_OPSYM(gt),
	[LARGE_GREATER_EQUAL] = MRB_OPSYM(ge),
};

/* Integer's methods of these names, as they were before a script could replace them. */
static mrb_func_t large_methods[LARGE_OPERATORS];

bool large_set(mrb_state *mrb, mrb_value *result, bigint_pair_t pair)
{
	const mrb_gc *gc = &mrb->gc;

	if (pair != (int64_t)pair &&
	    (gc->threshold < gc->live || !gc->free_heaps || gc->arena_idx >= gc->arena_capa))
		return false;
	*result = bigint_from_pair(mrb, pair);
	return true;
}

bool large_get_low64(mrb_value value, uint64_t *low)
{
	bigint_pair_t pair;

	if (!bigint_get_pair(value, &pair) || pair < INT64_MIN)
		return false;
	*low = (uint64_t)pair;
	return true;
}

bool large_load(mrb_state *mrb, const char *literal, mrb_value *result)
{
	uint8_t length = (uint8_t)literal[0];
	int base = literal[1];
	uint64_t value = 0;

	if (base < 0)
		return false;
	for (const char *p = literal + 2; p < literal + 2 + length; p++) {
		int digit = *p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10;

		if (digit < 0 || digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	return large_set(mrb, result, (bigint_pair_t)value);
}

static bool large_set_bool(mrb_value *result, bool value)
{
	SET_BOOL_VALUE(*result, value);
	return true;
}

static bool large_shift(mrb_state *mrb, mrb_value *result, bigint_pair_t x, bigint_pair_t bits, bool left)
{
	if (bits < 0 || bits >= LIMB_BITS - 1)
		return false;
	return large_set(mrb, result, left ? (bigint_pair_t)((limb_pair_t)x << bits) : x >> bits);
}

static bool large_calculate(mrb_state *mrb, enum large_operator operator, mrb_value *result,
			    bigint_pair_t x, bigint_pair_t y)
{
	switch (operator) {
	case LARGE_AND:
		return large_set(mrb, result, x & y);
	case LARGE_OR:
		return large_set(mrb, result, x | y);
	case LARGE_XOR:
		return large_set(mrb, result, x ^ y);
	case LARGE_LEFT:
	case LARGE_RIGHT:
		return large_shift(mrb, result, x, y, operator == LARGE_LEFT);
	case LARGE_ADD:
		return large_set(mrb, result, x + y);
	case LARGE_SUBTRACT:
		return large_set(mrb, result, x - y);
	case LARGE_EQUAL:
		return large_set_bool(result, x == y);
	case LARGE_LESS:
		return large_set_bool(result, x < y);
	case LARGE_LESS_EQUAL:
		return large_set_bool(result, x <= y);
	case LARGE_GREATER:
		return large_set_bool(result, x > y);
	case LARGE_GREATER_EQUAL:
		return large_set_bool(result, x >= y);
	default:
		return false;
	}
}

static bool large_execute(mrb_state *mrb, enum large_operator operator, mrb_value *registers,
			  unsigned int arguments)
{
	bigint_pair_t x, y;

	if (!bigint_get_pair(registers[0], &x))
		return false;
	if (arguments == 0)
		return operator == LARGE_INVERT && large_set(mrb, registers, ~x);
	return operator != LARGE_INVERT && bigint_get_pair(registers[1], &y) &&
	       large_calculate(mrb, operator, registers, x, y);
}

bool large_send(mrb_state *mrb, mrb_method_t method, mrb_value *registers, unsigned int arguments)
{
	enum large_operator operator = LARGE_INVERT;

	if (arguments > 1 || !MRB_METHOD_FUNC_P(method))
		return false;
	while (operator < LARGE_OPERATORS && large_methods[operator] != MRB_METHOD_FUNC(method))
		operator++;
	return operator < LARGE_OPERATORS && large_execute(mrb, operator, registers, arguments);
}

bool large_operate(mrb_state *mrb, mrb_sym operator, mrb_value *registers)
{
	struct RClass *class = mrb->integer_class;

	if (!mrb_bigint_p(registers[0]) && !(mrb_integer_p(registers[0]) && mrb_bigint_p(registers[1])))
		return false;
	return large_send(mrb, mrb_vm_find_method(mrb, class, &class, operator), registers, 1);
}

void large_init(mrb_state *mrb)
{
	for (int i = 0; i < LARGE_OPERATORS; i++) {
		struct RClass *class = mrb->integer_class;

		large_methods[i] = MRB_METHOD_FUNC(mrb_vm_find_method(mrb, class, &class, large_names[i]));
	}
}
