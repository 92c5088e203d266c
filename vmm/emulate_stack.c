/*
 * vmm/emulate_stack.c: owns what the instructions do that work on the stack, and near branches with a
 * memory operand. No state.
 */
#include "vmm/emulate.h"

#include "vmm/alu.h"
#include "vmm/guest_walk.h"

static enum emulate_result emulate_fault(struct emulation *emulation, uint8_t vector)
{
	emulation->fault = (struct guest_fault){true, vector, 0, 0};
	return EMULATE_FAULT;
}

/* Prepares a near branch, for emulate_instruction() to complete. A target that is not canonical, or
 * beyond the segment, faults before anything else is done. */
static enum emulate_result emulate_branch(struct emulation *emulation, uint64_t target)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	struct segment_register code;

	target &= alu_mask(instruction->width_bytes);
	if (instruction->mode == DECODE_64) {
		if (alu_sign_extend(target, 6) != target && !guest_has_five_levels(emulation->vcpu))
			return emulate_fault(emulation, VECTOR_GENERAL_PROTECTION);
	} else {
		vcpu_ops->get_segment(emulation->vcpu, SEGMENT_CS, &code);
		if (target > code.limit_bytes)
			return emulate_fault(emulation, VECTOR_GENERAL_PROTECTION);
	}
	emulation->vcpu->rip = target - instruction->length_bytes;
	return EMULATE_DONE;
}

unsigned emulate_stack_bytes(const struct emulation *emulation)
{
	struct segment_register stack;

	if (emulation->instruction->mode == DECODE_64)
		return 8;
	vcpu_ops->get_segment(emulation->vcpu, SEGMENT_SS, &stack);
	return (stack.attributes & SEGMENT_ATTRIBUTE_BIG) != 0 ? 4 : 2;
}

/* What PUSHF shows: RF and VM never; in virtual-8086 mode with CR4.VME the virtual IF (AMD APM v3,
 * PUSHF). Without that, such a mode below IOPL 3 gets #GP. */
static bool emulate_flags_image(struct emulation *emulation, uint64_t *image)
{
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t flags = vcpu->rflags;

	*image = flags & ~(RFLAGS_RF | RFLAGS_VM);
	if ((flags & RFLAGS_VM) == 0 || (flags & RFLAGS_IOPL) == RFLAGS_IOPL)
		return true;
	if ((vcpu_ops->get_control(vcpu, 4) & CR4_VME) == 0 ||
	    emulation->instruction->width_bytes != 2)
		return false;
	*image = (*image & ~RFLAGS_IF) | RFLAGS_IOPL | ((flags & RFLAGS_VIF) != 0 ? RFLAGS_IF : 0);
	return true;
}

/* What goes onto the stack, if it is in no memory. False: #GP. */
static bool emulate_pushed_value(struct emulation *emulation, uint64_t *value)
{
	const struct decoded_instruction *instruction = emulation->instruction;

	switch (instruction->operation) {
	case DECODE_PUSHF:
		return emulate_flags_image(emulation, value);
	case DECODE_ENTER:
		*value = emulation->vcpu->gpr[GPR_RBP];
		return true;
	default:
		*value = operand_value(emulation->vcpu, &instruction->first);
		return true;
	}
}

/* CALL, which goes to `target` and leaves what is behind it. */
static enum emulate_result emulate_call(struct emulation *emulation, uint64_t *value)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	uint64_t next = emulation->vcpu->rip + instruction->length_bytes, target = *value;

	if (instruction->first.kind == DECODE_IMMEDIATE)
		target += next;
	*value = next;
	return emulate_branch(emulation, target);
}

/* PUSH, PUSHF, ENTER and CALL: the operand is read, then the stack written. */
static enum emulate_result emulate_push(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	bool from_memory = instruction->first.kind == DECODE_MEMORY;
	unsigned stack_bytes = emulate_stack_bytes(emulation);
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t top = operand_read_address(vcpu, GPR_RSP, stack_bytes) - instruction->width_bytes;
	struct memory_operand operand, stack;
	uint64_t value = 0;

	if (from_memory &&
	    !operand_translate(emulation, instruction->memory.segment, operand_offset(emulation),
			       instruction->first.width_bytes, GUEST_READ, &operand))
		return EMULATE_FAULT;
	if (!from_memory && !emulate_pushed_value(emulation, &value))
		return emulate_fault(emulation, VECTOR_GENERAL_PROTECTION);
	if (!operand_translate(emulation, SEGMENT_SS, top & alu_mask(stack_bytes),
			       instruction->width_bytes, GUEST_WRITE, &stack))
		return EMULATE_FAULT;
	/* A step over PUSHF might show. */
	if (!emulation->touched && instruction->operation != DECODE_PUSHF)
		return EMULATE_ELSEWHERE;
	if (from_memory)
		value = operand_read_memory(emulation, &operand);
	if (instruction->operation == DECODE_CALL && emulate_call(emulation, &value) != EMULATE_DONE)
		return EMULATE_FAULT;
	operand_write_memory(emulation, &stack, value & alu_mask(instruction->width_bytes));
	if (instruction->operation == DECODE_ENTER) {
		operand_write_address(vcpu, GPR_RBP, instruction->width_bytes, top);
		top -= instruction->first.immediate & 0xffff;
	}
	operand_write_address(vcpu, GPR_RSP, stack_bytes, top);
	return EMULATE_DONE;
}

/* RSP moves before the address of the memory operand is computed: AMD APM v3, POP. */
static enum emulate_result emulate_pop(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	bool to_memory = instruction->first.kind == DECODE_MEMORY;
	unsigned stack_bytes = emulate_stack_bytes(emulation);
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t rsp = vcpu->gpr[GPR_RSP];
	uint64_t top = operand_read_address(vcpu, GPR_RSP, stack_bytes);
	struct memory_operand operand, stack;
	enum emulate_result result = EMULATE_DONE;

	if (!operand_translate(emulation, SEGMENT_SS, top, instruction->width_bytes, GUEST_READ,
			       &stack))
		return EMULATE_FAULT;
	operand_write_address(vcpu, GPR_RSP, stack_bytes, top + instruction->width_bytes);
	if (to_memory)
		result = emulate_find_operand(emulation, operand_offset(emulation), GUEST_WRITE,
					      &operand);
	if (result == EMULATE_DONE && !emulation->touched)
		result = EMULATE_ELSEWHERE;
	if (result != EMULATE_DONE)
		vcpu->gpr[GPR_RSP] = rsp;
	else if (to_memory)
		operand_write_memory(emulation, &operand, operand_read_memory(emulation, &stack));
	else
		operand_write_register(vcpu, &instruction->first,
				       operand_read_memory(emulation, &stack));
	return result;
}

/* RSP goes to the frame, whose first slot is the frame before it. */
static enum emulate_result emulate_leave(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	unsigned stack_bytes = emulate_stack_bytes(emulation);
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t frame = operand_read_address(vcpu, GPR_RBP, stack_bytes);
	struct memory_operand stack;

	if (!operand_translate(emulation, SEGMENT_SS, frame, instruction->width_bytes, GUEST_READ,
			       &stack))
		return EMULATE_FAULT;
	if (!emulation->touched)
		return EMULATE_ELSEWHERE;
	operand_write_address(vcpu, GPR_RBP, instruction->width_bytes,
			      operand_read_memory(emulation, &stack));
	operand_write_address(vcpu, GPR_RSP, stack_bytes, frame + instruction->width_bytes);
	return EMULATE_DONE;
}

static enum emulate_result emulate_return(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	unsigned stack_bytes = emulate_stack_bytes(emulation);
	uint64_t top = operand_read_address(emulation->vcpu, GPR_RSP, stack_bytes);
	uint64_t released = instruction->width_bytes + (instruction->first.immediate & 0xffff);
	struct memory_operand stack;
	enum emulate_result result;

	if (!operand_translate(emulation, SEGMENT_SS, top, instruction->width_bytes, GUEST_READ,
			       &stack))
		return EMULATE_FAULT;
	if (!emulation->touched)
		return EMULATE_ELSEWHERE;
	result = emulate_branch(emulation, operand_read_memory(emulation, &stack));
	if (result == EMULATE_DONE)
		operand_write_address(emulation->vcpu, GPR_RSP, stack_bytes, top + released);
	return result;
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
	if ((operation == DECODE_CALL || operation == DECODE_JMP || operation == DECODE_RET) &&
	    instruction->mode == DECODE_64 && instruction->width_bytes != 8)
		return EMULATE_UNKNOWN;
	switch (operation) {
	case DECODE_POP:
		return emulate_pop(emulation);
	case DECODE_LEAVE:
		return emulate_leave(emulation);
	case DECODE_RET:
		return emulate_return(emulation);
	case DECODE_JMP:
		return emulate_jump(emulation);
	default:
		return emulate_push(emulation);
	}
}
