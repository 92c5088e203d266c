/*
 * vmm/emulate_stack.c: owns what PUSH, POP and near branches with a memory operand do. No state.
 */
#include "vmm/emulate.h"

#include "vmm/alu.h"
#include "vmm/guest_walk.h"

/* Prepares a near branch, for emulate_instruction() to complete. A target that is not canonical faults
 * before anything else is done. */
static enum emulate_result emulate_branch(struct emulation *emulation, uint64_t target)
{
	if (emulation->instruction->mode == DECODE_64 &&
	    alu_sign_extend(target, 6) != target && !guest_has_five_levels(emulation->vcpu)) {
		emulation->fault = (struct guest_fault){true, VECTOR_GENERAL_PROTECTION, 0, 0};
		return EMULATE_FAULT;
	}
	emulation->vcpu->rip = target - emulation->instruction->length_bytes;
	return EMULATE_DONE;
}

/* How many bytes of RSP are the stack pointer. */
static unsigned emulate_stack_bytes(const struct emulation *emulation)
{
	struct segment_register stack;

	if (emulation->instruction->mode == DECODE_64)
		return 8;
	vcpu_ops->get_segment(emulation->vcpu, SEGMENT_SS, &stack);
	return (stack.attributes & SEGMENT_ATTRIBUTE_BIG) != 0 ? 4 : 2;
}

/* PUSH and CALL: the memory operand is read, then the stack written. */
static enum emulate_result emulate_push(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	bool call = instruction->operation == DECODE_CALL;
	unsigned stack_bytes = emulate_stack_bytes(emulation);
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t top = operand_read_address(vcpu, GPR_RSP, stack_bytes) - instruction->width_bytes;
	struct memory_operand operand, stack;
	uint64_t value;

	if (emulate_find_operand(emulation, operand_offset(emulation), GUEST_READ, &operand) !=
	    EMULATE_DONE)
		return EMULATE_FAULT;
	if (!operand_translate(emulation, SEGMENT_SS, top & alu_mask(stack_bytes),
			       instruction->width_bytes, GUEST_WRITE, &stack))
		return EMULATE_FAULT;
	if (!emulation->touched)
		return EMULATE_ELSEWHERE;
	value = operand_read_memory(emulation, &operand);
	if (call) {
		uint64_t next = vcpu->rip + instruction->length_bytes;

		if (emulate_branch(emulation, value) != EMULATE_DONE)
			return EMULATE_FAULT;
		value = next;
	}
	operand_write_memory(emulation, &stack, value & alu_mask(instruction->width_bytes));
	operand_write_address(vcpu, GPR_RSP, stack_bytes, top);
	return EMULATE_DONE;
}

/* RSP moves before the address of the memory operand is computed: AMD APM v3, POP. */
static enum emulate_result emulate_pop(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	unsigned stack_bytes = emulate_stack_bytes(emulation);
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t rsp = vcpu->gpr[GPR_RSP];
	uint64_t top = operand_read_address(vcpu, GPR_RSP, stack_bytes);
	struct memory_operand operand, stack;
	enum emulate_result result;

	if (!operand_translate(emulation, SEGMENT_SS, top, instruction->width_bytes, GUEST_READ,
			       &stack))
		return EMULATE_FAULT;
	operand_write_address(vcpu, GPR_RSP, stack_bytes, top + instruction->width_bytes);
	result = emulate_find_operand(emulation, operand_offset(emulation), GUEST_WRITE, &operand);
	if (result == EMULATE_DONE && !emulation->touched)
		result = EMULATE_ELSEWHERE;
	if (result != EMULATE_DONE) {
		vcpu->gpr[GPR_RSP] = rsp;
		return result;
	}
	operand_write_memory(emulation, &operand, operand_read_memory(emulation, &stack));
	return EMULATE_DONE;
}

static enum emulate_result emulate_jump(struct emulation *emulation)
{
	struct memory_operand operand;

	if (emulate_find_operand(emulation, operand_offset(emulation), GUEST_READ, &operand) !=
	    EMULATE_DONE)
		return EMULATE_FAULT;
	if (!emulation->touched)
		return EMULATE_ELSEWHERE;
	return emulate_branch(emulation, operand_read_memory(emulation, &operand));
}

enum emulate_result emulate_stack(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	enum decode_operation operation = instruction->operation;

	/* In 64-bit mode the vendors differ on a branch's 16-bit operand: let the CPU do it. */
	if ((operation == DECODE_CALL || operation == DECODE_JMP) &&
	    instruction->mode == DECODE_64 && instruction->width_bytes != 8)
		return EMULATE_UNKNOWN;
	switch (operation) {
	case DECODE_POP:
		return emulate_pop(emulation);
	case DECODE_JMP:
		return emulate_jump(emulation);
	default:
		return emulate_push(emulation);
	}
}
