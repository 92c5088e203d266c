/*
 * tests/unit/fake_crypt/core/instructions.h: stands before core/instructions.h for what uses vector registers: CR0 is
 * a variable, and CPUID what the test says.
 */
#ifndef CORE_INSTRUCTIONS_H
#define CORE_INSTRUCTIONS_H

#include "core/x86.h"
#include "rv/types.h"

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

extern struct cpuid_result fake_cpuid_1;
extern uint64_t fake_cr0;
void fake_cr0_written(uint64_t value);

static inline struct cpuid_result cpuid_query(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf;
	(void)subleaf;
	return fake_cpuid_1;
}

static inline uint64_t cr0_read(void)
{
	return fake_cr0;
}

static inline void cr0_write(uint64_t value)
{
	fake_cr0_written(value);
	fake_cr0 = value;
}

void fake_paused(void);

static inline void cpu_pause(void)
{
	fake_paused();
}

#endif
