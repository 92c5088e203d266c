/*
 * evaluate.c: the instructions that most hooks consist of, without mruby's virtual machine.
 *
 * A hook typically compares and changes an integer or two and calls a few of the event's methods.
 * mrb_vm_exec() takes about 250 instructions for each call, and a hundred to be entered and left,
 * mostly for what such a block cannot need: frames, blocks, exceptions, the garbage collector's
 * arena. So a block is begun here. What this evaluator executes cannot fail or call back, and allocates
 * nothing but Integers from 2^63 up where there is room (large.c); and it works on the frame and the registers that the virtual machine would use. Whatever
 * else comes (another instruction, another class, an overflow, a method that is not the built-in
 * one any more) it leaves undone, and mrb_vm_exec() goes on at that very instruction.
 *
 * So there is nothing to keep in step but this: each case does what the same case of mruby's vm.c
 * does when it succeeds, and each method is found anew by mruby's own lookup and recognised by its
 * C function. tests/ruby/compare_evaluator compares the two on generated blocks.
 */
#include "evaluate.h"

#include "alarm.h"
#include "event.h"
#include "large.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/gc.h>
#include <mruby/internal.h>
#include <mruby/opcode.h>
#include <mruby/presym.h>
#include <mruby/proc.h>
#include <mruby/variable.h>

enum { SHIFT_MAXIMUM = 62 };

/* The methods that mruby itself defines, by their C functions. */
static struct {
	mrb_func_t and, or, xor, invert, shift_left, shift_right, modulo;
	/* BasicObject#!= is a Ruby method, !(self == other). */
	const struct RProc *not_equal;
	mrb_func_t not;
} builtin;

static mrb_method_t evaluate_find(mrb_state *mrb, struct RClass *class, mrb_sym name)
{
	return mrb_vm_find_method(mrb, class, &class, name);
}

static bool evaluate_not_equal(mrb_state *mrb, mrb_method_t method, mrb_value *registers)
{
	bool equal = mrb_integer(registers[0]) == mrb_integer(registers[1]);
	mrb_method_t not = evaluate_find(mrb, equal ? mrb->true_class : mrb->false_class,
					 MRB_OPSYM(not));

	if (MRB_METHOD_PROC(method) != builtin.not_equal || !MRB_METHOD_FUNC_P(not) ||
	    MRB_METHOD_FUNC(not) != builtin.not)
		return false;
	SET_BOOL_VALUE(registers[0], !equal);
	return true;
}

/* registers[0] is an Integer; `arguments` is OP_SEND's third operand. */
static bool evaluate_integer_send(mrb_state *mrb, mrb_method_t method, mrb_value *registers,
				  unsigned int arguments)
{
	mrb_func_t function = MRB_METHOD_FUNC(method);
	mrb_int x = mrb_integer(registers[0]), y;

	if (arguments == 0 && MRB_METHOD_FUNC_P(method) && function == builtin.invert) {
		SET_INT_VALUE(mrb, registers[0], ~x);
		return true;
	}
	if (arguments != 1 || !mrb_integer_p(registers[1]))
		return false;
	y = mrb_integer(registers[1]);
	if (!MRB_METHOD_FUNC_P(method))
		return evaluate_not_equal(mrb, method, registers);
	if (function == builtin.and) {
		x &= y;
	} else if (function == builtin.or) {
		x |= y;
	} else if (function == builtin.xor) {
		x ^= y;
	} else if (function == builtin.shift_right) {
		if (y < 0 || y > SHIFT_MAXIMUM)
			return false;
		x >>= y;
	} else if (function == builtin.shift_left) {
		if (x < 0 || y < 0 || y > SHIFT_MAXIMUM || x > MRB_INT_MAX >> y)
			return false;
		x <<= y;
	} else if (function == builtin.modulo) {
		if (x < 0 || y <= 0)
			return false;
		x %= y;
	} else {
		return false;
	}
	SET_INT_VALUE(mrb, registers[0], x);
	return true;
}

/* OP_SEND: registers[0] is the receiver and becomes the result, the arguments are behind it. */
static bool evaluate_send(mrb_state *mrb, const struct hook_entry *entry, mrb_value *registers,
			  mrb_sym name, unsigned int arguments)
{
	mrb_method_t method;

	if (mrb_type(registers[0]) == MRB_TT_INTEGER) {
		method = evaluate_find(mrb, mrb->integer_class, name);
		return evaluate_integer_send(mrb, method, registers, arguments) ||
		       large_send(mrb, method, registers, arguments);
	}
	if (mrb_bigint_p(registers[0])) {
		method = evaluate_find(mrb, mrb->integer_class, name);
		return large_send(mrb, method, registers, arguments);
	}
	if (mrb_type(registers[0]) != MRB_TT_OBJECT ||
	    mrb_obj_ptr(registers[0]) != entry->event)
		return false;
	method = evaluate_find(mrb, entry->event->c, name);
	return MRB_METHOD_FUNC_P(method) &&
	       event_access_evaluate(mrb, MRB_METHOD_FUNC(method), registers, arguments);
}

static bool evaluate_are_integers(const mrb_value *registers)
{
	return mrb_integer_p(registers[0]) && mrb_integer_p(registers[1]);
}

/* Array#[] with an index inside; OP_GETIDX asks no method for it. */
static bool evaluate_get_index(mrb_value *registers)
{
	mrb_int index;

	if (mrb_type(registers[0]) != MRB_TT_ARRAY || !mrb_integer_p(registers[1]))
		return false;
	index = mrb_integer(registers[1]);
	if (index < 0 || index >= RARRAY_LEN(registers[0]))
		return false;
	registers[0] = RARRAY_PTR(registers[0])[index];
	return true;
}

/* The variables around the block, if they are the next ones: NULL else. */
static struct REnv *evaluate_environment(const struct hook_entry *entry, unsigned int level,
					 unsigned int index)
{
	struct REnv *env = entry->proc->e.env;

	return level == 0 && index < (unsigned int)MRB_ENV_LEN(env) ? env : NULL;
}

/* A constant of the class that the block is in (at top level: Object), where the search begins. */
static bool evaluate_get_constant(mrb_state *mrb, const struct hook_entry *entry, mrb_sym name,
				  mrb_value *result)
{
	struct RClass *class = entry->proc->e.env->c;
	mrb_value value;

	if (!class)
		return false;
	value = mrb_obj_iv_get(mrb, (struct RObject *)class, name);
	if (mrb_nil_p(value))
		return false;
	*result = value;
	return true;
}

static bool evaluate_load_literal(mrb_state *mrb, const mrb_pool_value *literal, mrb_value *result)
{
	if (literal->tt == IREP_TT_INT32)
		SET_INT_VALUE(mrb, *result, literal->u.i32);
	else if (literal->tt == IREP_TT_INT64)
		SET_INT_VALUE(mrb, *result, literal->u.i64);
	else
		return literal->tt == IREP_TT_BIGINT && large_load(mrb, literal->u.str, result);
	return true;
}

/* The operands of the instruction at `pc`, behind its opcode (mruby/opcode.h). */
#define OPERAND_A pc[1]
#define OPERAND_B pc[2]
#define OPERAND_C pc[3]
#define OPERAND_S(at) ((uint16_t)(pc[at] << 8 | pc[(at) + 1]))
/* Goes on behind an instruction with so many bytes of operands. */
#define NEXT(operand_bytes) \
	do { \
		pc += 1 + (operand_bytes); \
		goto next; \
	} while (0)
#define JUMP(operand_bytes, condition) \
	do { \
		if (alarm_rings) \
			return pc; \
		if (condition) \
			pc += (int16_t)OPERAND_S((operand_bytes) - 1); \
		NEXT(operand_bytes); \
	} while (0)
#define COMPARE(operator, name) \
	do { \
		if (evaluate_are_integers(a)) \
			SET_BOOL_VALUE(a[0], mrb_integer(a[0]) operator mrb_integer(a[1])); \
		else if (!large_operate(mrb, MRB_OPSYM(name), a)) \
			return pc; \
		NEXT(1); \
	} while (0)
#define CALCULATE(overflows, y) \
	do { \
		mrb_int result; \
\
		if (overflows(mrb_integer(a[0]), (mrb_int)(y), &result)) \
			return pc; \
		SET_INT_VALUE(mrb, a[0], result); \
	} while (0)
#define ADD_OR_SUBTRACT(name) \
	do { \
		if (evaluate_are_integers(a)) \
			CALCULATE(__builtin_##name##_overflow, mrb_integer(a[1])); \
		else if (!large_operate(mrb, MRB_OPSYM(name), a)) \
			return pc; \
		NEXT(1); \
	} while (0)
/* Not large.c's: the register behind may be another variable (engine/vm/immediate.h). */
#define ADD_OR_SUBTRACT_IMMEDIATE(name) \
	do { \
		if (!mrb_integer_p(a[0])) \
			return pc; \
		CALCULATE(__builtin_##name##_overflow, OPERAND_B); \
		NEXT(2); \
	} while (0)

const mrb_code *evaluate(mrb_state *mrb, const struct hook_entry *entry, mrb_value *registers)
{
	const mrb_irep *irep = entry->proc->body.irep;
	const mrb_code *pc = entry->start;
	struct REnv *env;
	mrb_value *a;

next:
#ifdef MRB_USE_DEBUG_HOOK
	if (mrb->code_fetch_hook)
		mrb->code_fetch_hook(mrb, irep, pc, registers);
#endif
	a = registers + OPERAND_A;
	switch (pc[0]) {
	case OP_NOP:
		NEXT(0);
	case OP_MOVE:
		*a = registers[OPERAND_B];
		NEXT(2);
	case OP_LOADL:
		if (!evaluate_load_literal(mrb, &irep->pool[OPERAND_B], a))
			return pc;
		NEXT(2);
	case OP_LOADI:
		SET_INT_VALUE(mrb, *a, OPERAND_B);
		NEXT(2);
	case OP_LOADINEG:
		SET_INT_VALUE(mrb, *a, -(mrb_int)OPERAND_B);
		NEXT(2);
	case OP_LOADI__1:
	case OP_LOADI_0:
	case OP_LOADI_1:
	case OP_LOADI_2:
	case OP_LOADI_3:
	case OP_LOADI_4:
	case OP_LOADI_5:
	case OP_LOADI_6:
	case OP_LOADI_7:
		SET_INT_VALUE(mrb, *a, (mrb_int)pc[0] - OP_LOADI_0);
		NEXT(1);
	case OP_LOADI16:
		SET_INT_VALUE(mrb, *a, (int16_t)OPERAND_S(2));
		NEXT(3);
	case OP_LOADI32:
		SET_INT_VALUE(mrb, *a, (int32_t)((uint32_t)OPERAND_S(2) << 16 | OPERAND_S(4)));
		NEXT(5);
	case OP_LOADSYM:
		SET_SYM_VALUE(*a, irep->syms[OPERAND_B]);
		NEXT(2);
	case OP_LOADNIL:
		SET_NIL_VALUE(*a);
		NEXT(1);
	case OP_LOADSELF:
		*a = registers[0];
		NEXT(1);
	case OP_LOADT:
		SET_TRUE_VALUE(*a);
		NEXT(1);
	case OP_LOADF:
		SET_FALSE_VALUE(*a);
		NEXT(1);
	case OP_GETGV:
		*a = mrb_gv_get(mrb, irep->syms[OPERAND_B]);
		NEXT(2);
	case OP_GETIV:
		*a = mrb_iv_get(mrb, registers[0], irep->syms[OPERAND_B]);
		NEXT(2);
	case OP_GETCONST:
		if (!evaluate_get_constant(mrb, entry, irep->syms[OPERAND_B], a))
			return pc;
		NEXT(2);
	case OP_GETUPVAR:
		env = evaluate_environment(entry, OPERAND_C, OPERAND_B);
		if (!env)
			return pc;
		*a = env->stack[OPERAND_B];
		NEXT(3);
	case OP_SETUPVAR:
		env = evaluate_environment(entry, OPERAND_C, OPERAND_B);
		if (!env)
			return pc;
		env->stack[OPERAND_B] = *a;
		mrb_write_barrier(mrb, (struct RBasic *)env);
		NEXT(3);
	case OP_GETIDX:
		if (!evaluate_get_index(a))
			return pc;
		NEXT(1);
	case OP_JMP:
		JUMP(2, true);
	case OP_JMPIF:
		JUMP(3, mrb_test(*a));
	case OP_JMPNOT:
		JUMP(3, !mrb_test(*a));
	case OP_JMPNIL:
		JUMP(3, mrb_nil_p(*a));
	case OP_SEND:
		if (!evaluate_send(mrb, entry, a, irep->syms[OPERAND_B], OPERAND_C))
			return pc;
		NEXT(3);
	case OP_RETURN:
		return NULL;
	case OP_ADD:
		ADD_OR_SUBTRACT(add);
	case OP_SUB:
		ADD_OR_SUBTRACT(sub);
	case OP_MUL:
		if (!evaluate_are_integers(a))
			return pc;
		CALCULATE(__builtin_mul_overflow, mrb_integer(a[1]));
		NEXT(1);
	case OP_ADDI:
		ADD_OR_SUBTRACT_IMMEDIATE(add);
	case OP_SUBI:
		ADD_OR_SUBTRACT_IMMEDIATE(sub);
	case OP_EQ:
		COMPARE(==, eq);
	case OP_LT:
		COMPARE(<, lt);
	case OP_LE:
		COMPARE(<=, le);
	case OP_GT:
		COMPARE(>, gt);
	case OP_GE:
		COMPARE(>=, ge);
	default:
		return pc;
	}
}

static mrb_func_t evaluate_function(mrb_state *mrb, mrb_sym name)
{
	return MRB_METHOD_FUNC(evaluate_find(mrb, mrb->integer_class, name));
}

void evaluate_init(mrb_state *mrb)
{
	large_init(mrb);
	builtin.and = evaluate_function(mrb, MRB_OPSYM(and));
	builtin.or = evaluate_function(mrb, MRB_OPSYM(or));
	builtin.xor = evaluate_function(mrb, MRB_OPSYM(xor));
	builtin.invert = evaluate_function(mrb, MRB_OPSYM(neg));
	builtin.shift_left = evaluate_function(mrb, MRB_OPSYM(lshift));
	builtin.shift_right = evaluate_function(mrb, MRB_OPSYM(rshift));
	builtin.modulo = evaluate_function(mrb, MRB_OPSYM(mod));
	builtin.not = evaluate_function(mrb, MRB_OPSYM(not));
	builtin.not_equal = MRB_METHOD_PROC(evaluate_find(mrb, mrb->integer_class, MRB_OPSYM(neq)));
}
