/*
 * vmm/operand.c: owns how an emulated instruction reaches registers and memory. No state.
 */
#include "vmm/operand.h"

#include "vmm/alu.h"
#include "vmm/breakpoint.h"
#include "vmm/guest_walk.h"
#include "vmm/mmio.h"

/* Attribute bits of a code or data segment, AMD APM v2 4.8. */
#define TYPE_CODE 0x8
#define TYPE_EXPAND_DOWN 0x4
#define TYPE_WRITABLE_OR_READABLE 0x2

uint64_t operand_read_register(struct vcpu *vcpu, const struct decode_operand *operand)
{
	uint64_t value = vcpu->gpr[operand->gpr];

	if (operand->high_byte)
		value >>= 8;
	return value & alu_mask(operand->width_bytes);
}

void operand_write_register(struct vcpu *vcpu, const struct decode_operand *operand, uint64_t value)
{
	uint64_t *gpr = &vcpu->gpr[operand->gpr];

	switch (operand->width_bytes) {
	case 1:
		if (operand->high_byte)
			*gpr = (*gpr & ~UINT64_C(0xff00)) | (value & 0xff) << 8;
		else
			*gpr = (*gpr & ~UINT64_C(0xff)) | (value & 0xff);
		break;
	case 2:
		*gpr = (*gpr & ~UINT64_C(0xffff)) | (value & 0xffff);
		break;
	case 4:
		*gpr = (uint32_t)value;
		break;
	default:
		*gpr = value;
		break;
	}
}

uint64_t operand_value(struct vcpu *vcpu, const struct decode_operand *operand)
{
	if (operand->kind == DECODE_IMMEDIATE)
		return operand->immediate;
	if (operand->kind == DECODE_SEGMENT) {
		struct segment_register segment;

		vcpu_ops->get_segment(vcpu, (enum segment)operand->gpr, &segment);
		return segment.selector;
	}
	return operand_read_register(vcpu, operand);
}

uint64_t operand_read_address(struct vcpu *vcpu, unsigned gpr, unsigned address_bytes)
{
	return vcpu->gpr[gpr] & alu_mask(address_bytes);
}

void operand_write_address(struct vcpu *vcpu, unsigned gpr, unsigned address_bytes, uint64_t value)
{
	const struct decode_operand operand = {
		.kind = DECODE_REGISTER,
		.width_bytes = (uint8_t)address_bytes,
		.gpr = (uint8_t)gpr,
	};

	operand_write_register(vcpu, &operand, value);
}

uint64_t operand_offset(const struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	const struct decode_memory *memory = &instruction->memory;
	const struct vcpu *vcpu = emulation->vcpu;
	uint64_t offset = (uint64_t)memory->displacement;

	if (memory->rip_relative)
		offset += vcpu->rip + instruction->length_bytes;
	if (memory->has_base)
		offset += vcpu->gpr[memory->base];
	if (memory->has_index)
		offset += vcpu->gpr[memory->index] * memory->scale;
	return offset & alu_mask(instruction->address_bytes);
}

static bool operand_segment_fault(struct emulation *emulation, unsigned segment)
{
	uint8_t vector = segment == SEGMENT_SS ? VECTOR_STACK : VECTOR_GENERAL_PROTECTION;

	emulation->fault = (struct guest_fault){true, vector, 0, 0};
	return false;
}

/* Limit and type of a segment outside 64-bit mode; AMD APM v2 4.11, 4.12. */
static bool operand_segment_allows(struct emulation *emulation,
				   const struct segment_register *segment, uint64_t offset,
				   unsigned width_bytes, enum guest_access access)
{
	struct vcpu *vcpu = emulation->vcpu;
	uint64_t last = offset + width_bytes - 1;
	unsigned type = segment->attributes & 0xf;
	bool code = (type & TYPE_CODE) != 0;

	if ((vcpu_ops->get_control(vcpu, 0) & CR0_PE) != 0 && (vcpu->rflags & RFLAGS_VM) == 0) {
		bool allowed = (type & TYPE_WRITABLE_OR_READABLE) != 0;

		if ((segment->attributes & SEGMENT_ATTRIBUTE_UNUSABLE) != 0 ||
		    (access == GUEST_WRITE ? code || !allowed : code && !allowed))
			return false;
	}
	if (!code && (type & TYPE_EXPAND_DOWN) != 0) {
		bool big = (segment->attributes & SEGMENT_ATTRIBUTE_BIG) != 0;

		return offset > segment->limit_bytes && last <= (big ? UINT32_MAX : UINT16_MAX);
	}
	return last <= segment->limit_bytes;
}

/* Linear address of segment:offset; false with a fault where the segment forbids it. */
static bool operand_linear(struct emulation *emulation, unsigned number, uint64_t offset,
			   unsigned width_bytes, enum guest_access access, gva_t *gva)
{
	struct segment_register segment = {0};

	if (emulation->instruction->mode == DECODE_64) {
		if (number == SEGMENT_FS || number == SEGMENT_GS)
			vcpu_ops->get_segment(emulation->vcpu, (enum segment)number, &segment);
		*gva = segment.base + offset;
		return true;
	}
	vcpu_ops->get_segment(emulation->vcpu, (enum segment)number, &segment);
	if (!operand_segment_allows(emulation, &segment, offset, width_bytes, access))
		return operand_segment_fault(emulation, number);
	*gva = (uint32_t)(segment.base + offset);
	return true;
}

static bool operand_translate_part(struct emulation *emulation, unsigned segment, gva_t gva,
				   enum guest_access access, gpa_t *gpa)
{
	if (!guest_translate(emulation->vcpu, gva, access, gpa, &emulation->fault)) {
		if (emulation->fault.vector == VECTOR_GENERAL_PROTECTION)
			return operand_segment_fault(emulation, segment);
		return false;
	}
	if (emulation->fetched ? mmio_is_claimed(*gpa)
			       : align_down(*gpa, PAGE_BYTES) == emulation->fault_page)
		emulation->touched = true;
	return true;
}

bool operand_translate(struct emulation *emulation, unsigned segment, uint64_t offset,
		       unsigned width_bytes, enum guest_access access, struct memory_operand *out)
{
	uint64_t left;
	gva_t gva;

	if (!operand_linear(emulation, segment, offset, width_bytes, access, &gva))
		return false;
	emulation->breakpoints |= breakpoint_match(
		emulation->vcpu, access == GUEST_WRITE ? BREAKPOINT_WRITE : BREAKPOINT_READ, gva,
		width_bytes);
	left = PAGE_BYTES - (gva & PAGE_MASK);
	out->width_bytes = width_bytes;
	out->first_bytes = width_bytes < left ? width_bytes : (unsigned)left;
	if (!operand_translate_part(emulation, segment, gva, access, &out->gpa[0]))
		return false;
	if (out->first_bytes == width_bytes)
		return true;
	gva += out->first_bytes;
	if (emulation->instruction->mode != DECODE_64)
		gva = (uint32_t)gva;
	return operand_translate_part(emulation, segment, gva, access, &out->gpa[1]);
}

uint64_t operand_read_memory(struct emulation *emulation, const struct memory_operand *operand)
{
	unsigned rest = operand->width_bytes - operand->first_bytes;
	uint64_t value = mmio_read(emulation->vcpu, operand->gpa[0], operand->first_bytes);

	if (rest != 0)
		value |= mmio_read(emulation->vcpu, operand->gpa[1], rest)
			 << (8 * operand->first_bytes);
	return value;
}

void operand_write_memory(struct emulation *emulation, const struct memory_operand *operand,
			  uint64_t value)
{
	unsigned rest = operand->width_bytes - operand->first_bytes;

	mmio_write(emulation->vcpu, operand->gpa[0], operand->first_bytes, value);
	if (rest != 0)
		mmio_write(emulation->vcpu, operand->gpa[1], rest,
			   value >> (8 * operand->first_bytes));
}

bool operand_is_claimed(const struct memory_operand *operand)
{
	return mmio_is_claimed(operand->gpa[0]) ||
	       (operand->first_bytes != operand->width_bytes && mmio_is_claimed(operand->gpa[1]));
}
