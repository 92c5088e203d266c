/*
 * vmm/alu.h: the arithmetic of emulated instructions, flags included. The CPU itself computes both,
 * so flags that the manuals leave undefined are this CPU's own.
 */
#ifndef VMM_ALU_H
#define VMM_ALU_H

#include "core/x86.h"
#include "rv/types.h"
#include "vmm/decode.h"

/* All ones in a width of 1, 2, 4 or 8 bytes. */
static inline uint64_t alu_mask(unsigned width_bytes)
{
	return width_bytes >= 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * width_bytes)) - 1;
}

static inline uint64_t alu_sign_extend(uint64_t value, unsigned width_bytes)
{
	unsigned unused = 64 - 8 * width_bytes;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/* DECODE_ADD ... DECODE_TEST: first op second, in the given width; CMP and TEST return `first`. */
uint64_t alu_binary(enum decode_operation operation, unsigned width_bytes, uint64_t first,
		    uint64_t second, uint64_t *rflags);

/* DECODE_INC, DEC, NOT, NEG. */
uint64_t alu_unary(enum decode_operation operation, unsigned width_bytes, uint64_t value,
		   uint64_t *rflags);

/* DECODE_ROL ... DECODE_SAR. */
uint64_t alu_shift(enum decode_operation operation, unsigned width_bytes, uint64_t value,
		   uint8_t count, uint64_t *rflags);

/* DECODE_BT ... DECODE_BTC with the bit number inside the value. */
uint64_t alu_bit(enum decode_operation operation, unsigned width_bytes, uint64_t value,
		 unsigned bit, uint64_t *rflags);

/* Does a condition (low four bits of Jcc, CMOVcc, SETcc) hold? */
bool alu_condition(unsigned condition, uint64_t rflags);

#endif
