/*
 * engine/vm/fetch.h: how mruby's virtual machine fetches operands: mruby/opcode.h's macros anew.
 * build_config.rb has vm.c, and nothing else, include it first.
 *
 * vm.c is one function with an indirect jump at the end of every instruction. Each variable that
 * one instruction might still need from another is a value that clang has to keep in the same
 * place across a hundred such jumps; it does that badly, and most of what an instruction cost was
 * moving those values about. So here every fetch computes them anew from the frame, where it is a
 * load or two for the instructions that use them and nothing for the others:
 *   proc, irep, pool, syms  are the running frame's, always;
 *   insn                    is the byte before the operands;
 *   a, b, c                 are nobody's after the instruction.
 * And `mrb` is made opaque, or clang computes the addresses of its fields once and then keeps a
 * dozen of them in registers.
 *
 * Instructions with wide operands (OP_EXT1 to OP_EXT3 before them) jump into the middle of the same
 * code, and so each would have four ways in, with as many copies of everything. They are rare:
 * vm.c is compiled a second time as vm_wide_exec() (VM_WIDE), which executes one such instruction
 * and comes back.
 */
#ifndef ENGINE_VM_FETCH_H
#define ENGINE_VM_FETCH_H

#include <mruby.h>
#include <mruby/opcode.h>

/* On entry where the wide instruction is, on return where the machine goes on; NULL: the frames of the
 * machine that came to it are left, and the value is what it returns. */
extern const mrb_code *vm_wide_pc;
mrb_value vm_wide_exec(mrb_state *mrb, const struct RProc *proc, const mrb_code *pc);

#undef FETCH_Z
#undef FETCH_B
#undef FETCH_BB
#undef FETCH_BBB
#undef FETCH_BS
#undef FETCH_BSS
#undef FETCH_S
#undef FETCH_W
#undef FETCH_Z_1
#undef FETCH_Z_2
#undef FETCH_Z_3
#undef FETCH_B_1
#undef FETCH_B_2
#undef FETCH_B_3
#undef FETCH_BB_1
#undef FETCH_BB_2
#undef FETCH_BB_3
#undef FETCH_BBB_1
#undef FETCH_BBB_2
#undef FETCH_BBB_3
#undef FETCH_BS_1
#undef FETCH_BS_2
#undef FETCH_BS_3
#undef FETCH_BSS_1
#undef FETCH_BSS_2
#undef FETCH_BSS_3
#undef FETCH_S_1
#undef FETCH_S_2
#undef FETCH_S_3
#undef FETCH_W_1
#undef FETCH_W_2
#undef FETCH_W_3

#ifndef VM_WIDE

#define VM_FETCH(operands)                                                                         \
	do {                                                                                       \
		__asm__ volatile("" : "+r"(mrb));                                                  \
		proc = mrb->c->ci->proc;                                                           \
		irep = proc->body.irep;                                                            \
		pool = irep->pool;                                                                 \
		syms = irep->syms;                                                                 \
		insn = pc[-1];                                                                     \
		a = 0;                                                                             \
		b = 0;                                                                             \
		c = 0;                                                                             \
		operands;                                                                          \
	} while (0)

#define FETCH_Z() VM_FETCH((void)0)
#define FETCH_B() VM_FETCH(a = READ_B())
#define FETCH_BB() VM_FETCH(a = READ_B(); b = READ_B())
#define FETCH_BBB() VM_FETCH(a = READ_B(); b = READ_B(); c = READ_B())
#define FETCH_BS() VM_FETCH(a = READ_B(); b = READ_S())
#define FETCH_BSS() VM_FETCH(a = READ_B(); b = READ_S(); c = READ_S())
#define FETCH_S() VM_FETCH(a = READ_S())
#define FETCH_W() VM_FETCH(a = READ_W())

/* pc is behind the prefix and the opcode, in a switch that ends by going on at the instruction before
 * pc. What leaves this machine from in there, by an exception or a return, leaves it past this
 * function: hence prev_jmp. */
#define VM_EXECUTE_WIDE()                                                                          \
	{                                                                                          \
		mrb_value returned;                                                                \
                                                                                                   \
		vm_wide_pc = pc - 2;                                                               \
		mrb->jmp = prev_jmp;                                                               \
		returned = vm_wide_exec(mrb, mrb->c->ci->proc, vm_wide_pc);                        \
		if (vm_wide_pc == NULL)                                                            \
			return returned;                                                           \
		pc = vm_wide_pc + 1;                                                               \
		vm_wide_pc = NULL;                                                                 \
		mrb->jmp = &c_jmp;                                                                 \
		break;                                                                             \
	}

#define FETCH_Z_1() VM_EXECUTE_WIDE()
#define FETCH_B_1() VM_EXECUTE_WIDE()
#define FETCH_BB_1() VM_EXECUTE_WIDE()
#define FETCH_BBB_1() VM_EXECUTE_WIDE()
#define FETCH_BS_1() VM_EXECUTE_WIDE()
#define FETCH_BSS_1() VM_EXECUTE_WIDE()
#define FETCH_S_1() VM_EXECUTE_WIDE()
#define FETCH_W_1() VM_EXECUTE_WIDE()
#define FETCH_Z_2() VM_EXECUTE_WIDE()
#define FETCH_B_2() VM_EXECUTE_WIDE()
#define FETCH_BB_2() VM_EXECUTE_WIDE()
#define FETCH_BBB_2() VM_EXECUTE_WIDE()
#define FETCH_BS_2() VM_EXECUTE_WIDE()
#define FETCH_BSS_2() VM_EXECUTE_WIDE()
#define FETCH_S_2() VM_EXECUTE_WIDE()
#define FETCH_W_2() VM_EXECUTE_WIDE()
#define FETCH_Z_3() VM_EXECUTE_WIDE()
#define FETCH_B_3() VM_EXECUTE_WIDE()
#define FETCH_BB_3() VM_EXECUTE_WIDE()
#define FETCH_BBB_3() VM_EXECUTE_WIDE()
#define FETCH_BS_3() VM_EXECUTE_WIDE()
#define FETCH_BSS_3() VM_EXECUTE_WIDE()
#define FETCH_S_3() VM_EXECUTE_WIDE()
#define FETCH_W_3() VM_EXECUTE_WIDE()

#else

const mrb_code *vm_wide_pc;

/* The instruction is done: pc is behind the opcode of the next. */
#define VM_LEAVE_WIDE()                                                                            \
	do {                                                                                       \
		mrb_gc_arena_restore(mrb, ai);                                                     \
		mrb->jmp = prev_jmp;                                                               \
		vm_wide_pc = pc - 1;                                                               \
		return mrb_nil_value();                                                            \
	} while (0)

/* The prefix that this machine was entered for, or one behind it. */
#define FETCH_Z()                                                                                  \
	do {                                                                                       \
		if (vm_wide_pc == NULL)                                                            \
			VM_LEAVE_WIDE();                                                           \
		vm_wide_pc = NULL;                                                                 \
	} while (0)
#define FETCH_B() VM_LEAVE_WIDE()
#define FETCH_BB() VM_LEAVE_WIDE()
#define FETCH_BBB() VM_LEAVE_WIDE()
#define FETCH_BS() VM_LEAVE_WIDE()
#define FETCH_BSS() VM_LEAVE_WIDE()
#define FETCH_S() VM_LEAVE_WIDE()
#define FETCH_W() VM_LEAVE_WIDE()

#define FETCH_Z_1() VM_LEAVE_WIDE()
#define FETCH_B_1() a = READ_S()
#define FETCH_BB_1() do { a = READ_S(); b = READ_B(); } while (0)
#define FETCH_BBB_1() do { a = READ_S(); b = READ_B(); c = READ_B(); } while (0)
#define FETCH_BS_1() do { a = READ_S(); b = READ_S(); } while (0)
#define FETCH_BSS_1() do { a = READ_S(); b = READ_S(); c = READ_S(); } while (0)
#define FETCH_S_1() a = READ_S()
#define FETCH_W_1() a = READ_W()
#define FETCH_Z_2() VM_LEAVE_WIDE()
#define FETCH_B_2() a = READ_B()
#define FETCH_BB_2() do { a = READ_B(); b = READ_S(); } while (0)
#define FETCH_BBB_2() do { a = READ_B(); b = READ_S(); c = READ_B(); } while (0)
#define FETCH_BS_2() do { a = READ_B(); b = READ_S(); } while (0)
#define FETCH_BSS_2() do { a = READ_B(); b = READ_S(); c = READ_S(); } while (0)
#define FETCH_S_2() a = READ_S()
#define FETCH_W_2() a = READ_W()
#define FETCH_Z_3() VM_LEAVE_WIDE()
#define FETCH_B_3() a = READ_S()
#define FETCH_BB_3() do { a = READ_S(); b = READ_S(); } while (0)
#define FETCH_BBB_3() do { a = READ_S(); b = READ_S(); c = READ_B(); } while (0)
#define FETCH_BS_3() do { a = READ_S(); b = READ_S(); } while (0)
#define FETCH_BSS_3() do { a = READ_S(); b = READ_S(); c = READ_S(); } while (0)
#define FETCH_S_3() a = READ_S()
#define FETCH_W_3() a = READ_W()

#endif
#endif
