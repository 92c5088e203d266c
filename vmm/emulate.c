/*
 * vmm/emulate.c: owns what each instruction with a memory operand does; strings and the stack
 * have files of their own. Every operand is translated, with all faults that this can give, before
 * the first access. No state.
 */
#include "vmm/emulate.h"

#include "core/memory.h"
#include "vmm/alu.h"
#include "vmm/guest_walk.h"
#include "vmm/mmio.h"

enum emulate_result emulate_find_operand(struct emulation *emulation, uint64_t offset,
					 enum guest_access access, struct memory_operand *operand)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	const struct decode_operand *memory = instruction->first.kind == DECODE_MEMORY
						      ? &instruction->first
						      : &instruction->second;

	if (!operand_translate(emulation, instruction->memory.segment, offset, memory->width_bytes,
			       access, operand))
		return EMULATE_FAULT;
	return EMULATE_DONE;
}

/* The same for an instruction that has no other memory operand. */
static enum emulate_result emulate_find_only(struct emulation *emulation, enum guest_access access,
					     struct memory_operand *operand)
{
	enum emulate_result result =
		emulate_find_operand(emulation, operand_offset(emulation), access, operand);

	if (result == EMULATE_DONE && !emulation->touched)
		return EMULATE_ELSEWHERE;
	return result;
}

/* Writes back what a read-modify-write has made of `old`. Locked ones keep their promise on memory;
 * devices, and operands that straddle pages, have no such access. */
static enum emulate_result emulate_write_back(struct emulation *emulation,
					      const struct memory_operand *operand, bool lock,
					      uint64_t old, uint64_t value)
{
	if (lock && operand->first_bytes == operand->width_bytes)
		return mmio_write_locked(emulation->vcpu, operand->gpa[0], operand->width_bytes,
					 old, value & alu_mask(operand->width_bytes))
			       ? EMULATE_DONE
			       : EMULATE_AGAIN;
	operand_write_memory(emulation, operand, value & alu_mask(operand->width_bytes));
	return EMULATE_DONE;
}

static uint64_t emulate_byte_swap(uint64_t value, unsigned width_bytes)
{
	return __builtin_bswap64(value) >> (64 - 8 * width_bytes);
}

/* Loads: the memory operand is the second. */
static enum emulate_result emulate_load(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	struct vcpu *vcpu = emulation->vcpu;
	struct memory_operand operand;
	enum emulate_result result = emulate_find_only(emulation, GUEST_READ, &operand);
	uint64_t value;

	if (result != EMULATE_DONE)
		return result;
	value = operand_read_memory(emulation, &operand);
	if (instruction->operation == DECODE_MOVSX)
		value = alu_sign_extend(value, operand.width_bytes);
	else if (instruction->operation == DECODE_MOVBE)
		value = emulate_byte_swap(value, operand.width_bytes);
	else if (instruction->operation == DECODE_CMOV &&
		 !alu_condition(instruction->condition, vcpu->rflags))
		value = operand_read_register(vcpu, &instruction->first);
	operand_write_register(vcpu, &instruction->first, value);
	return EMULATE_DONE;
}

/* XLAT: AL indexes the table at rBX. */
static enum emulate_result emulate_table(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	const struct decode_operand al = {.kind = DECODE_REGISTER, .width_bytes = 1, .gpr = GPR_RAX};
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t offset = vcpu->gpr[GPR_RBX] + (uint8_t)vcpu->gpr[GPR_RAX];
	struct memory_operand operand;

	if (!operand_translate(emulation, instruction->memory.segment,
			       offset & alu_mask(instruction->address_bytes), 1, GUEST_READ, &operand))
		return EMULATE_FAULT;
	if (!emulation->touched)
		return EMULATE_ELSEWHERE;
	operand_write_register(vcpu, &al, operand_read_memory(emulation, &operand));
	return EMULATE_DONE;
}

/* CLFLUSH and its like: a device has no cache line, RAM may. */
static enum emulate_result emulate_flush(struct emulation *emulation)
{
	struct memory_operand operand;
	enum emulate_result result = emulate_find_only(emulation, GUEST_READ, &operand);

	if (result == EMULATE_DONE && memory_is_ram(operand.gpa[0], 1))
		__asm__ volatile("clflush (%0)" ::"r"(memory_direct(operand.gpa[0])) : "memory");
	return result;
}

/* MOV SS and POP SS hold a trace trap until the instruction behind them is executed too (AMD APM v2
 * 13.1.4), so that a step over them may not end where it should: where that is so, the back end
 * loads the register. */
static enum emulate_result emulate_load_ss(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	struct vcpu *vcpu = emulation->vcpu;
	struct memory_operand operand;
	uint64_t top, selector;
	unsigned stack_bytes = emulate_stack_bytes(emulation);

	if (vcpu_ops->load_stack_segment == NULL)
		return EMULATE_UNKNOWN;
	emulation->touched = true; /* even if it is its descriptor that lies there */
	if (instruction->second.kind == DECODE_MEMORY) {
		enum emulate_result result = emulate_find_only(emulation, GUEST_READ, &operand);

		if (result != EMULATE_DONE)
			return result;
		selector = operand_read_memory(emulation, &operand);
	} else if (instruction->second.kind == DECODE_REGISTER) {
		selector = operand_read_register(vcpu, &instruction->second);
	} else {
		top = operand_read_address(vcpu, GPR_RSP, stack_bytes);
		if (!operand_translate(emulation, SEGMENT_SS, top, 2, GUEST_READ, &operand))
			return EMULATE_FAULT;
		selector = operand_read_memory(emulation, &operand);
	}
	if (!vcpu_ops->load_stack_segment(vcpu, (uint16_t)selector, &emulation->fault))
		return EMULATE_FAULT;
	if (instruction->second.kind == DECODE_NONE)
		operand_write_address(vcpu, GPR_RSP, stack_bytes, top + instruction->width_bytes);
	return EMULATE_DONE;
}

/* Stores: the memory operand is the first. */
static enum emulate_result emulate_store(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	struct memory_operand operand;
	enum emulate_result result = emulate_find_only(emulation, GUEST_WRITE, &operand);
	uint64_t value;

	if (result != EMULATE_DONE)
		return result;
	if (instruction->operation == DECODE_SETCC)
		value = alu_condition(instruction->condition, emulation->vcpu->rflags);
	else
		value = operand_value(emulation->vcpu, &instruction->second);
	if (instruction->operation == DECODE_MOVBE)
		value = emulate_byte_swap(value & alu_mask(operand.width_bytes),
					  operand.width_bytes);
	operand_write_memory(emulation, &operand, value & alu_mask(operand.width_bytes));
	return EMULATE_DONE;
}

/* Two operands and flags; memory may be either. */
static enum emulate_result emulate_binary(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	bool to_memory = instruction->first.kind == DECODE_MEMORY;
	bool writes = instruction->operation != DECODE_CMP && instruction->operation != DECODE_TEST;
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t rflags = vcpu->rflags, first, second, value;
	struct memory_operand operand;
	enum emulate_result result = emulate_find_only(
		emulation, to_memory && writes ? GUEST_WRITE : GUEST_READ, &operand);

	if (result != EMULATE_DONE)
		return result;
	value = operand_read_memory(emulation, &operand);
	first = to_memory ? value : operand_read_register(vcpu, &instruction->first);
	second = to_memory ? operand_value(vcpu, &instruction->second) : value;
	value = alu_binary(instruction->operation, instruction->width_bytes, first, second,
			   &rflags);
	if (writes && to_memory)
		result = emulate_write_back(emulation, &operand, instruction->lock, first, value);
	else if (writes)
		operand_write_register(vcpu, &instruction->first, value);
	if (result == EMULATE_DONE)
		vcpu->rflags = rflags;
	return result;
}

/* One operand read, changed and written: INC and such, shifts. */
static enum emulate_result emulate_unary(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t rflags = vcpu->rflags, old, value;
	struct memory_operand operand;
	enum emulate_result result = emulate_find_only(emulation, GUEST_WRITE, &operand);

	if (result != EMULATE_DONE)
		return result;
	old = operand_read_memory(emulation, &operand);
	if (instruction->operation >= DECODE_ROL)
		value = alu_shift(instruction->operation, operand.width_bytes, old,
				  (uint8_t)operand_value(vcpu, &instruction->second), &rflags);
	else
		value = alu_unary(instruction->operation, operand.width_bytes, old, &rflags);
	result = emulate_write_back(emulation, &operand, instruction->lock, old, value);
	if (result == EMULATE_DONE)
		vcpu->rflags = rflags;
	return result;
}

/* A bit number in a register reaches beyond the operand, both ways: AMD APM v3, BT. */
static enum emulate_result emulate_bit(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	unsigned width_bytes = instruction->width_bytes, nr_bits = 8 * width_bytes;
	bool reads = instruction->operation == DECODE_BT;
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t bit = operand_value(vcpu, &instruction->second);
	uint64_t offset = operand_offset(emulation), rflags = vcpu->rflags, old, value;
	struct memory_operand operand;
	enum emulate_result result;

	if (instruction->second.kind == DECODE_REGISTER) {
		unsigned log2_bits = width_bytes == 8 ? 6 : width_bytes == 4 ? 5 : 4;
		int64_t index = (int64_t)alu_sign_extend(bit, width_bytes) >> log2_bits;

		offset += (uint64_t)index * width_bytes;
		offset &= alu_mask(instruction->address_bytes);
	}
	result = emulate_find_operand(emulation, offset, reads ? GUEST_READ : GUEST_WRITE,
				      &operand);
	if (result == EMULATE_DONE && !emulation->touched)
		result = EMULATE_ELSEWHERE;
	if (result != EMULATE_DONE)
		return result;
	old = operand_read_memory(emulation, &operand);
	value = alu_bit(instruction->operation, width_bytes, old, (unsigned)bit % nr_bits, &rflags);
	if (!reads)
		result = emulate_write_back(emulation, &operand, instruction->lock, old, value);
	if (result == EMULATE_DONE)
		vcpu->rflags = rflags;
	return result;
}

/* XCHG (which locks by itself) and XADD. */
static enum emulate_result emulate_exchange(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	const struct decode_operand *other = instruction->first.kind == DECODE_MEMORY
						     ? &instruction->second
						     : &instruction->first;
	bool add = instruction->operation == DECODE_XADD;
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t rflags = vcpu->rflags, old, value;
	struct memory_operand operand;
	enum emulate_result result = emulate_find_only(emulation, GUEST_WRITE, &operand);

	if (result != EMULATE_DONE)
		return result;
	old = operand_read_memory(emulation, &operand);
	value = operand_read_register(vcpu, other);
	if (add)
		value = alu_binary(DECODE_ADD, operand.width_bytes, old, value, &rflags);
	result = emulate_write_back(emulation, &operand, !add || instruction->lock, old, value);
	if (result != EMULATE_DONE)
		return result;
	operand_write_register(vcpu, other, old);
	vcpu->rflags = rflags;
	return EMULATE_DONE;
}

/* Memory is written in either case: with what it held if the comparison fails. */
static enum emulate_result emulate_compare_exchange(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	const struct decode_operand accumulator = {
		.kind = DECODE_REGISTER,
		.width_bytes = instruction->width_bytes,
		.gpr = GPR_RAX,
	};
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t rflags = vcpu->rflags, old, value;
	struct memory_operand operand;
	enum emulate_result result = emulate_find_only(emulation, GUEST_WRITE, &operand);

	if (result != EMULATE_DONE)
		return result;
	old = operand_read_memory(emulation, &operand);
	alu_binary(DECODE_CMP, operand.width_bytes, operand_read_register(vcpu, &accumulator), old,
		   &rflags);
	value = (rflags & RFLAGS_ZF) != 0 ? operand_read_register(vcpu, &instruction->second) : old;
	result = emulate_write_back(emulation, &operand, instruction->lock, old, value);
	if (result != EMULATE_DONE)
		return result;
	if ((rflags & RFLAGS_ZF) == 0)
		operand_write_register(vcpu, &accumulator, old);
	vcpu->rflags = rflags;
	return EMULATE_DONE;
}

static enum emulate_result emulate_plain(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;

	switch (instruction->operation) {
	case DECODE_MOV:
	case DECODE_MOVZX:
	case DECODE_MOVSX:
	case DECODE_MOVBE:
	case DECODE_CMOV:
	case DECODE_SETCC:
		return instruction->first.kind == DECODE_MEMORY ? emulate_store(emulation)
								: emulate_load(emulation);
	case DECODE_ADD ... DECODE_TEST:
		return emulate_binary(emulation);
	case DECODE_INC ... DECODE_SAR:
		return emulate_unary(emulation);
	case DECODE_BT ... DECODE_BTC:
		return emulate_bit(emulation);
	case DECODE_XCHG:
	case DECODE_XADD:
		return emulate_exchange(emulation);
	case DECODE_CMPXCHG:
		return emulate_compare_exchange(emulation);
	case DECODE_FLUSH:
		return emulate_flush(emulation);
	case DECODE_XLAT:
		return emulate_table(emulation);
	case DECODE_LOAD_SS:
		return emulate_load_ss(emulation);
	case DECODE_PUSH ... DECODE_JMP:
		return emulate_stack(emulation);
	default:
		return EMULATE_UNKNOWN;
	}
}

/* What every completed instruction does to the CPU. */
static void emulate_retire(struct emulation *emulation)
{
	struct vcpu *vcpu = emulation->vcpu;

	vcpu->rip += emulation->instruction->length_bytes;
	if (emulation->instruction->mode != DECODE_64)
		vcpu->rip = (uint32_t)vcpu->rip;
	vcpu->rflags &= ~RFLAGS_RF;
	/* That one begins a shadow of its own. */
	vcpu->shadow_ended = emulation->instruction->operation != DECODE_LOAD_SS;
}

enum emulate_result emulate_instruction(struct emulation *emulation)
{
	bool string = emulation->instruction->operation >= DECODE_MOVS;
	bool trace = (emulation->vcpu->rflags & RFLAGS_TF) != 0 &&
		     emulation->instruction->operation != DECODE_LOAD_SS;
	enum emulate_result result =
		string ? emulate_string(emulation) : emulate_plain(emulation);

	if (result == EMULATE_DONE)
		emulate_retire(emulation);
	/* An iteration ends an interrupt shadow, too. */
	if (result == EMULATE_AGAIN && string)
		emulation->vcpu->shadow_ended = true;
	if (result != EMULATE_DONE && !(result == EMULATE_AGAIN && string))
		return result;
	/* The guest steps itself: the trap comes after each instruction and string iteration. */
	if (trace)
		vcpu_ops->inject_single_step(emulation->vcpu);
	if (emulation->breakpoints != 0)
		vcpu_ops->inject_breakpoints(emulation->vcpu, emulation->breakpoints);
	return result;
}
