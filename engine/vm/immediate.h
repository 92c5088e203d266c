/*
 * engine/vm/immediate.h: `x += 1` where x is neither a small Integer nor a Float. build_config.rb has
 * vm.c include it first.
 *
 * OP_ADDI and OP_SUBI of anything else are calls of + and -, for which vm.c puts the argument into the
 * register behind the operand. mruby's compiler lets them work on a local variable itself, and then that
 * register is another local variable: after `x += 1` with a big integer (or any object) in x, the next
 * two are lost. So the call is made here, without these registers.
 *
 * Of the places where vm.c says SET_INT_VALUE, that argument is the only one with another register than
 * regs[a], hence the comparison of the texts, which costs nothing.
 */
#ifndef ENGINE_VM_IMMEDIATE_H
#define ENGINE_VM_IMMEDIATE_H

#include <mruby.h>
#include <mruby/opcode.h>
#include <mruby/presym.h>

/* Of mruby/internal.h, which has to come after what vm.c includes. */
mrb_value mrb_bint_add(mrb_state *mrb, mrb_value x, mrb_value y);
mrb_value mrb_bint_sub(mrb_state *mrb, mrb_value x, mrb_value y);

static __attribute__((noinline)) void vm_call_immediate(mrb_state *mrb, mrb_code instruction,
							uint32_t a, mrb_int operand)
{
	mrb_value x = mrb->c->ci->stack[a], y = mrb_fixnum_value(operand), result;
	mrb_bool add = instruction == OP_ADDI;

	if (mrb_bigint_p(x))
		result = add ? mrb_bint_add(mrb, x, y) : mrb_bint_sub(mrb, x, y);
	else
		result = mrb_funcall_argv(mrb, x, add ? MRB_OPSYM(add) : MRB_OPSYM(sub), 1, &y);
	mrb->c->ci->stack[a] = result;
}

#undef SET_INT_VALUE
#define SET_INT_VALUE(mrb, r, n)                                                                   \
	do {                                                                                       \
		if (sizeof(#r) == sizeof("regs[a+1]")) {                                           \
			vm_call_immediate(mrb, insn, a, n);                                        \
			mrb_gc_arena_restore(mrb, ai);                                             \
			NEXT;                                                                      \
		}                                                                                  \
		SET_FIXNUM_VALUE(r, n);                                                            \
	} while (0)

#endif
