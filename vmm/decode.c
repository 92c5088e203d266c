/*
 * vmm/decode.c: owns the use of Zydis: which of its instructions are which of our operations, and
 * their operands in our terms. Pure code, no state.
 */
#include "vmm/decode.h"

#include <Zydis/Decoder.h>
#include <Zydis/Register.h>

#include "core/string.h"
#include "vmm/guest_walk.h"

/* AMD APM v3 table A-1 */
#define OPCODE_INSB 0x6c
#define OPCODE_OUTSB 0x6e
#define OPCODE_OUTSD 0x6f

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
		{ZYDIS_MNEMONIC_RET, DECODE_RET},     {ZYDIS_MNEMONIC_LEAVE, DECODE_LEAVE},
		{ZYDIS_MNEMONIC_ENTER, DECODE_ENTER}, {ZYDIS_MNEMONIC_XLAT, DECODE_XLAT},
		{ZYDIS_MNEMONIC_PUSHF, DECODE_PUSHF}, {ZYDIS_MNEMONIC_PUSHFD, DECODE_PUSHF},
		{ZYDIS_MNEMONIC_PUSHFQ, DECODE_PUSHF},
		{ZYDIS_MNEMONIC_CLFLUSH, DECODE_FLUSH},
		{ZYDIS_MNEMONIC_CLFLUSHOPT, DECODE_FLUSH},
		{ZYDIS_MNEMONIC_CLWB, DECODE_FLUSH},  {ZYDIS_MNEMONIC_CLDEMOTE, DECODE_FLUSH},
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
		if (from->reg.value >= ZYDIS_REGISTER_ES && from->reg.value <= ZYDIS_REGISTER_GS) {
			out->kind = DECODE_SEGMENT;
			out->gpr = (uint8_t)(from->reg.value - ZYDIS_REGISTER_ES);
			return true;
		}
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
	/* Segment registers: MOV to memory is emulated; what loads one is decode_segment_load()'s. */
	if (out->first.kind == DECODE_SEGMENT)
		return false;
	out->width_bytes = out->first.width_bytes;
	return out->first.kind == DECODE_MEMORY || out->second.kind == DECODE_MEMORY;
}

/* Of a cache line the CPU looks at the byte that is named (AMD APM v3, CLFLUSH). */
static bool decode_line_operand(const ZydisDecodedOperand *operand, struct decoded_instruction *out)
{
	out->first.kind = DECODE_MEMORY;
	out->first.width_bytes = out->width_bytes = 1;
	return operand->type == ZYDIS_OPERAND_TYPE_MEMORY && decode_memory(&operand->mem, &out->memory);
}

/* The operand that says what goes onto the stack, or where to; and the size of a slot there. */
static bool decode_stack_operands(const ZydisDecodedInstruction *instruction,
				  const ZydisDecodedOperand *operands,
				  struct decoded_instruction *out)
{
	for (unsigned i = 0; i < instruction->operand_count; i++) {
		const ZydisDecodedOperand *operand = &operands[i];

		if (operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN) {
			if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
				out->width_bytes = (uint8_t)(operand->size / 8);
		} else if (!decode_operand(operand, i == 0 ? &out->first : &out->second,
					   &out->memory)) {
			return false;
		}
	}
	if (out->operation == DECODE_JMP)
		out->width_bytes = out->first.width_bytes;
	/* Nested frames, and what changes a segment, are the CPU's. */
	if ((out->operation == DECODE_ENTER && (out->second.immediate & 0x1f) != 0) ||
	    (out->operation == DECODE_POP && out->first.kind == DECODE_SEGMENT) ||
	    (out->operation == DECODE_JMP && out->first.kind != DECODE_MEMORY))
		return false;
	return out->width_bytes != 0;
}

/* MOV SS and POP SS: the selector is the second operand; none: it is on the stack. */
static bool decode_segment_load(const ZydisDecodedInstruction *instruction,
				const ZydisDecodedOperand *operands,
				struct decoded_instruction *out)
{
	bool pops = instruction->mnemonic == ZYDIS_MNEMONIC_POP;

	if ((!pops && instruction->mnemonic != ZYDIS_MNEMONIC_MOV) ||
	    operands[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    operands[0].reg.value != ZYDIS_REGISTER_SS)
		return false;
	out->width_bytes = pops ? (uint8_t)(instruction->operand_width / 8) : 2;
	if (!pops && !decode_operand(&operands[1], &out->second, &out->memory))
		return false;
	out->second.width_bytes = 2;
	return true;
}

/* Its base and index are rBX and AL; what can be said is the segment. */
static bool decode_xlat_operand(const ZydisDecodedInstruction *instruction,
				const ZydisDecodedOperand *operands,
				struct decoded_instruction *out)
{
	for (unsigned i = 0; i < instruction->operand_count; i++) {
		if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    decode_memory(&operands[i].mem, &out->memory)) {
			out->width_bytes = 1;
			return true;
		}
	}
	return false;
}

/* Accesses some of its operand's bytes, or none. */
static bool decode_is_partial(ZydisMnemonic mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_VMASKMOVPS:
	case ZYDIS_MNEMONIC_VMASKMOVPD:
	case ZYDIS_MNEMONIC_VPMASKMOVD:
	case ZYDIS_MNEMONIC_VPMASKMOVQ:
		return true;
	default:
		return false;
	}
}

/* What only a CPU can execute of those that work on the stack: how many slots, and which way. */
static bool decode_other_stack(const ZydisDecodedInstruction *instruction,
			       struct decoded_instruction *out)
{
	unsigned slots;

	switch (instruction->mnemonic) {
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
		slots = out->mode == DECODE_64 ? 5 : 3;
		break;
	case ZYDIS_MNEMONIC_POPF:
	case ZYDIS_MNEMONIC_POPFD:
	case ZYDIS_MNEMONIC_POPFQ:
	case ZYDIS_MNEMONIC_POP: /* a segment register */
		slots = 1;
		break;
	case ZYDIS_MNEMONIC_RET: /* far */
		slots = 2;
		break;
	case ZYDIS_MNEMONIC_PUSHA:
	case ZYDIS_MNEMONIC_PUSHAD:
	case ZYDIS_MNEMONIC_POPA:
	case ZYDIS_MNEMONIC_POPAD:
		slots = 8;
		break;
	default:
		return false;
	}
	out->other_writes = instruction->mnemonic == ZYDIS_MNEMONIC_PUSHA ||
			    instruction->mnemonic == ZYDIS_MNEMONIC_PUSHAD;
	out->other_reads = !out->other_writes;
	out->other_stack = true;
	out->memory.segment = SEGMENT_SS;
	out->other_bytes = (uint8_t)(slots * instruction->operand_width / 8);
	return true;
}

static enum decode_trace decode_trace_of(const ZydisDecodedInstruction *instruction,
					 const ZydisDecodedOperand *operands, uint8_t *vector)
{
	switch (instruction->mnemonic) {
	case ZYDIS_MNEMONIC_POPF:
	case ZYDIS_MNEMONIC_POPFD:
	case ZYDIS_MNEMONIC_POPFQ:
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
		return DECODE_TRACE_LOADS_FLAGS;
	case ZYDIS_MNEMONIC_SYSCALL:
		return DECODE_TRACE_SYSCALL;
	case ZYDIS_MNEMONIC_SYSRET:
		return DECODE_TRACE_SYSRET;
	case ZYDIS_MNEMONIC_INT:
		*vector = (uint8_t)operands[0].imm.value.u;
		return DECODE_TRACE_INTERRUPT;
	case ZYDIS_MNEMONIC_INT3:
		*vector = VECTOR_BREAKPOINT;
		return DECODE_TRACE_INTERRUPT;
	case ZYDIS_MNEMONIC_INTO:
		*vector = VECTOR_OVERFLOW;
		return DECODE_TRACE_INTERRUPT;
	case ZYDIS_MNEMONIC_INT1:
		return DECODE_TRACE_ICEBP;
	default:
		return DECODE_TRACE_PLAIN;
	}
}

static uint8_t decode_port_string(const ZydisDecodedInstruction *instruction)
{
	uint32_t what = EXIT_PORT_STRING;

	if (instruction->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT ||
	    instruction->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
	    instruction->opcode < OPCODE_INSB || instruction->opcode > OPCODE_OUTSD)
		return 0;
	if (instruction->opcode < OPCODE_OUTSB)
		what |= EXIT_PORT_IN;
	if (instruction->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPNE))
		what |= EXIT_PORT_REPEAT;
	/* The odd ones move two bytes, or four at most. */
	if (!(instruction->opcode & 1))
		what |= 1u << EXIT_PORT_BYTES_SHIFT;
	else
		what |= (instruction->operand_width == 16 ? 2u : 4u) << EXIT_PORT_BYTES_SHIFT;
	return (uint8_t)what;
}

/* The memory operand of an instruction that only a CPU can execute. */
static void decode_other(const ZydisDecodedInstruction *instruction,
			 const ZydisDecodedOperand *operands, struct decoded_instruction *out)
{
	const ZydisDecodedOperand *memory = NULL;

	out->trace = decode_trace_of(instruction, operands, &out->vector);
	out->port_string = decode_port_string(instruction);
	if (decode_other_stack(instruction, out))
		return;
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
	out->opcode = instruction.opcode;
	out->condition = instruction.opcode & 0xf;
	if (decode_segment_load(&instruction, operands, out)) {
		out->operation = DECODE_LOAD_SS;
		return true;
	}
	out->operation = decode_classify(&instruction);
	out->repeat = decode_repeat_of(&instruction, out->operation);
	if (out->operation == DECODE_OTHER) {
		decode_other(&instruction, operands, out);
		return true;
	}
	if (out->operation >= DECODE_MOVS)
		known = decode_string_operands(&instruction, operands, out);
	else if (out->operation >= DECODE_PUSH)
		known = decode_stack_operands(&instruction, operands, out);
	else if (out->operation == DECODE_FLUSH)
		known = decode_line_operand(&operands[0], out);
	else if (out->operation == DECODE_XLAT)
		known = decode_xlat_operand(&instruction, operands, out);
	else
		known = decode_plain_operands(&instruction, operands, out);
	if (!known) {
		out->operation = DECODE_OTHER;
		decode_other(&instruction, operands, out);
	}
	return true;
}
