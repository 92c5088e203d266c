/*
 * vmm/decode.c: owns the use of Zydis: which of its instructions are which of our operations, and
 * their operands in our terms. Pure code, no state.
 */
#include "vmm/decode.h"

#include <Zydis/Decoder.h>
#include <Zydis/Register.h>

#include "core/string.h"
#include "vmm/guest_walk.h"

/* First and second operand, and the implied ones that strings and exchanges have. */
#define DECODE_OPERANDS_MAXIMUM ZYDIS_MAX_OPERAND_COUNT

struct decode_modes {
	ZydisMachineMode machine;
	ZydisStackWidth stack;
};

static const struct decode_modes decode_modes[] = {
	[DECODE_REAL_16] = {ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16},
	[DECODE_16] = {ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16},
	[DECODE_32] = {ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32},
	[DECODE_COMPAT_16] = {ZYDIS_MACHINE_MODE_LONG_COMPAT_16, ZYDIS_STACK_WIDTH_16},
	[DECODE_COMPAT_32] = {ZYDIS_MACHINE_MODE_LONG_COMPAT_32, ZYDIS_STACK_WIDTH_32},
	[DECODE_64] = {ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64},
};

enum decode_mode decode_mode_of(struct vcpu *vcpu)
{
	struct segment_register cs;
	bool big;

	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &cs);
	big = (cs.attributes & SEGMENT_ATTRIBUTE_BIG) != 0;
	if (vcpu_is_long(vcpu)) {
		if ((cs.attributes & SEGMENT_ATTRIBUTE_LONG) != 0)
			return DECODE_64;
		return big ? DECODE_COMPAT_32 : DECODE_COMPAT_16;
	}
	if ((vcpu_ops->get_control(vcpu, 0) & CR0_PE) == 0 || (vcpu->rflags & RFLAGS_VM) != 0)
		return big ? DECODE_32 : DECODE_REAL_16; /* big real mode keeps its D bit */
	return big ? DECODE_32 : DECODE_16;
}

static void decode_init(ZydisDecoder *decoder, enum decode_mode mode)
{
	/* It fails only for arguments that do not occur here. */
	(void)ZydisDecoderInit(decoder, decode_modes[mode].machine, decode_modes[mode].stack);
}

static enum decode_operation decode_string(ZydisMnemonic mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_MOVSB:
	case ZYDIS_MNEMONIC_MOVSW:
	case ZYDIS_MNEMONIC_MOVSD:
	case ZYDIS_MNEMONIC_MOVSQ:
		return DECODE_MOVS;
	case ZYDIS_MNEMONIC_STOSB:
	case ZYDIS_MNEMONIC_STOSW:
	case ZYDIS_MNEMONIC_STOSD:
	case ZYDIS_MNEMONIC_STOSQ:
		return DECODE_STOS;
	case ZYDIS_MNEMONIC_LODSB:
	case ZYDIS_MNEMONIC_LODSW:
	case ZYDIS_MNEMONIC_LODSD:
	case ZYDIS_MNEMONIC_LODSQ:
		return DECODE_LODS;
	case ZYDIS_MNEMONIC_CMPSB:
	case ZYDIS_MNEMONIC_CMPSW:
	case ZYDIS_MNEMONIC_CMPSD:
	case ZYDIS_MNEMONIC_CMPSQ:
		return DECODE_CMPS;
	case ZYDIS_MNEMONIC_SCASB:
	case ZYDIS_MNEMONIC_SCASW:
	case ZYDIS_MNEMONIC_SCASD:
	case ZYDIS_MNEMONIC_SCASQ:
		return DECODE_SCAS;
	default:
		return DECODE_OTHER;
	}
}

static enum decode_operation decode_plain(ZydisMnemonic mnemonic)
{
	static const struct {
		uint16_t mnemonic;
		uint8_t operation;
	} table[] = {
		{ZYDIS_MNEMONIC_MOV, DECODE_MOV},     {ZYDIS_MNEMONIC_MOVNTI, DECODE_MOV},
		{ZYDIS_MNEMONIC_MOVDIRI, DECODE_MOV}, {ZYDIS_MNEMONIC_MOVZX, DECODE_MOVZX},
		{ZYDIS_MNEMONIC_MOVSX, DECODE_MOVSX}, {ZYDIS_MNEMONIC_MOVSXD, DECODE_MOVSX},
		{ZYDIS_MNEMONIC_MOVBE, DECODE_MOVBE}, {ZYDIS_MNEMONIC_ADD, DECODE_ADD},
		{ZYDIS_MNEMONIC_OR, DECODE_OR},	      {ZYDIS_MNEMONIC_ADC, DECODE_ADC},
		{ZYDIS_MNEMONIC_SBB, DECODE_SBB},     {ZYDIS_MNEMONIC_AND, DECODE_AND},
		{ZYDIS_MNEMONIC_SUB, DECODE_SUB},     {ZYDIS_MNEMONIC_XOR, DECODE_XOR},
		{ZYDIS_MNEMONIC_CMP, DECODE_CMP},     {ZYDIS_MNEMONIC_TEST, DECODE_TEST},
		{ZYDIS_MNEMONIC_INC, DECODE_INC},     {ZYDIS_MNEMONIC_DEC, DECODE_DEC},
		{ZYDIS_MNEMONIC_NOT, DECODE_NOT},     {ZYDIS_MNEMONIC_NEG, DECODE_NEG},
		{ZYDIS_MNEMONIC_ROL, DECODE_ROL},     {ZYDIS_MNEMONIC_ROR, DECODE_ROR},
		{ZYDIS_MNEMONIC_RCL, DECODE_RCL},     {ZYDIS_MNEMONIC_RCR, DECODE_RCR},
		{ZYDIS_MNEMONIC_SHL, DECODE_SHL},     {ZYDIS_MNEMONIC_SHR, DECODE_SHR},
		{ZYDIS_MNEMONIC_SAR, DECODE_SAR},     {ZYDIS_MNEMONIC_BT, DECODE_BT},
		{ZYDIS_MNEMONIC_BTS, DECODE_BTS},     {ZYDIS_MNEMONIC_BTR, DECODE_BTR},
		{ZYDIS_MNEMONIC_BTC, DECODE_BTC},     {ZYDIS_MNEMONIC_XCHG, DECODE_XCHG},
		{ZYDIS_MNEMONIC_XADD, DECODE_XADD},   {ZYDIS_MNEMONIC_CMPXCHG, DECODE_CMPXCHG},
		{ZYDIS_MNEMONIC_PUSH, DECODE_PUSH},   {ZYDIS_MNEMONIC_POP, DECODE_POP},
		{ZYDIS_MNEMONIC_CALL, DECODE_CALL},   {ZYDIS_MNEMONIC_JMP, DECODE_JMP},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		if (table[i].mnemonic == (uint16_t)mnemonic)
			return (enum decode_operation)table[i].operation;
	}
	return DECODE_OTHER;
}

static enum decode_operation decode_classify(const ZydisDecodedInstruction *instruction)
{
	bool legacy = instruction->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;

	if (instruction->opcode_map == ZYDIS_OPCODE_MAP_0F && legacy) {
		if ((instruction->opcode & 0xf0) == 0x40)
			return DECODE_CMOV;
		if ((instruction->opcode & 0xf0) == 0x90)
			return DECODE_SETCC;
	}
	/* MOVSD and CMPSD are names of SSE instructions too; those live in another map. */
	if (instruction->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && legacy &&
	    decode_string(instruction->mnemonic) != DECODE_OTHER)
		return decode_string(instruction->mnemonic);
	if (!legacy || instruction->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
		return DECODE_OTHER;
	return decode_plain(instruction->mnemonic);
}

/* General registers of each width stand together in Zydis's numbering. */
static bool decode_register(ZydisRegister number, struct decode_operand *out)
{
	if (number >= ZYDIS_REGISTER_AL && number <= ZYDIS_REGISTER_BL) {
		out->gpr = (uint8_t)(number - ZYDIS_REGISTER_AL);
	} else if (number >= ZYDIS_REGISTER_AH && number <= ZYDIS_REGISTER_BH) {
		out->gpr = (uint8_t)(number - ZYDIS_REGISTER_AH);
		out->high_byte = true;
	} else if (number >= ZYDIS_REGISTER_SPL && number <= ZYDIS_REGISTER_R15B) {
		out->gpr = (uint8_t)(number - ZYDIS_REGISTER_SPL + GPR_RSP);
	} else if (number >= ZYDIS_REGISTER_AX && number <= ZYDIS_REGISTER_R15W) {
		out->gpr = (uint8_t)(number - ZYDIS_REGISTER_AX);
	} else if (number >= ZYDIS_REGISTER_EAX && number <= ZYDIS_REGISTER_R15D) {
		out->gpr = (uint8_t)(number - ZYDIS_REGISTER_EAX);
	} else if (number >= ZYDIS_REGISTER_RAX && number <= ZYDIS_REGISTER_R15) {
		out->gpr = (uint8_t)(number - ZYDIS_REGISTER_RAX);
	} else {
		return false;
	}
	return true;
}

static bool decode_memory(const ZydisDecodedOperandMem *mem, struct decode_memory *out)
{
	struct decode_operand base = {0}, index = {0};

	memset(out, 0, sizeof(*out));
	out->displacement = mem->disp.value;
	out->scale = mem->scale;
	if (mem->base == ZYDIS_REGISTER_RIP || mem->base == ZYDIS_REGISTER_EIP)
		out->rip_relative = true;
	else if (mem->base != ZYDIS_REGISTER_NONE)
		out->has_base = true;
	out->has_index = mem->index != ZYDIS_REGISTER_NONE;
	if ((out->has_base && !decode_register(mem->base, &base)) ||
	    (out->has_index && !decode_register(mem->index, &index)))
		return false;
	out->base = base.gpr;
	out->index = index.gpr;
	if (mem->segment < ZYDIS_REGISTER_ES || mem->segment > ZYDIS_REGISTER_GS)
		return false;
	out->segment = (uint8_t)(mem->segment - ZYDIS_REGISTER_ES);
	return true;
}

static bool decode_operand(const ZydisDecodedOperand *from, struct decode_operand *out,
			   struct decode_memory *memory)
{
	if (from->size > 64)
		return false;
	out->width_bytes = (uint8_t)(from->size / 8);
	switch (from->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		out->kind = DECODE_REGISTER;
		return decode_register(from->reg.value, out);
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		out->kind = DECODE_IMMEDIATE;
		out->immediate = from->imm.value.u;
		return true;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		out->kind = DECODE_MEMORY;
		return from->mem.type == ZYDIS_MEMOP_TYPE_MEM && decode_memory(&from->mem, memory);
	default:
		return false;
	}
}

/* CPUs take either prefix on MOVS, STOS and LODS, so the bytes decide; the last one counts. */
static enum decode_repeat decode_repeat_of(const ZydisDecodedInstruction *instruction,
					   enum decode_operation operation)
{
	enum decode_repeat repeat = DECODE_ONCE;

	for (unsigned i = 0; i < instruction->raw.prefix_count; i++) {
		uint8_t prefix = instruction->raw.prefixes[i].value;

		if (prefix == 0xf3)
			repeat = DECODE_REPEAT_EQUAL;
		else if (prefix == 0xf2)
			repeat = DECODE_REPEAT_NOT_EQUAL;
	}
	if (repeat != DECODE_ONCE && operation != DECODE_CMPS && operation != DECODE_SCAS)
		repeat = DECODE_REPEAT;
	return repeat;
}

/* A string's operands are implied; which segment the rSI side has is all there is to say. */
static bool decode_string_operands(const ZydisDecodedInstruction *instruction,
				   const ZydisDecodedOperand *operands,
				   struct decoded_instruction *out)
{
	out->memory.segment = SEGMENT_DS;
	for (unsigned i = 0; i < instruction->operand_count; i++) {
		const ZydisDecodedOperand *operand = &operands[i];
		struct decode_memory memory;
		struct decode_operand base = {0};

		if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		out->width_bytes = (uint8_t)(operand->size / 8);
		if (!decode_memory(&operand->mem, &memory) ||
		    !decode_register(operand->mem.base, &base))
			return false;
		if (base.gpr == GPR_RSI)
			out->memory.segment = memory.segment;
	}
	return out->width_bytes != 0;
}

static bool decode_plain_operands(const ZydisDecodedInstruction *instruction,
				  const ZydisDecodedOperand *operands,
				  struct decoded_instruction *out)
{
	unsigned count = instruction->operand_count_visible;

	if (count == 0 || count > 2 || !decode_operand(&operands[0], &out->first, &out->memory) ||
	    (count == 2 && !decode_operand(&operands[1], &out->second, &out->memory)))
		return false;
	out->width_bytes = out->first.width_bytes;
	return out->first.kind == DECODE_MEMORY || out->second.kind == DECODE_MEMORY;
}

/* Accesses some of its operand's bytes, or none. */
static bool decode_is_partial(ZydisMnemonic mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_VMASKMOVPS:
	case ZYDIS_MNEMONIC_VMASKMOVPD:
	case ZYDIS_MNEMONIC_VPMASKMOVD:
	case ZYDIS_MNEMONIC_VPMASKMOVQ:
	case ZYDIS_MNEMONIC_CLFLUSH:
	case ZYDIS_MNEMONIC_CLFLUSHOPT:
	case ZYDIS_MNEMONIC_CLWB:
	case ZYDIS_MNEMONIC_CLDEMOTE:
		return true;
	default:
		return false;
	}
}

/* The memory operand of an instruction that only a CPU can execute. */
static void decode_other(const ZydisDecodedInstruction *instruction,
			 const ZydisDecodedOperand *operands, struct decoded_instruction *out)
{
	const ZydisDecodedOperand *memory = NULL;

	for (unsigned i = 0; i < instruction->operand_count; i++) {
		if (operands[i].type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		if (memory)
			return;
		memory = &operands[i];
	}
	if (!memory || decode_is_partial(instruction->mnemonic) ||
	    memory->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN ||
	    memory->mem.type != ZYDIS_MEMOP_TYPE_MEM || memory->size % 8 != 0 ||
	    memory->size > 8 * DECODE_OTHER_BYTES_MAXIMUM)
		return;
	out->other_reads = (memory->actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
	out->other_writes = (memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
	if ((memory->actions & ZYDIS_OPERAND_ACTION_CONDWRITE) != 0 && !out->other_reads)
		return;
	if (decode_memory(&memory->mem, &out->memory))
		out->other_bytes = (uint8_t)(memory->size / 8);
}

bool decode_instruction(enum decode_mode mode, const uint8_t *bytes, unsigned nr_bytes,
			struct decoded_instruction *out)
{
	ZydisDecodedOperand operands[DECODE_OPERANDS_MAXIMUM];
	ZydisDecodedInstruction instruction;
	ZydisDecoder decoder;
	bool known;

	memset(out, 0, sizeof(*out));
	decode_init(&decoder, mode);
	if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bytes, nr_bytes, &instruction, operands)))
		return false;
	out->mode = mode;
	out->length_bytes = instruction.length;
	out->address_bytes = instruction.address_width / 8;
	out->lock = (instruction.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0;
	out->condition = instruction.opcode & 0xf;
	out->operation = decode_classify(&instruction);
	out->repeat = decode_repeat_of(&instruction, out->operation);
	if (out->operation == DECODE_OTHER) {
		decode_other(&instruction, operands, out);
		return true;
	}
	if (out->operation >= DECODE_MOVS)
		known = decode_string_operands(&instruction, operands, out);
	else
		known = decode_plain_operands(&instruction, operands, out);
	if (!known) {
		out->operation = DECODE_OTHER;
		decode_other(&instruction, operands, out);
	}
	return true;
}
