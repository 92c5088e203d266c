/*
 * vmm/decode.h: a guest instruction taken apart, as the emulator wants it. Zydis does the decoding;
 * nothing but decode.c knows it.
 */
#ifndef VMM_DECODE_H
#define VMM_DECODE_H

#include "rv/types.h"
#include "vmm/vcpu.h"

#define INSTRUCTION_BYTES_MAXIMUM 15
#define DECODE_OTHER_BYTES_MAXIMUM 128

/* The mode of a code segment: what the bytes mean. */
enum decode_mode {
	DECODE_REAL_16, DECODE_16, DECODE_32, DECODE_COMPAT_16, DECODE_COMPAT_32, DECODE_64,
};

enum decode_operation {
	DECODE_OTHER, /* not one that can be emulated; length_bytes is right nevertheless */
	/* Moves. */
	DECODE_MOV, DECODE_MOVZX, DECODE_MOVSX, DECODE_MOVBE, DECODE_CMOV, DECODE_SETCC,
	/* Two operands, flags. */
	DECODE_ADD, DECODE_OR, DECODE_ADC, DECODE_SBB, DECODE_AND, DECODE_SUB, DECODE_XOR,
	DECODE_CMP, DECODE_TEST,
	/* One operand. */
	DECODE_INC, DECODE_DEC, DECODE_NOT, DECODE_NEG,
	/* Shifts by an immediate or by CL. */
	DECODE_ROL, DECODE_ROR, DECODE_RCL, DECODE_RCR, DECODE_SHL, DECODE_SHR, DECODE_SAR,
	/* Bits. */
	DECODE_BT, DECODE_BTS, DECODE_BTR, DECODE_BTC,
	/* Exchanges. */
	DECODE_XCHG, DECODE_CMPXCHG, DECODE_XADD,
	/* A cache line written back or flushed, the table lookup of XLAT, MOV SS and POP SS. */
	DECODE_FLUSH, DECODE_XLAT, DECODE_LOAD_SS,
	/* Stack and near branches. */
	DECODE_PUSH, DECODE_PUSHF, DECODE_ENTER, DECODE_CALL, DECODE_POP, DECODE_LEAVE, DECODE_RET,
	DECODE_JMP,
	/* Strings. */
	DECODE_MOVS, DECODE_STOS, DECODE_LODS, DECODE_CMPS, DECODE_SCAS,
};

/* Of those that are not emulated: which a trace flag that is not the guest's own would show in, or
 * would not end behind (AMD APM v2 8.2.2, 13.1.4). */
enum decode_trace {
	DECODE_TRACE_PLAIN,
	DECODE_TRACE_LOADS_FLAGS, /* POPF, IRET */
	DECODE_TRACE_SYSCALL, DECODE_TRACE_SYSRET,
	DECODE_TRACE_INTERRUPT,	  /* INT n, INT3, INTO: `vector` */
	DECODE_TRACE_ICEBP,
};

enum decode_repeat { DECODE_ONCE, DECODE_REPEAT, DECODE_REPEAT_EQUAL, DECODE_REPEAT_NOT_EQUAL };

enum decode_operand_kind {
	DECODE_NONE, DECODE_REGISTER, DECODE_MEMORY, DECODE_IMMEDIATE, DECODE_SEGMENT,
};

struct decode_operand {
	enum decode_operand_kind kind;
	uint8_t width_bytes;
	uint8_t gpr;	    /* enum gpr; of a segment register enum segment */
	bool high_byte;	    /* AH, CH, DH, BH: bits 15:8 of `gpr` */
	uint64_t immediate; /* sign-extended as the CPU would */
};

/* The address of the memory operand: segment, base + index * scale + displacement. */
struct decode_memory {
	uint8_t segment;   /* enum segment */
	bool has_base, has_index, rip_relative;
	uint8_t base, index; /* enum gpr */
	uint8_t scale;
	int64_t displacement;
};

struct decoded_instruction {
	enum decode_operation operation;
	enum decode_mode mode;
	enum decode_repeat repeat;
	uint8_t length_bytes;
	uint8_t address_bytes;	 /* 2, 4, 8 */
	uint8_t width_bytes;	 /* of the first operand, of a string's element, of what the stack gets */
	uint8_t condition;	 /* CMOV, SETCC: the low four bits of the opcode */
	bool lock;
	struct decode_operand first, second; /* destination and source, in the manual's order */
	struct decode_memory memory;	     /* of the explicit operand, of a string's rSI side */
	enum decode_trace trace;
	uint8_t vector;
	uint8_t opcode;
	/* DECODE_OTHER with one memory operand of known size, which is read, written in full, or
	 * both: its size; else 0. */
	uint8_t other_bytes;
	bool other_reads, other_writes;
	uint8_t port_string; /* INS, OUTS: EXIT_PORT_* (vmm/vcpu.h), but for the port's number; else 0 */
	bool other_stack; /* it is what the stack pointer, as it is before, shows or will show */
};

/* The mode that a vCPU executes in. */
enum decode_mode decode_mode_of(struct vcpu *vcpu);

/* Takes the first instruction apart; false if the bytes hold no valid one. */
bool decode_instruction(enum decode_mode mode, const uint8_t *bytes, unsigned nr_bytes,
			struct decoded_instruction *out);

#endif
