/*
 * tests/unit/fake_process/core/instructions.h: stands before core/instructions.h for the system
 * calls' unit test: no privileged instruction.
 */
#ifndef CORE_INSTRUCTIONS_H
#define CORE_INSTRUCTIONS_H

#include "core/x86.h"
#include "rv/types.h"

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_result cpuid_query(uint32_t leaf, uint32_t subleaf)
{
	return (struct cpuid_result){ leaf, subleaf, 0, 0 };
}

static inline uint64_t msr_read(uint32_t msr)
{
	return msr == MSR_APIC_BASE ? 0xfee00900 : 0;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
	(void)msr;
	(void)value;
}

static inline uint64_t tsc_read(void)
{
	return 0;
}

#endif
