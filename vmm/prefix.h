/*
 * vmm/prefix.h: the bytes that may stand before an x86 opcode (AMD APM v3 1.2).
 */
#ifndef VMM_PREFIX_H
#define VMM_PREFIX_H

#include "rv/types.h"

static inline bool prefix_is_legacy(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 ||
	       byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
	       byte == 0x65;
}

/* REX; only in 64-bit code. */
static inline bool prefix_is_rex(uint8_t byte)
{
	return (byte & 0xf0) == 0x40;
}

#endif
