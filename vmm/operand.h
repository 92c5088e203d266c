/*
 * vmm/operand.h: the operands of an instruction that is being emulated: registers, addresses, and
 * memory operands that are translated, with all their faults, before anything is touched.
 */
#ifndef VMM_OPERAND_H
#define VMM_OPERAND_H

#include "vmm/decode.h"
#include "vmm/guest_memory.h"

struct emulation {
	struct vcpu *vcpu;
	const struct decoded_instruction *instruction;
	gpa_t fault_page; /* where the CPU says the access went, low bits clear */
	bool fetched;	  /* it is the instruction itself that lies there: what is asked for are operands
			   * in any page that is claimed or ours */
	bool touched;	  /* an operand translated so far lies there */
	unsigned breakpoints; /* of the guest that the operands translated so far meet: DR6 */
	struct guest_fault fault;
};

/* A translated memory operand; it may straddle two pages. */
struct memory_operand {
	unsigned width_bytes, first_bytes; /* in all, and in the first page */
	gpa_t gpa[2];
};

uint64_t operand_read_register(struct vcpu *vcpu, const struct decode_operand *operand);
void operand_write_register(struct vcpu *vcpu, const struct decode_operand *operand,
			    uint64_t value);
/* The value of a register, segment register or immediate operand. */
uint64_t operand_value(struct vcpu *vcpu, const struct decode_operand *operand);

/* A register as address or counter in 2, 4 or 8 bytes, with the CPU's rules for the rest of it. */
uint64_t operand_read_address(struct vcpu *vcpu, unsigned gpr, unsigned address_bytes);
void operand_write_address(struct vcpu *vcpu, unsigned gpr, unsigned address_bytes, uint64_t value);

/* Offset in its segment of the explicit memory operand. */
uint64_t operand_offset(const struct emulation *emulation);

/* Checks segment and paging of `segment`:offset and translates it. False: emulation->fault. */
bool operand_translate(struct emulation *emulation, unsigned segment, uint64_t offset,
		       unsigned width_bytes, enum guest_access access, struct memory_operand *out);

uint64_t operand_read_memory(struct emulation *emulation, const struct memory_operand *operand);
void operand_write_memory(struct emulation *emulation, const struct memory_operand *operand,
			  uint64_t value);

/* Does it lie, in part, in a page that someone claims or that is ours? */
bool operand_is_claimed(const struct memory_operand *operand);

#endif
