/*
 * vmm/alu.c: owns computing on behalf of the guest: each operation runs natively, in its width,
 * with the guest's arithmetic flags loaded before and taken back after. Pure code, no state.
 */
#include "vmm/alu.h"

/* Runs `instruction` between loading and storing flags. IF is clear in what is loaded, as it is in
 * the host. */
#define ALU_RUN(instruction, output, ...)                                                          \
	__asm__ volatile("push %[flags]\n\tpopfq\n\t" instruction "\n\tpushfq\n\tpop %[flags]"     \
			 : [value] output(value), [flags] "+r"(flags)                              \
			 : __VA_ARGS__                                                             \
			 : "cc", "memory")

#define ALU_BINARY(name, suffix, type)                                                             \
	case DECODE_##name: {                                                                      \
		type value = (type)first, operand = (type)second;                                  \
		ALU_RUN(ALU_MNEMONIC_##name suffix " %[operand], %[value]", "+q",                  \
			[operand] "q"(operand));                                                   \
		result = value;                                                                    \
		break;                                                                             \
	}

#define ALU_MNEMONIC_ADD "add"
#define ALU_MNEMONIC_OR "or"
#define ALU_MNEMONIC_ADC "adc"
#define ALU_MNEMONIC_SBB "sbb"
#define ALU_MNEMONIC_AND "and"
#define ALU_MNEMONIC_SUB "sub"
#define ALU_MNEMONIC_XOR "xor"
#define ALU_MNEMONIC_CMP "cmp"
#define ALU_MNEMONIC_TEST "test"
#define ALU_MNEMONIC_INC "inc"
#define ALU_MNEMONIC_DEC "dec"
#define ALU_MNEMONIC_NOT "not"
#define ALU_MNEMONIC_NEG "neg"
#define ALU_MNEMONIC_ROL "rol"
#define ALU_MNEMONIC_ROR "ror"
#define ALU_MNEMONIC_RCL "rcl"
#define ALU_MNEMONIC_RCR "rcr"
#define ALU_MNEMONIC_SHL "shl"
#define ALU_MNEMONIC_SHR "shr"
#define ALU_MNEMONIC_SAR "sar"
#define ALU_MNEMONIC_BT "bt"
#define ALU_MNEMONIC_BTS "bts"
#define ALU_MNEMONIC_BTR "btr"
#define ALU_MNEMONIC_BTC "btc"

#define ALU_BINARY_WIDTH(width, suffix, type)                                                      \
	static uint64_t alu_binary##width(enum decode_operation operation, uint64_t first,         \
					  uint64_t second, uint64_t *rflags)                       \
	{                                                                                          \
		uint64_t flags = (*rflags & RFLAGS_STATUS) | RFLAGS_FIXED, result = first;             \
                                                                                                   \
		switch (operation) {                                                               \
			ALU_BINARY(ADD, suffix, type)                                              \
			ALU_BINARY(OR, suffix, type)                                               \
			ALU_BINARY(ADC, suffix, type)                                              \
			ALU_BINARY(SBB, suffix, type)                                              \
			ALU_BINARY(AND, suffix, type)                                              \
			ALU_BINARY(SUB, suffix, type)                                              \
			ALU_BINARY(XOR, suffix, type)                                              \
			ALU_BINARY(CMP, suffix, type)                                              \
			ALU_BINARY(TEST, suffix, type)                                             \
		default:                                                                           \
			break;                                                                     \
		}                                                                                  \
		*rflags = (*rflags & ~RFLAGS_STATUS) | (flags & RFLAGS_STATUS);                            \
		return result;                                                                     \
	}

ALU_BINARY_WIDTH(8, "b", uint8_t)
ALU_BINARY_WIDTH(16, "w", uint16_t)
ALU_BINARY_WIDTH(32, "l", uint32_t)
ALU_BINARY_WIDTH(64, "q", uint64_t)

uint64_t alu_binary(enum decode_operation operation, unsigned width_bytes, uint64_t first,
		    uint64_t second, uint64_t *rflags)
{
	switch (width_bytes) {
	case 1:
		return alu_binary8(operation, first, second, rflags);
	case 2:
		return alu_binary16(operation, first, second, rflags);
	case 4:
		return alu_binary32(operation, first, second, rflags);
	default:
		return alu_binary64(operation, first, second, rflags);
	}
}

#define ALU_UNARY(name, suffix, type)                                                              \
	case DECODE_##name: {                                                                      \
		type value = (type)first;                                                          \
		ALU_RUN(ALU_MNEMONIC_##name suffix " %[value]", "+q", "i"(0));                     \
		result = value;                                                                    \
		break;                                                                             \
	}

#define ALU_SHIFT(name, suffix, type)                                                              \
	case DECODE_##name: {                                                                      \
		type value = (type)first;                                                          \
		ALU_RUN(ALU_MNEMONIC_##name suffix " %%cl, %[value]", "+q", "c"(count));           \
		result = value;                                                                    \
		break;                                                                             \
	}

#define ALU_UNARY_WIDTH(width, suffix, type)                                                       \
	static uint64_t alu_unary##width(enum decode_operation operation, uint64_t first,          \
					 uint8_t count, uint64_t *rflags)                          \
	{                                                                                          \
		uint64_t flags = (*rflags & RFLAGS_STATUS) | RFLAGS_FIXED, result = first;             \
                                                                                                   \
		switch (operation) {                                                               \
			ALU_UNARY(INC, suffix, type)                                               \
			ALU_UNARY(DEC, suffix, type)                                               \
			ALU_UNARY(NOT, suffix, type)                                               \
			ALU_UNARY(NEG, suffix, type)                                               \
			ALU_SHIFT(ROL, suffix, type)                                               \
			ALU_SHIFT(ROR, suffix, type)                                               \
			ALU_SHIFT(RCL, suffix, type)                                               \
			ALU_SHIFT(RCR, suffix, type)                                               \
			ALU_SHIFT(SHL, suffix, type)                                               \
			ALU_SHIFT(SHR, suffix, type)                                               \
			ALU_SHIFT(SAR, suffix, type)                                               \
		default:                                                                           \
			break;                                                                     \
		}                                                                                  \
		*rflags = (*rflags & ~RFLAGS_STATUS) | (flags & RFLAGS_STATUS);                            \
		return result;                                                                     \
	}

ALU_UNARY_WIDTH(8, "b", uint8_t)
ALU_UNARY_WIDTH(16, "w", uint16_t)
ALU_UNARY_WIDTH(32, "l", uint32_t)
ALU_UNARY_WIDTH(64, "q", uint64_t)

uint64_t alu_shift(enum decode_operation operation, unsigned width_bytes, uint64_t value,
		   uint8_t count, uint64_t *rflags)
{
	switch (width_bytes) {
	case 1:
		return alu_unary8(operation, value, count, rflags);
	case 2:
		return alu_unary16(operation, value, count, rflags);
	case 4:
		return alu_unary32(operation, value, count, rflags);
	default:
		return alu_unary64(operation, value, count, rflags);
	}
}

uint64_t alu_unary(enum decode_operation operation, unsigned width_bytes, uint64_t value,
		   uint64_t *rflags)
{
	return alu_shift(operation, width_bytes, value, 0, rflags);
}

#define ALU_BIT(name, suffix, type)                                                                \
	case DECODE_##name: {                                                                      \
		type value = (type)first, operand = (type)bit;                                     \
		ALU_RUN(ALU_MNEMONIC_##name suffix " %[operand], %[value]", "+r",                  \
			[operand] "r"(operand));                                                   \
		result = value;                                                                    \
		break;                                                                             \
	}

#define ALU_BIT_WIDTH(width, suffix, type)                                                         \
	static uint64_t alu_bit##width(enum decode_operation operation, uint64_t first,            \
				       unsigned bit, uint64_t *rflags)                             \
	{                                                                                          \
		uint64_t flags = (*rflags & RFLAGS_STATUS) | RFLAGS_FIXED, result = first;             \
                                                                                                   \
		switch (operation) {                                                               \
			ALU_BIT(BT, suffix, type)                                                  \
			ALU_BIT(BTS, suffix, type)                                                 \
			ALU_BIT(BTR, suffix, type)                                                 \
			ALU_BIT(BTC, suffix, type)                                                 \
		default:                                                                           \
			break;                                                                     \
		}                                                                                  \
		*rflags = (*rflags & ~RFLAGS_STATUS) | (flags & RFLAGS_STATUS);                            \
		return result;                                                                     \
	}

ALU_BIT_WIDTH(16, "w", uint16_t)
ALU_BIT_WIDTH(32, "l", uint32_t)
ALU_BIT_WIDTH(64, "q", uint64_t)

uint64_t alu_bit(enum decode_operation operation, unsigned width_bytes, uint64_t value,
		 unsigned bit, uint64_t *rflags)
{
	switch (width_bytes) {
	case 2:
		return alu_bit16(operation, value, bit, rflags);
	case 4:
		return alu_bit32(operation, value, bit, rflags);
	default:
		return alu_bit64(operation, value, bit, rflags);
	}
}

/* AMD APM v3, appendix A: conditions come in pairs, the odd one is the negation. */
bool alu_condition(unsigned condition, uint64_t rflags)
{
	bool sign_differs = ((rflags & RFLAGS_SF) != 0) != ((rflags & RFLAGS_OF) != 0);
	bool holds;

	switch (condition >> 1) {
	case 0:
		holds = (rflags & RFLAGS_OF) != 0;
		break;
	case 1:
		holds = (rflags & RFLAGS_CF) != 0;
		break;
	case 2:
		holds = (rflags & RFLAGS_ZF) != 0;
		break;
	case 3:
		holds = (rflags & (RFLAGS_CF | RFLAGS_ZF)) != 0;
		break;
	case 4:
		holds = (rflags & RFLAGS_SF) != 0;
		break;
	case 5:
		holds = (rflags & RFLAGS_PF) != 0;
		break;
	case 6:
		holds = sign_differs;
		break;
	default:
		holds = sign_differs || (rflags & RFLAGS_ZF) != 0;
		break;
	}
	return holds != ((condition & 1) != 0);
}
