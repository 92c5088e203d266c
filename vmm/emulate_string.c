/*
 * vmm/emulate_string.c: owns what the string instructions do. A repeated one runs a bounded number
 * of iterations, with RCX, RSI and RDI as the CPU would leave them at an interrupt, then lets the
 * guest run it again, so that interrupts are never held for long. No state.
 */
#include "vmm/emulate.h"

#include "vmm/alu.h"
#include "vmm/guest_walk.h"

#define ITERATIONS_MAXIMUM 128

/* What a string instruction touches at its current rSI and rDI. */
struct string_step {
	bool has_source, has_destination;
	struct memory_operand source, destination;
};

/* Both sides are translated, source first, before anything is accessed. */
static bool string_translate(struct emulation *emulation, struct string_step *step)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	enum decode_operation operation = instruction->operation;
	bool writes = operation == DECODE_MOVS || operation == DECODE_STOS;
	unsigned address_bytes = instruction->address_bytes;
	struct vcpu *vcpu = emulation->vcpu;

	step->has_source = operation != DECODE_STOS && operation != DECODE_SCAS;
	step->has_destination = operation != DECODE_LODS;
	if (step->has_source &&
	    !operand_translate(emulation, instruction->memory.segment,
			       operand_read_address(vcpu, GPR_RSI, address_bytes),
			       instruction->width_bytes, GUEST_READ, &step->source))
		return false;
	return !step->has_destination ||
	       operand_translate(emulation, SEGMENT_ES,
				 operand_read_address(vcpu, GPR_RDI, address_bytes),
				 instruction->width_bytes, writes ? GUEST_WRITE : GUEST_READ,
				 &step->destination);
}

static void string_advance(struct emulation *emulation, unsigned gpr)
{
	unsigned address_bytes = emulation->instruction->address_bytes;
	uint64_t width_bytes = emulation->instruction->width_bytes;
	uint64_t address = operand_read_address(emulation->vcpu, gpr, address_bytes);

	if ((emulation->vcpu->rflags & RFLAGS_DF) != 0)
		address -= width_bytes;
	else
		address += width_bytes;
	operand_write_address(emulation->vcpu, gpr, address_bytes, address);
}

static void string_perform(struct emulation *emulation, const struct string_step *step)
{
	unsigned width_bytes = emulation->instruction->width_bytes;
	const struct decode_operand accumulator = {
		.kind = DECODE_REGISTER,
		.width_bytes = (uint8_t)width_bytes,
		.gpr = GPR_RAX,
	};
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t value = step->has_source ? operand_read_memory(emulation, &step->source)
					  : operand_read_register(vcpu, &accumulator);

	switch (emulation->instruction->operation) {
	case DECODE_MOVS:
	case DECODE_STOS:
		operand_write_memory(emulation, &step->destination, value);
		break;
	case DECODE_LODS:
		operand_write_register(vcpu, &accumulator, value);
		break;
	default: /* CMPS, SCAS */
		alu_binary(DECODE_CMP, width_bytes, value,
			   operand_read_memory(emulation, &step->destination), &vcpu->rflags);
		break;
	}
	if (step->has_source)
		string_advance(emulation, GPR_RSI);
	if (step->has_destination)
		string_advance(emulation, GPR_RDI);
}

/* After an iteration: does the repeat prefix ask for another? */
static bool string_goes_on(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	struct vcpu *vcpu = emulation->vcpu;
	bool equal = (vcpu->rflags & RFLAGS_ZF) != 0;
	uint64_t count;

	if (instruction->repeat == DECODE_ONCE)
		return false;
	count = operand_read_address(vcpu, GPR_RCX, instruction->address_bytes) - 1;
	operand_write_address(vcpu, GPR_RCX, instruction->address_bytes, count);
	if ((instruction->repeat == DECODE_REPEAT_EQUAL && !equal) ||
	    (instruction->repeat == DECODE_REPEAT_NOT_EQUAL && equal))
		return false;
	return count != 0;
}

enum emulate_result emulate_string(struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	struct vcpu *vcpu = emulation->vcpu;
	struct string_step step;

	/* With a count of 0 it would not have accessed anything. */
	if (instruction->repeat != DECODE_ONCE &&
	    operand_read_address(vcpu, GPR_RCX, instruction->address_bytes) == 0)
		return EMULATE_ELSEWHERE;
	for (unsigned iteration = 0; iteration < ITERATIONS_MAXIMUM; iteration++) {
		emulation->breakpoints = 0;
		if (!string_translate(emulation, &step))
			return EMULATE_FAULT;
		if (!emulation->touched)
			return EMULATE_ELSEWHERE;
		/* Once past the claimed pages the CPU does the rest, at its own speed. */
		if (iteration != 0 && !(step.has_source && operand_is_claimed(&step.source)) &&
		    !(step.has_destination && operand_is_claimed(&step.destination))) {
			emulation->breakpoints = 0; /* the CPU will meet them itself */
			return EMULATE_AGAIN;
		}
		string_perform(emulation, &step);
		if (!string_goes_on(emulation))
			return EMULATE_DONE;
		if ((vcpu->rflags & RFLAGS_TF) != 0 || emulation->breakpoints != 0)
			return EMULATE_AGAIN;
	}
	return EMULATE_AGAIN;
}
