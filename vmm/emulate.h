/*
 * vmm/emulate.h: performing one decoded guest instruction, its memory accesses by mmio_read() and
 * mmio_write().
 */
#ifndef VMM_EMULATE_H
#define VMM_EMULATE_H

#include "vmm/operand.h"

enum emulate_result {
	EMULATE_DONE,	   /* RIP stands at the next instruction */
	EMULATE_AGAIN,	   /* part of a repeated string is done, or memory changed under a locked
			      instruction: let the guest run it again */
	EMULATE_FAULT,	   /* nothing is done (of this iteration); emulation.fault tells */
	EMULATE_UNKNOWN,   /* not one that can be emulated; nothing is done */
	EMULATE_ELSEWHERE, /* it does not access the page in question; nothing is done */
};

/* Performs emulation->instruction for emulation->vcpu, if it accesses emulation->fault_page. */
enum emulate_result emulate_instruction(struct emulation *emulation);

/* Translates the explicit memory operand at an offset in its segment. EMULATE_DONE: go on; the
 * caller looks at emulation->touched when it has all its operands. */
enum emulate_result emulate_find_operand(struct emulation *emulation, uint64_t offset,
					 enum guest_access access, struct memory_operand *operand);

/* How many bytes of rSP are the stack pointer. */
unsigned emulate_stack_bytes(const struct emulation *emulation);

/* DECODE_PUSH to DECODE_JMP; of emulate_instruction(). */
enum emulate_result emulate_stack(struct emulation *emulation);

/* DECODE_MOVS and after; of emulate_instruction(). Strings do a bounded number of iterations. */
enum emulate_result emulate_string(struct emulation *emulation);

#endif
