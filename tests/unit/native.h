/*
 * tests/unit/native.h: runs one instruction on the CPU that the test runs on, with chosen registers
 * and flags, in memory at fixed addresses.
 */
#ifndef TESTS_UNIT_NATIVE_H
#define TESTS_UNIT_NATIVE_H

#include "rv/types.h"

#define NATIVE_DATA UINT64_C(0x10000000)
#define NATIVE_DATA_BYTES KIB(32)
#define NATIVE_CODE UINT64_C(0x20000000)
#define NATIVE_STATE UINT64_C(0x30000000)

/* At NATIVE_STATE. */
struct native_state {
	uint64_t host_rsp;
	uint64_t gpr[16]; /* in the order of enum gpr */
	uint64_t rflags;
	uint32_t narrow_entry, narrow_selector; /* of 32-bit code, for a far jump */
};

/* Whether Linux lets programs run 32-bit code here: one that was told not to has no segment for it. */
bool native_has_32_bit(void);
/* Maps the three areas. */
void native_init(void);
/* Puts an instruction in place, of 64-bit code or of 32-bit code; returns its address. */
uint64_t native_load(const uint8_t *bytes, size_t length_bytes, bool wide);
/* Runs it: NATIVE_STATE holds what it starts with, then what it left. */
void native_run(void);

#endif
