/*
 * tests/unit/fake/core/cpu.h: stands before core/cpu.h: one CPU.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include "rv/types.h"

#define CPUS_MAXIMUM 4

struct vcpu;

struct cpu {
	uint32_t index;
	struct vcpu *vcpu;
	bool holds_secrets;
	struct {
		uint64_t rsp[3];
	} tss;
};

extern struct cpu fake_cpu;
extern uint32_t cpus_count;
struct cpu *cpu_get(uint32_t index);

static inline struct cpu *cpu_current(void)
{
	return &fake_cpu;
}

#endif
