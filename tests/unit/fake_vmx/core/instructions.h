/*
 * tests/unit/fake_vmx/core/instructions.h: stands before core/instructions.h: a CPU's CPUID and MSRs
 * are what the test says.
 */
#ifndef CORE_INSTRUCTIONS_H
#define CORE_INSTRUCTIONS_H

#include "core/x86.h"
#include "rv/types.h"

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

struct cpuid_result cpuid_query(uint32_t leaf, uint32_t subleaf);
uint64_t msr_read(uint32_t msr);
bool msr_read_safe(uint32_t msr, uint64_t *value);

static inline void cpu_pause(void)
{
}

#endif
